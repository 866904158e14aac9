import { type BasePoll, CONTROL_DELAY_MS, refusalAt } from '@voteapp/contracts/definition';
import { expect, it } from 'vitest';

import { RoundRefused } from '../port.ts';
import { type Bench, vote } from './bench.ts';
import { basePollOf, optionList, T0 } from './fixtures.ts';

export function describeBases(bench: () => Bench): void {
  it('serves the first base as the current definition', async () => {
    const base = await bench().start({ closesAt: T0 + 60_000, suspend: true });
    const { suspend: _, ...poll } = base;
    const { revision } = bench();
    const definition = await bench().current();
    expect(definition).toEqual({ ...poll, revision, version: 1, suspensions: [{ from: 0, until: null }] });
    expect((await bench().snapshot(base.round)).definition).toEqual(definition);
  });

  it('raises the version with each edit, and only then', async () => {
    const base = await bench().start();
    const { version } = await bench().current();
    expect(await bench().put({ ...base, title: 'New', options: optionList(3) })).toEqual({ outcome: 'written' });
    expect(await bench().current()).toMatchObject({ title: 'New', version: version + 1, revision: bench().revision });
    expect(await bench().tally(base.round)).toEqual([0, 0, 0]);
    expect(await bench().put({ ...base, title: 'New', options: optionList(3) })).toEqual({ outcome: 'unchanged' });
    expect(await bench().current()).toMatchObject({ version: version + 1, revision: bench().revision });
  });

  it('ignores a revision that is not higher, whatever it says', async () => {
    const base = await bench().start();
    const { revision } = bench();
    const other = { ...base, title: 'Old', policy: 'Unlimited' as const };
    expect(await bench().store.putBase(revision, other, T0)).toEqual({ outcome: 'unchanged' });
    expect(await bench().store.putBase(revision, basePollOf('late-round'), T0)).toEqual({ outcome: 'unchanged' });
    expect(await bench().current()).toMatchObject({ round: base.round, title: base.title });
  });

  it.each<[string, Partial<BasePoll>, string]>([
    ['another policy', { policy: 'Unlimited' }, 'spec.poll.policy'],
    ['another number of shards', { shards: 2 }, 'spec.poll.shards'],
    ['reordered options', { options: optionList(2).toReversed() }, 'spec.poll.options[0]'],
    ['a removed option', { options: optionList(1) }, 'spec.poll.options[1]'],
  ])('refuses %s of a running round', async (_, changes, path) => {
    const base = await bench().start();
    const before = await bench().current();
    const refused = await bench().put({ ...base, ...changes });
    expect(refused).toMatchObject({
      outcome: 'refused',
      problems: expect.arrayContaining([{ path, message: expect.any(String) as string }]) as unknown,
    });
    expect(await bench().current()).toEqual(before);
    expect(await bench().put({ ...base, title: 'Mended' })).toEqual({ outcome: 'written' });
  });

  it('starts a new round at zero, closes the one before it, and never takes that up again', async () => {
    const old = await bench().start();
    await bench().apply({ round: old.round, votes: [vote(1, 0, 0)] });
    const { version } = await bench().current();
    const next = await bench().start();
    const closed = (await bench().snapshot(old.round)).definition;
    expect(closed).toMatchObject({ closesAt: T0 + CONTROL_DELAY_MS, version: version + 1 });
    expect(await bench().current()).toMatchObject({ round: next.round, version: version + 2, closesAt: null });
    expect([await bench().tally(old.round), await bench().tally(next.round)]).toEqual([
      [1, 0],
      [0, 0],
    ]);
    const message = `must be a new name: the round "${old.round}" has ended`;
    expect(await bench().put(old)).toEqual({ outcome: 'refused', problems: [{ path: 'spec.poll.id', message }] });
    expect((await bench().store.rounds()).slice(-2).map(({ definition }) => definition.round)).toEqual([
      old.round,
      next.round,
    ]);
  });

  it('leaves the close of a round before it alone when that has closed already', async () => {
    const old = await bench().start({ closesAt: T0 - 1 });
    await bench().start();
    expect((await bench().snapshot(old.round)).definition).toMatchObject({ closesAt: T0 - 1 });
  });

  it('lets a round that has a marker close earlier, but not later', async () => {
    const base = await bench().start({ closesAt: T0 });
    expect(await bench().put({ ...base, closesAt: T0 + 5 })).toEqual({ outcome: 'written' });
    await bench().store.addMarker(base.round, T0 + 10);
    for (const closesAt of [null, T0 + 6]) {
      const outcome = await bench().put({ ...base, closesAt });
      expect(outcome).toMatchObject({ outcome: 'refused', problems: [{ path: 'spec.poll.closesAt' }] });
    }
    expect(await bench().put({ ...base, closesAt: T0 + 4, title: 'Closed' })).toEqual({ outcome: 'written' });
  });

  it('lets no edit reopen a final round, but lets its title change', async () => {
    const base = await bench().start({ closesAt: T0 });
    await bench().store.finalize(base.round, T0 + 9);
    expect(await bench().put({ ...base, closesAt: null })).toMatchObject({ outcome: 'refused' });
    expect(await bench().put({ ...base, title: 'The end' })).toEqual({ outcome: 'written' });
  });

  it('sees that an on-air close outlives an edit of closesAt', async () => {
    const base = await bench().start();
    await bench().store.addControl({ action: 'close', by: 'pat', reason: 'done' }, T0);
    await bench().store.addMarker(base.round, T0 + 9_000);
    expect(await bench().put({ ...base, closesAt: T0 + 60_000 })).toEqual({ outcome: 'written' });
    expect(await bench().current()).toMatchObject({ closesAt: T0 + CONTROL_DELAY_MS });
  });
}

export function describeControls(bench: () => Bench): void {
  const act = (action: 'open' | 'close' | 'suspend' | 'resume' | 'title', now: number, title?: string) =>
    bench().store.addControl({ action, by: 'pat', reason: 'on air', title }, now);

  it('holds an action from 3 s after it was written, under a new version', async () => {
    await bench().start({ opensAt: T0 + 60_000 });
    const { version } = await bench().current();
    const opened = await act('open', T0);
    expect(opened).toMatchObject({ version: version + 1, opensAt: T0 + CONTROL_DELAY_MS });
    const refusals = [T0 + CONTROL_DELAY_MS - 1, T0 + CONTROL_DELAY_MS].map((time) => refusalAt(opened, time));
    expect(refusals).toEqual(['poll_not_open', null]);
    expect(await bench().current()).toEqual(opened);
  });

  it('folds suspend, resume, title and close in the order they came', async () => {
    await bench().start();
    await act('suspend', T0);
    await act('resume', T0 + 10_000);
    await act('suspend', T0 + 20_000);
    await act('title', T0 + 21_000, 'After the break');
    await act('resume', T0 + 30_000);
    expect(await act('close', T0 + 40_000)).toMatchObject({
      title: 'After the break',
      closesAt: T0 + 43_000,
      suspensions: [
        { from: T0 + 3_000, until: T0 + 13_000 },
        { from: T0 + 23_000, until: T0 + 33_000 },
      ],
    });
  });

  const closed = { closesAt: T0 };
  it.each<[string, Partial<BasePoll>, Parameters<typeof act>, RegExp]>([
    ['opening an open poll', {}, ['open', T0], /is open already\.$/],
    [
      'opening a poll that opens before the action would hold',
      { opensAt: T0 + 2_000 },
      ['open', T0],
      /is open already/,
    ],
    ['opening a closed poll', closed, ['open', T0], /has closed and cannot be opened again; set a new spec\.poll\.id/],
    ['closing a closed poll', closed, ['close', T0], /is closed already\.$/],
    ['suspending a suspended poll', { suspend: true }, ['suspend', T0], /is suspended already\.$/],
    ['suspending a closed poll', closed, ['suspend', T0], /has closed, so it takes no votes anyway\.$/],
    ['resuming a poll that is not suspended', {}, ['resume', T0], /is not suspended\.$/],
    ['resuming a closed poll', { ...closed, suspend: true }, ['resume', T0], /cannot be resumed/],
    ['a title that is none', {}, ['title', T0], /^A new title is needed\.$/],
    ['an empty title', {}, ['title', T0, ''], /^A new title is needed\.$/],
  ])('refuses %s', async (_, changes, action, sentence) => {
    await bench().start(changes);
    const before = await bench().current();
    const refused = act(...action);
    await expect(refused).rejects.toThrow(RoundRefused);
    await expect(refused).rejects.toThrow(sentence);
    expect(await bench().current()).toEqual(before);
  });

  it('refuses a second close while the first is about to hold, and anything once the round is final', async () => {
    const { round } = await bench().start();
    await act('close', T0);
    await expect(act('close', T0 + 1)).rejects.toThrow(/is closed already/);
    await bench().store.finalize(round, T0 + 9_000);
    await expect(act('title', T0 + 9_001, 'x')).rejects.toThrow(/is final; set a new spec\.poll\.id/);
  });
}

import { minuteOf } from '@voteapp/contracts/message';
import { expect, it } from 'vitest';

import { type Bench, vote } from './bench.ts';
import { optionList, seqAt, T0 } from './fixtures.ts';

export function describeResults(bench: () => Bench): void {
  it('gives minutes in order, only those with votes, all options in each', async () => {
    const base = await bench().start();
    const batch = { round: base.round, votes: [vote(1, 1, 120_000), vote(2, 0, 59_999), vote(1, 1, 121_000)] };
    await bench().apply(batch);
    await bench().put({ ...base, options: optionList(3) });
    const first = minuteOf(seqAt(0));
    expect(await bench().store.minutes(base.round)).toEqual([
      { minute: first, cast: [1, 0, 0] },
      { minute: first + 2, cast: [0, 2, 0] },
    ]);
  });

  it('knows no minutes and no snapshot of a round it has not', async () => {
    expect([await bench().store.minutes('nowhere'), await bench().store.snapshot('nowhere')]).toEqual([[], null]);
  });

  it('adds the waiting votes of the shards up, once each has told', async () => {
    const { round } = await bench().start({ shards: 2 });
    const pending = async () => (await bench().snapshot(round)).pending;
    expect(await pending()).toBeNull();
    await bench().store.writePending(1, 5, T0 + 2);
    expect(await pending()).toBeNull();
    await bench().store.writePending(0, 7, T0 + 3);
    expect(await pending()).toEqual({ votes: 12, writtenAt: T0 + 2 });
    await bench().store.writePending(1, 0, T0 + 4);
    await bench().store.writePending(2, 99, T0 + 1);
    expect(await pending()).toEqual({ votes: 7, writtenAt: T0 + 3 });
  });
}

export function describeComments(bench: () => Bench): void {
  it('lists the comments of one content, oldest first', async () => {
    const comments = [
      { email: 'zoe@example.com', comment: 'Olá 👋\nsecond line' },
      { email: 'ann@example.com', comment: "Robert'); DROP TABLE comments;--" },
    ];
    for (const comment of comments) await bench().store.addComment('7', comment, T0);
    expect(await bench().store.comments('7')).toEqual(comments);
  });

  it('tells content ids by their bytes', async () => {
    const ids = ['caf\u00e9', 'cafe\u0301', 'cafe', 'CAFE', 'cafe ', '😀', '😁'];
    for (const id of ids) await bench().store.addComment(id, { email: 'a@example.com', comment: id }, T0);
    for (const id of ids) expect(await bench().store.comments(id)).toEqual([{ email: 'a@example.com', comment: id }]);
  });
}

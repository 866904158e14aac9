import { createSecretKey } from 'node:crypto';

import { type BasePoll, CONTROL_DELAY_MS, refusalAt } from '@voteapp/contracts/definition';
import { encodeBeat, encodeEntry, encodeMarker, encodeVotes, minuteOf } from '@voteapp/contracts/message';
import { POLICIES, type Policy } from '@voteapp/contracts/poll';
import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { RoundRefused, StoreOwnedByOther, StoreUnavailable, type VoteStore } from '../port.ts';
import {
  basePollOf,
  batchOf,
  optionList,
  producerId,
  seqAt,
  T0,
  tagFor,
  type TestBatch,
  type TestVote,
} from './fixtures.ts';
import type { NewPlace, StorePlace } from './store-place.ts';

const OWNER = 'test/contract';
const NOTHING = { batches: 0, accepted: 0, cast: 0, duplicates: 0, late: 0, rejected: {} };

/** A store, reopened at will, with a new round for whoever asks. */
class Bench {
  readonly place: StorePlace;
  store: VoteStore;
  revision = 0;
  #rounds = 0;

  constructor(place: StorePlace, store: VoteStore) {
    this.place = place;
    this.store = store;
  }

  static async on(place: StorePlace): Promise<Bench> {
    const store = await place.connect();
    await store.open(OWNER);
    return new Bench(place, store);
  }

  async put(base: BasePoll, now = T0) {
    this.revision += 1;
    return await this.store.putBase(this.revision, base, now);
  }

  /** Starts a round of its own and returns its base. */
  async start(changes: Partial<BasePoll> = {}): Promise<BasePoll> {
    this.#rounds += 1;
    const base = basePollOf(`round-${this.#rounds}`, changes);
    expect(await this.put(base)).toEqual({ outcome: 'written' });
    return base;
  }

  apply(...batches: TestBatch[]) {
    return this.store.apply(batches[0]?.shard ?? 0, batches.map(batchOf), T0);
  }

  beat(
    round: string,
    beat: { producer?: number; shard?: number; b?: number; last?: number; closed?: boolean },
    now = T0,
  ) {
    const { producer = 1, shard = 0, b = 1, last = 0, closed = false } = beat;
    const message = { round, shard, def: 1, producer: producerId(producer) };
    return this.store.apply(
      shard,
      [encodeBeat({ ...message, beat: { b, last, clock: T0, closed, refused: {} } })],
      now,
    );
  }

  async snapshot(round: string) {
    const snapshot = await this.store.snapshot(round);
    if (snapshot === null) throw new Error(`No round ${round}`);
    return snapshot;
  }

  async tally(round: string): Promise<number[]> {
    return (await this.snapshot(round)).counts.map(({ votes }) => votes);
  }

  async current() {
    const definition = await this.store.currentDefinition();
    if (definition === null) throw new Error('No definition');
    return definition;
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await this.place.connect();
    await this.store.open(OWNER);
  }

  async end(): Promise<void> {
    await this.store.close();
    await this.place.remove();
  }
}

function vote(voter: number, option: number, ms: number, id?: number): TestVote {
  return { voter, option, seq: seqAt(ms), id };
}

/** What every driver must do, above what {@link describeModel} checks. */
export function describeStore(name: string, newPlace: NewPlace): void {
  describe(`${name} store`, () => {
    describeOpening(newPlace);
    describeWithBench('bases', newPlace, describeBases);
    describeWithBench('on-air actions', newPlace, describeControls);
    describeWithBench('votes', newPlace, describeVotes);
    describeWithBench('what is set aside', newPlace, describeRejections);
    describeWithBench('closing', newPlace, describeClosing);
    describeWithBench('upkeep', newPlace, describeUpkeep);
    describeWithBench('results', newPlace, describeResults);
    describeWithBench('comments', newPlace, describeComments);
  });
}

function describeWithBench(title: string, newPlace: NewPlace, body: (bench: () => Bench) => void): void {
  describe(title, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await Bench.on(await newPlace());
    });
    afterAll(() => bench.end());
    body(() => bench);
  });
}

function describeOpening(newPlace: NewPlace): void {
  const ownBench = async () => {
    const bench = await Bench.on(await newPlace());
    onTestFinished(() => bench.end());
    return bench;
  };

  describe('opening', () => {
    it('finds nothing in a new store', async () => {
      const bench = await ownBench();
      const { store } = bench;
      expect(await store.currentDefinition()).toBeNull();
      expect(await store.snapshot('round')).toBeNull();
      expect([await store.rounds(), await store.unfinishedRounds()]).toEqual([[], []]);
      expect([await store.minutes('round'), await store.comments('1')]).toEqual([[], []]);
      const refused = store.addControl({ action: 'close', by: 'pat', reason: '' }, T0);
      await expect(refused).rejects.toThrow(
        new RoundRefused('There is no poll yet: the worker writes it when it starts.'),
      );
      await expect(store.closingState('round')).rejects.toThrow(RoundRefused);
      await store.ping();
    });

    it('refuses another app and changes nothing for its own', async () => {
      const bench = await ownBench();
      await bench.start();
      const before = await bench.store.rounds();
      const other = await bench.place.connect();
      await expect(other.open('test/other')).rejects.toThrow(StoreOwnedByOther);
      await expect(other.open('TEST/CONTRACT')).rejects.toThrow(StoreOwnedByOther);
      await expect(other.rounds()).rejects.toThrow(StoreUnavailable);
      await other.close();
      await bench.reopen();
      await bench.store.open(OWNER);
      expect(await bench.store.rounds()).toEqual(before);
    });

    it('answers nothing before it is opened or after it is closed', async () => {
      const place = await newPlace();
      onTestFinished(() => place.remove());
      const store = await place.connect();
      await expect(store.currentDefinition()).rejects.toThrow(StoreUnavailable);
      await store.close();
      await store.close();
      await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    });

    it.each(POLICIES)('keeps all it was told under %s', async (policy) => {
      const bench = await ownBench();
      const { round } = await bench.start({ policy, options: optionList(3) });
      const votes = { round, votes: [vote(1, 0, 0, 1), vote(1, 1, 1), vote(2, 2, 60_000), null] };
      const conflict = { ...votes, nonce: 'other' };
      await bench.apply(votes, conflict);
      await bench.beat(round, { last: 1 });
      await bench.store.addControl({ action: 'suspend', by: 'pat', reason: 'rain' }, T0);
      await bench.store.addMarker(round, T0);
      await bench.store.writePending(0, 7, T0);
      await bench.store.addComment('1', { email: 'a@example.com', comment: 'good' }, T0);
      const read = async () => {
        const { store } = bench;
        const numbers = [await store.snapshot(round), await store.minutes(round), await store.closingState(round)];
        return [...numbers, await store.rounds(), await store.comments('1')];
      };
      const before = await read();
      await bench.reopen();
      expect(await read()).toEqual(before);
      expect(await bench.apply(conflict, votes)).toEqual(NOTHING);
      expect(await bench.apply({ round, n: 2, votes: [vote(1, 0, 9, 1)] })).toMatchObject({ duplicates: 1 });
      expect((await bench.snapshot(round)).counts).toEqual((before[0] as { counts: unknown }).counts);
    });
  });
}

function describeBases(bench: () => Bench): void {
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

function describeControls(bench: () => Bench): void {
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

function describeVotes(bench: () => Bench): void {
  const early = { producer: 1, votes: [vote(1, 0, 0), vote(2, 1, 0)] };
  const late = { producer: 2, votes: [vote(1, 1, 10), vote(3, 1, 10)] };

  it.each([
    ['LastVoteWins', [0, 3], [1, 3]],
    ['FirstVoteWins', [1, 2], [1, 3]],
    ['Unlimited', [1, 3], [1, 3]],
  ] as const)('counts under %s whatever the order, and each batch once', async (policy, votes, cast) => {
    for (const order of [
      [early, late],
      [late, early],
    ]) {
      const { round } = await bench().start({ policy });
      const batches = order.map((batch) => ({ ...batch, round }));
      const applied = { batches: 1, accepted: 2, cast: 2, duplicates: 0, late: 0, rejected: {} };
      for (const batch of batches) expect(await bench().apply(batch)).toEqual(applied);
      expect(await bench().apply(...batches, ...batches)).toEqual(NOTHING);
      const snapshot = await bench().snapshot(round);
      expect(snapshot).toMatchObject({ accepted: 4, duplicates: 0, rejected: 0, late: 0 });
      expect(snapshot.counts).toEqual(votes.map((count, option) => ({ votes: count, cast: cast[option] })));
      const rows = policy === 'Unlimited' ? [] : votes.map((count, choice) => ({ choice, votes: count }));
      expect(await bench().place.recount(round)).toEqual(rows.filter((row) => row.votes > 0));
    }
  });

  it.each([
    ['seq', [1, 3, 2].map((rank) => ({ n: rank, seq: seqAt(0, rank) }))],
    ['producer', [1, 3, 2].map((rank) => ({ producer: rank, seq: seqAt(0) }))],
    ['batch number', [1, 3, 2].map((rank) => ({ n: rank, seq: seqAt(0) }))],
  ])('remembers the %s of the vote that counts from call to call', async (_, [lowest, highest, between]) => {
    const winners = { LastVoteWins: [lowest, highest, between], FirstVoteWins: [highest, lowest, between] } as const;
    for (const policy of ['LastVoteWins', 'FirstVoteWins'] as const) {
      const { round } = await bench().start({ policy, options: optionList(3) });
      for (const [option, rank] of winners[policy].entries()) {
        const { seq, ...name } = rank!;
        await bench().apply({ round, ...name, votes: [{ voter: 1, option, seq }] });
      }
      expect(await bench().tally(round)).toEqual([0, 1, 0]);
    }
  });

  it('applies a message that comes twice in one call once', async () => {
    const { round } = await bench().start({ policy: 'Unlimited' });
    const batch = { round, votes: [vote(1, 0, 0)] };
    expect(await bench().apply(batch, batch)).toMatchObject({ batches: 1, accepted: 1 });
    expect(await bench().tally(round)).toEqual([1, 0]);
  });

  it('tells voters, ids, producers and rounds by their bytes', async () => {
    const { round } = await bench().start();
    const text = batchOf({ round, votes: [vote(1, 0, 0, 1)] }).toString();
    const [tag, upper, lower] = [tagFor(1), `B${tagFor(1).slice(1)}`, `b${tagFor(1).slice(1)}`];
    const bodies = [upper, lower].map((other, index) =>
      Buffer.from(
        text
          .replace(tag, other)
          .replace(/"[^"]{22}"\]\]/, `"${other}"]]`)
          .replace('"n":1', `"n":${index + 1}`),
      ),
    );
    expect(await bench().store.apply(0, bodies, T0)).toMatchObject({ batches: 2, cast: 2, rejected: {} });
    for (const other of [round.toUpperCase(), `${round} `]) {
      const body = { round: other, votes: [vote(9, 0, 0)], nonce: other };
      expect(await bench().apply(body)).toMatchObject({ cast: 0, rejected: { unknown_round: 1 } });
    }
    expect(await bench().tally(round)).toEqual([2, 0]);
  });

  it('takes names that a person may call the same for as many voters and ids', async () => {
    const { round } = await bench().start();
    const key = roundTagKey(createSecretKey(Buffer.alloc(32, 1)), round);
    const entries = ['A', 'a', 'á', 'a\u0301', 'a '].map((name) => {
      const [voter, id] = [tagOf(key, 'named', name), tagOf(key, 'id', name)];
      return encodeEntry(voter.toString('base64url'), 0, seqAt(0), id.toString('base64url'));
    });
    const [first, second] = [1, 2].map((n) => {
      return encodeVotes({ round, shard: 0, def: 1, producer: producerId(1), n, nonce: '' }, entries);
    });
    expect(await bench().store.apply(0, [first!], T0)).toMatchObject({ cast: 5, duplicates: 0 });
    expect(await bench().store.apply(0, [second!], T0)).toMatchObject({ cast: 0, duplicates: 5 });
    expect(await bench().tally(round)).toEqual([5, 0]);
  });

  it.each(POLICIES)('applies an id once under %s', async (policy) => {
    const { round } = await bench().start({ policy });
    await bench().apply({ round, n: 1, votes: [vote(1, 0, 0, 1)] });
    await bench().apply({ round, n: 2, votes: [vote(1, 1, 10)] });
    const before = await bench().snapshot(round);
    const again = { round, n: 3, votes: [vote(1, 0, 20, 1), vote(1, 1, 20, 1), vote(2, 0, 20, 1)] };
    expect(await bench().apply(again)).toMatchObject({ cast: 0, duplicates: 1, rejected: { id_conflict: 2 } });
    const after = await bench().snapshot(round);
    expect(after.counts).toEqual(before.counts);
    expect(after).toMatchObject({ accepted: 5, duplicates: 1, rejected: 2 });
    expect(await bench().store.minutes(round)).toEqual([{ minute: minuteOf(seqAt(0)), cast: [1, 1] }]);
  });

  it('applies an id once across shards, and anew in another round', async () => {
    const first = await bench().start({ shards: 2 });
    await bench().apply({ round: first.round, shard: 0, votes: [vote(1, 0, 0, 1)] });
    const elsewhere = { round: first.round, shard: 1, votes: [vote(1, 0, 0, 1)] };
    expect(await bench().apply(elsewhere)).toMatchObject({ cast: 0, rejected: { id_conflict: 1 } });
    const next = await bench().start();
    expect(await bench().apply({ round: next.round, votes: [vote(1, 0, 0, 1)] })).toMatchObject({ cast: 1 });
  });

  it('adds the shards up, and tells equal batch numbers of two shards apart', async () => {
    const { round } = await bench().start({ shards: 2 });
    await bench().apply({ round, shard: 0, votes: [vote(1, 0, 0), vote(2, 0, 0)] });
    await bench().apply({ round, shard: 1, votes: [vote(1, 0, 0), vote(2, 1, 0)] });
    expect(await bench().snapshot(round)).toMatchObject({ accepted: 4, counts: [{ votes: 3 }, { votes: 1 }] });
    expect(await bench().store.minutes(round)).toMatchObject([{ cast: [3, 1] }]);
  });

  it('counts as late what came after an on-air close under an older definition', async () => {
    const { round } = await bench().start();
    const { version: before } = await bench().current();
    const { closesAt, version: closing } = await bench().store.addControl(
      { action: 'close', by: 'pat', reason: '' },
      T0,
    );
    await bench().store.addControl({ action: 'title', by: 'pat', reason: '', title: 'Closed' }, T0 + 1);
    const at = closesAt! - T0;
    const batches = [
      { round, n: 1, def: before, votes: [vote(1, 0, at), vote(2, 0, at - 1)] },
      { round, n: 2, def: closing, votes: [vote(3, 0, at)] },
    ];
    expect(await bench().apply(...batches)).toMatchObject({ cast: 3, late: 1 });
    expect(await bench().snapshot(round)).toMatchObject({ late: 1, counts: [{ votes: 3 }, { votes: 0 }] });
  });

  it('counts as late by the new close when the file moved it', async () => {
    const base = await bench().start({ closesAt: T0 + 60_000 });
    const { version } = await bench().current();
    await bench().put({ ...base, closesAt: T0 });
    expect(await bench().apply({ round: base.round, def: version, votes: [vote(1, 0, 0)] })).toMatchObject({ late: 1 });
  });

  it('applies several rounds in one call', async () => {
    const first = await bench().start();
    const second = await bench().start();
    await bench().apply(
      { round: first.round, votes: [vote(1, 0, 0)] },
      { round: second.round, votes: [vote(1, 1, 0)] },
      { round: first.round, n: 2, votes: [vote(2, 0, 0)] },
    );
    expect([await bench().tally(first.round), await bench().tally(second.round)]).toEqual([
      [2, 0],
      [0, 1],
    ]);
  });

  it('leaves the caller its bytes', async () => {
    const { round } = await bench().start();
    const around = Buffer.concat([Buffer.from('xx'), batchOf({ round, votes: [vote(1, 0, 0)] })]);
    const body = around.subarray(2);
    await bench().store.apply(0, [body], T0);
    expect(around.toString()).toMatch(/^xx\{"v":1/);
    expect(await bench().store.apply(0, [body], T0)).toEqual(NOTHING);
  });

  it('applies nothing for an empty call', async () => {
    expect(await bench().store.apply(0, [], T0)).toEqual(NOTHING);
  });
}

function describeRejections(bench: () => Bench): void {
  it('counts the good entries of a batch beside the bad', async () => {
    const { round } = await bench().start();
    const batch = { round, votes: [vote(1, 0, 0), null, vote(2, 2, 0)] };
    const rejected = { malformed_entry: 1, unknown_option: 1 };
    expect(await bench().apply(batch)).toMatchObject({ batches: 1, accepted: 3, cast: 1, rejected });
    expect(await bench().snapshot(round)).toMatchObject({
      accepted: 3,
      rejected: 2,
      counts: [{ cast: 1 }, { cast: 0 }],
    });
  });

  it('takes an option from the moment it is appended', async () => {
    const base = await bench().start();
    const votes = [vote(1, 2, 0)];
    expect(await bench().apply({ round: base.round, n: 1, votes })).toMatchObject({ rejected: { unknown_option: 1 } });
    await bench().put({ ...base, options: optionList(3) });
    expect(await bench().apply({ round: base.round, n: 2, votes })).toMatchObject({ cast: 1 });
    expect(await bench().tally(base.round)).toEqual([0, 0, 1]);
  });

  it('sets other bytes under a committed name aside once, with all their entries', async () => {
    const { round } = await bench().start();
    const [first, second] = ['a', 'b'].map((nonce) => ({ round, nonce, votes: [vote(1, 0, 0), vote(2, 1, 0)] }));
    const applied = await bench().apply(first!, second!, second!);
    expect(applied).toEqual({
      batches: 1,
      accepted: 4,
      cast: 2,
      duplicates: 0,
      late: 0,
      rejected: { batch_conflict: 2 },
    });
    expect(await bench().apply(second!, first!)).toEqual(NOTHING);
    expect(await bench().snapshot(round)).toMatchObject({ accepted: 4, rejected: 2 });
  });

  it('goes on after poison, and sets it aside once', async () => {
    const { round } = await bench().start();
    const poison = Buffer.from(`not a message of ${round}`);
    const bodies = [poison, batchOf({ round, votes: [vote(1, 0, 0)] }), poison];
    expect(await bench().store.apply(0, bodies, T0)).toMatchObject({ cast: 1, rejected: { malformed_message: 1 } });
    expect(await bench().store.apply(0, bodies, T0)).toEqual(NOTHING);
  });

  it('sets votes aside that came by the wrong queue', async () => {
    const { round } = await bench().start({ shards: 2 });
    const body = batchOf({ round, shard: 1, votes: [vote(1, 0, 0)] });
    expect(await bench().store.apply(0, [body], T0)).toMatchObject({ rejected: { wrong_shard: 1 } });
    expect(await bench().store.apply(1, [body], T0)).toEqual(NOTHING);
    expect(await bench().snapshot(round)).toMatchObject({ accepted: 1, rejected: 1 });
  });

  it('sets votes aside that come after the final, and none that came before it', async () => {
    const { round } = await bench().start({ closesAt: T0 });
    const [counted, after] = [1, 2].map((n) => ({ round, n, votes: [vote(n, 0, -1)] }));
    await bench().apply(counted!);
    await bench().store.finalize(round, T0 + 9);
    expect(await bench().apply(counted!, after!, after!)).toMatchObject({ accepted: 1, rejected: { after_final: 1 } });
    expect(await bench().apply(after!)).toEqual(NOTHING);
    expect(await bench().snapshot(round)).toMatchObject({
      accepted: 2,
      rejected: 1,
      counts: [{ votes: 1 }, { votes: 0 }],
    });
  });

  it('sets a message aside whole on request, unless it is applied, and never applies it later', async () => {
    const { round } = await bench().start();
    const [applied, refused] = [1, 2].map((n) => batchOf({ round, n, votes: [vote(n, 0, 0), vote(n + 2, 0, 0)] }));
    await bench().store.apply(0, [applied!], T0);
    for (const body of [applied!, refused!, refused!]) {
      await bench().store.reject(0, body, 'store_error', 'a value does not fit', T0);
    }
    expect(await bench().store.apply(0, [refused!], T0)).toEqual(NOTHING);
    expect(await bench().snapshot(round)).toMatchObject({ accepted: 4, rejected: 2, counts: [{ votes: 2 }, {}] });
    await bench().store.reject(0, Buffer.from('no message at all'), 'store_error', 'unreadable', T0);
  });
}

function describeClosing(bench: () => Bench): void {
  it('keeps the latest beat of each producer and shard', async () => {
    const { round } = await bench().start({ shards: 2 });
    await bench().beat(round, { producer: 1, shard: 0, b: 2, last: 3 }, T0 + 1);
    await bench().beat(round, { producer: 1, shard: 1, b: 3, last: 1 }, T0 + 2);
    await bench().beat(round, { producer: 1, shard: 0, b: 1, last: 0 }, T0 + 3);
    await bench().beat(round, { producer: 2, shard: 0, b: 1, closed: true }, T0 + 4);
    await bench().apply(
      { round, shard: 0, producer: 1, n: 3, votes: [] },
      { round, shard: 0, producer: 1, n: 1, votes: [] },
    );
    expect(await bench().store.closingState(round)).toEqual({
      shards: 2,
      final: false,
      markers: [],
      producers: [
        {
          producer: producerId(1),
          lastBeatAt: T0 + 2,
          retiredAt: null,
          shards: [
            { shard: 0, last: 3, closed: false, committed: 2 },
            { shard: 1, last: 1, closed: false, committed: 0 },
          ],
        },
        {
          producer: producerId(2),
          lastBeatAt: T0 + 4,
          retiredAt: null,
          shards: [{ shard: 0, last: 0, closed: true, committed: 0 }],
        },
      ],
    });
  });

  it('takes a batch that was set aside whole for settled, once', async () => {
    const { round } = await bench().start();
    await bench().beat(round, { last: 3, closed: true });
    await bench().apply({ round, n: 1, votes: [] }, { round, n: 1, nonce: 'conflict', votes: [] });
    const failing = [
      { n: 2, nonce: 'a' },
      { n: 2, nonce: 'b' },
      { n: 3, nonce: 'a' },
    ];
    for (const name of failing) {
      await bench().store.reject(0, batchOf({ round, ...name, votes: [vote(1, 0, 0)] }), 'store_error', '', T0);
    }
    expect((await bench().store.closingState(round)).producers).toMatchObject([{ shards: [{ committed: 3 }] }]);
  });

  it('has a marker committed once every shard has it', async () => {
    const { round } = await bench().start({ shards: 2 });
    expect([await bench().store.addMarker(round, T0 + 1), await bench().store.addMarker(round, T0 + 2)]).toEqual([
      1, 2,
    ]);
    const pass = (shard: number, marker: number) =>
      bench().store.apply(shard, [encodeMarker({ round, shard, marker })], T0);
    const committed = async () => (await bench().store.closingState(round)).markers.map((marker) => marker.committed);
    await pass(0, 1);
    await pass(0, 1);
    await pass(0, 2);
    expect(await committed()).toEqual([false, false]);
    await pass(1, 1);
    expect(await committed()).toEqual([true, false]);
    const { markers } = await bench().store.closingState(round);
    expect(markers.map(({ marker, at }) => [marker, at])).toEqual([
      [1, T0 + 1],
      [2, T0 + 2],
    ]);
  });

  it('retires the producers it has seen, also on shards they are heard on later', async () => {
    const { round } = await bench().start({ shards: 2 });
    await bench().beat(round, { producer: 1, shard: 0 });
    await bench().store.retireProducers(T0 + 5);
    await bench().store.retireProducers(T0 + 6);
    await bench().beat(round, { producer: 1, shard: 0, b: 2 });
    await bench().beat(round, { producer: 1, shard: 1, b: 2 });
    await bench().beat(round, { producer: 2, shard: 0 });
    const { producers } = await bench().store.closingState(round);
    expect(producers.map(({ retiredAt }) => retiredAt)).toEqual([T0 + 5, null]);
  });

  it('makes a round final once, for good, and takes no sign of it afterwards', async () => {
    const { round } = await bench().start({ closesAt: T0 });
    await bench().beat(round, { producer: 1 });
    const unfinished = async () => (await bench().store.unfinishedRounds()).map((definition) => definition.round);
    expect(await unfinished()).toContain(round);
    await bench().store.finalize(round, T0 + 9);
    await bench().store.finalize(round, T0 + 10);
    expect((await bench().snapshot(round)).final).toEqual({ version: 1, at: T0 + 9 });
    expect(await unfinished()).not.toContain(round);
    expect((await bench().store.rounds()).at(-1)).toMatchObject({ final: true, definition: { round } });
    await bench().beat(round, { producer: 2 });
    await bench().store.retireProducers(T0 + 11);
    const state = await bench().store.closingState(round);
    expect(state).toMatchObject({ final: true, producers: [{ producer: producerId(1), retiredAt: null }] });
  });

  it('refuses to close what it does not know', async () => {
    await expect(bench().store.addMarker('nowhere', T0)).rejects.toThrow(RoundRefused);
    await expect(bench().store.finalize('nowhere', T0)).rejects.toThrow(RoundRefused);
  });
}

function describeUpkeep(bench: () => Bench): void {
  /** A final round with replaced votes, ids, and entries that were set aside. */
  async function finalRound(policy: Policy): Promise<string> {
    const { round } = await bench().start({ policy, shards: 2, closesAt: T0 });
    await bench().apply({
      round,
      n: 1,
      votes: [vote(1, 0, -9, 1), vote(2, 0, -9), null, vote(3, 7, -9), vote(4, 1, -9)],
    });
    await bench().apply({ round, n: 2, votes: [vote(1, 0, -8, 1), vote(1, 1, -7), vote(5, 0, -7, 1)] });
    await bench().apply({ round, shard: 1, n: 1, votes: [vote(1, 1, -9, 2), vote(2, 1, -9)] });
    await bench().apply({ round, n: 2, nonce: 'other', votes: [vote(9, 1, -9)] });
    await bench().store.finalize(round, T0 + 9);
    return round;
  }
  const leftOf = async (round: string) => {
    const counted = [
      `SELECT count(*) FROM votes WHERE round = '${round}'`,
      `SELECT count(*) FROM vote_ids WHERE round = '${round}'`,
      `SELECT count(*) FROM batches WHERE round = '${round}' AND length(body) > 0`,
      `SELECT count(*) FROM rejected WHERE round = '${round}' AND body IS NOT NULL`,
    ];
    const left = [];
    for (const query of counted) left.push(await bench().place.number(query));
    return left;
  };

  it.each(POLICIES)(
    'proves the counters under %s by what they came from, and names those that are wrong',
    async (policy) => {
      const round = await finalRound(policy);
      expect(await bench().store.recount(round)).toEqual([]);
      const [, rows] = await bench().tally(round);
      await bench().place.run(
        `UPDATE counts SET votes = votes + 2 WHERE round = '${round}' AND choice = 1 AND shard = 0`,
      );
      expect(await bench().store.recount(round)).toEqual([{ choice: 1, counter: rows! + 2, rows }]);
    },
  );

  it('counts the votes of more batches than it reads at once anew', async () => {
    const { round } = await bench().start({ policy: 'Unlimited' });
    const batches = Array.from({ length: 120 }, (_, n) => ({ round, n: n + 1, votes: [vote(n, n % 2, 0)] }));
    await bench().apply(...batches);
    expect(await bench().store.recount(round)).toEqual([]);
  });

  it('counts nothing anew of a round it has not', async () => {
    expect(await bench().store.recount('nowhere')).toBeNull();
  });

  it.each(POLICIES)('purges a final round under %s of its voters, and keeps its numbers', async (policy) => {
    const round = await finalRound(policy);
    const read = async () => [
      await bench().snapshot(round),
      await bench().store.minutes(round),
      await bench().store.closingState(round),
    ];
    const [before, stored] = [await read(), await leftOf(round)];
    expect(await bench().store.purge(round, T0 + 9)).toBe(false);
    expect(await leftOf(round)).toEqual(stored);
    expect(await bench().store.purge(round, T0 + 10)).toBe(false);
    expect(await leftOf(round)).toEqual([0, 0, 0, 0]);
    expect(await read()).toEqual(before);
    expect(await bench().store.recount(round)).toBeNull();
    expect(await bench().apply({ round, n: 2, votes: [vote(1, 0, -8, 1), vote(1, 1, -7), vote(5, 0, -7, 1)] })).toEqual(
      NOTHING,
    );
  });

  it('purges no round that is not final, and no other one', async () => {
    const other = await finalRound('LastVoteWins');
    const stored = await leftOf(other);
    const { round } = await bench().start();
    await bench().apply({ round, votes: [vote(1, 0, 0, 1)] });
    expect(await bench().store.purge(round, T0 * 2)).toBe(false);
    expect(await bench().store.recount(round)).toEqual([]);
    expect([await leftOf(round), await leftOf(other)]).toEqual([[1, 1, 1, 0], stored]);
  });

  it('purges many voters piece by piece', async () => {
    const { round } = await bench().start({ closesAt: T0 });
    const voters = 5_500;
    await bench().apply({ round, votes: Array.from({ length: voters }, (_, voter) => vote(voter, 0, -1)) });
    await bench().store.finalize(round, T0 + 9);
    expect(await bench().store.purge(round, T0 + 10)).toBe(true);
    expect(await bench().store.recount(round)).toBeNull();
    expect(await bench().store.purge(round, T0 + 10)).toBe(false);
    expect(await leftOf(round)).toEqual([0, 0, 0, 0]);
    expect(await bench().tally(round)).toEqual([voters, 0]);
  });
}

function describeResults(bench: () => Bench): void {
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

function describeComments(bench: () => Bench): void {
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

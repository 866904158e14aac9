import { createSecretKey } from 'node:crypto';

import { encodeEntry, encodeVotes, minuteOf } from '@voteapp/contracts/message';
import { POLICIES } from '@voteapp/contracts/poll';
import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';
import { expect, it } from 'vitest';

import { type Bench, NOTHING, vote } from './bench.ts';
import { batchOf, optionList, producerId, seqAt, T0, tagFor } from './fixtures.ts';

export function describeVotes(bench: () => Bench): void {
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
      return encodeEntry(voter, 0, seqAt(0), id);
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

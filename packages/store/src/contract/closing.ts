import { encodeMarker } from '@voteapp/contracts/message';
import { expect, it } from 'vitest';

import { RoundRefused } from '../port.ts';
import { type Bench, vote } from './bench.ts';
import { batchOf, producerId, T0 } from './fixtures.ts';

export function describeClosing(bench: () => Bench): void {
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

  it('keeps how it is known that a round is final, which a second call does not change', async () => {
    const { round } = await bench().start({ closesAt: T0 });
    await bench().store.finalize(round, T0 + 9, 'assumed');
    await bench().store.finalize(round, T0 + 10);
    expect((await bench().snapshot(round)).final).toEqual({ version: 1, at: T0 + 9, reason: 'assumed' });
  });

  it('refuses to close what it does not know', async () => {
    await expect(bench().store.addMarker('nowhere', T0)).rejects.toThrow(RoundRefused);
    await expect(bench().store.finalize('nowhere', T0)).rejects.toThrow(RoundRefused);
  });
}

import { expect, it } from 'vitest';

import { type Bench, NOTHING, vote } from './bench.ts';
import { batchOf, optionList, T0 } from './fixtures.ts';

export function describeRejections(bench: () => Bench): void {
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

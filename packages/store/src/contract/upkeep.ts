import { POLICIES, type Policy } from '@voteapp/contracts/poll';
import { expect, it } from 'vitest';

import { type Bench, NOTHING, vote } from './bench.ts';
import { T0 } from './fixtures.ts';

export function describeUpkeep(bench: () => Bench): void {
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

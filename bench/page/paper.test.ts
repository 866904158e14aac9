import { expect, it } from 'vitest';

import { bottlenecks, onPaper, type Slopes } from './paper.ts';

const SLOPES: Slopes = {
  cpuByPart: { vote: 30, worker: 6, front: 0.6, rabbitmq: 3, mysql: 12 },
  shardVotesPerSecond: 50_000,
  bytesPerVoter: 100,
  bytesPerVote: 50,
};

it('a larger poll needs what its votes cost, and room', () => {
  const paper = onPaper(SLOPES, 100_000);
  // 100,000 × 30 µs are 3 cores, used to 60 %.
  expect(paper.voteReplicas).toBe(5);
  expect(paper.shards).toBe(4);
  expect(paper.workerCores).toBeCloseTo(1);
  // Three members, 0.3 cores each.
  expect(paper.brokerCores).toBeCloseTo(1.5);
  expect(paper.databaseCores).toBeCloseTo(2);
  expect(paper.brokerMiBPerSecond).toBeCloseTo((100_000 * 50 * 3) / 2 ** 20);
  expect(paper.databaseMiBPerSecond).toBeCloseTo((100_000 * 150) / 2 ** 20);
  expect(paper.cores).toBeCloseTo(9.6);
});

it('a million votes cost the same however fast they come', () => {
  expect(onPaper(SLOPES, 1_000_000).costPerMillion).toBeCloseTo(onPaper(SLOPES, 25_000).costPerMillion);
});

it('a small poll has a second replica all the same', () => expect(onPaper(SLOPES, 100).voteReplicas).toBe(2));

it('what breaks first is what bears the fewest votes', () => {
  const found = bottlenecks(SLOPES);
  expect(found.map(({ votesPerSecond }) => votesPerSecond)).toEqual([1_600_000, 1_920_000, 3_200_000]);
  expect(found[0]?.what).toContain('database');
  expect(bottlenecks({ ...SLOPES, shardVotesPerSecond: 1_000 })[0]?.what).toContain('shards');
});

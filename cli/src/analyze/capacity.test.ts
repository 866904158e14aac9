import { pollSchema } from '@voteapp/contracts/poll';
import { expect, it } from 'vitest';

import { needsOf } from './capacity.ts';

const GIB = 1024 ** 3;
const poll = (fields: object = {}) => pollSchema.parse({ options: [{ id: 'a' }, { id: 'b' }], ...fields });
const WINDOW = { opensAt: '2026-12-20T22:30:00Z', closesAt: '2026-12-20T22:50:00Z' };

it('plans for a peak with the margins that its comments name', () => {
  const needs = needsOf(25_000, poll(WINDOW));
  expect(needs).toMatchObject({ votePods: 6, shards: 1, workers: 2, votes: 30_000_000 });
  // 15 minutes × 25,000 × some 72 bytes, with what the broker keeps free and writes ahead.
  expect(needs.brokerVolume / GIB).toBeCloseTo(3, 0);
  expect(needs.catchUpS / 60).toBeCloseTo(7, 0);
});

it('needs a pod more than what does the work, and nothing less for a single vote', () => {
  expect(needsOf(1, poll())).toMatchObject({ votePods: 2, shards: 1, workers: 2 });
});

it.each([
  ['no rows of voters', { policy: 'Unlimited' }, { policy: 'LastVoteWins' }],
  ['a shorter window', WINDOW, {}],
])('needs less of a database for %s', (_, less, more) => {
  expect(needsOf(25_000, poll(less)).databaseVolume).toBeLessThan(needsOf(25_000, poll(more)).databaseVolume);
});

it('never needs less for more votes, and always catches up', () => {
  const rates = [1, 100, 10_000, 39_000, 39_001, 78_000, 500_000, 10_000_000];
  const needs = rates.map((rate) => needsOf(rate, poll()));
  for (const [index, more] of needs.entries()) {
    const less = needs[Math.max(0, index - 1)]!;
    expect(more.shards).toBeGreaterThanOrEqual(less.shards);
    expect(more.votePods).toBeGreaterThanOrEqual(less.votePods);
    expect(more.brokerVolume).toBeGreaterThanOrEqual(less.brokerVolume);
    expect(more.catchUpS).toBeGreaterThan(0);
    expect(more.catchUpS).toBeLessThanOrEqual(15 * 60);
  }
});

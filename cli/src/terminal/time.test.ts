import { expect, it } from 'vitest';

import { shownDistance, shownDuration } from './time.ts';

it.each([
  [0, '0 s'],
  [40_400, '40 s'],
  [89_499, '89 s'],
  [90_000, '2 min'],
  [59.4 * 60_000, '59 min'],
  [59.6 * 60_000, '1 h'],
  [150 * 60_000, '2 h 30 min'],
  [10 * 3_600_000, '10 h'],
  [47 * 3_600_000, '47 h'],
  [49 * 3_600_000, '2 days'],
])('%i ms are %s', (ms, expected) => {
  expect(shownDuration(ms)).toBe(expected);
});

it.each([
  [10_000, 'in 10 s'],
  [-10_000, '10 s ago'],
  [500, 'now'],
])('a moment %i ms away is %s', (ms, expected) => {
  expect(shownDistance(1_000_000 + ms, 1_000_000)).toBe(expected);
});

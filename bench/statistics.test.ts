import { describe, expect, it } from 'vitest';

import { estimate, median, percentile } from './statistics.ts';

describe('a percentile', () => {
  it.each([
    ['of one value is that value', [7], 0.99, 7],
    ['of half is the one above the middle', [1, 2, 3, 4], 0.5, 3],
    ['of all is the largest', [1, 2, 3], 1, 3],
    ['of none is no number', [], 0.5, Number.NaN],
  ])('%s', (_, sorted, share, expected) => expect(percentile(sorted, share)).toBe(expected));
});

describe('a median', () => {
  it.each([
    ['of an odd number is in the middle', [9, 1, 5], 5],
    ['of an even number is between two', [4, 1, 3, 2], 2.5],
    ['of none is no number', [], Number.NaN],
  ])('%s', (_, values, expected) => expect(median(values)).toBe(expected));
});

describe('the bounds of a median', () => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1).toReversed();

  // Sums of binomial coefficients over 2^n, by hand.
  it.each([
    ['three values bound with 87.5 %', 3, 1, 3, 1 - 1 / 8],
    ['five are the fewest for 95 %', 5, 1, 5, 1 - 1 / 32],
    ['of seven still the outermost', 7, 1, 7, 1 - 1 / 128],
    ['of eight the second', 8, 2, 7, 1 - 9 / 256],
    ['of sixteen the fifth', 16, 5, 12, 1 - 2517 / 65536],
  ])('%s', (_, count, lower, upper, confidence) => {
    const bounds = estimate(upTo(count));
    expect(bounds).toMatchObject({ lower, upper });
    expect(bounds.confidence).toBeCloseTo(confidence, 10);
  });
});

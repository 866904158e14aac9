import { expect, it } from 'vitest';

import { coresOf, shownBytes, shownTime } from './amounts.ts';

it.each([
  [0, '0 B'],
  [1_536, '1.5 KiB'],
  [10 * 1024 ** 3, '10 GiB'],
  [5 * 1024 ** 5, '5120 TiB'],
])('shows %d bytes', (bytes, expected) => expect(shownBytes(bytes)).toBe(expected));

it.each([
  [1, '1 s'],
  [900, '15 min'],
  [5_400, '90 min'],
  [9_000, '2.5 h'],
])('shows %d seconds', (seconds, expected) => expect(shownTime(seconds)).toBe(expected));

it.each([
  ['250m', 0.25],
  ['1.5', 1.5],
  ['2', 2],
  ['1k', 1_000],
])('takes %s for cores', (quantity, cores) => expect(coresOf(quantity)).toBe(cores));

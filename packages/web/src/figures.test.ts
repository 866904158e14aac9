import { describe, expect, test } from 'vitest';

import {
  formatCount,
  formatHour,
  formatMoment,
  formatRemaining,
  formatShare,
  formatVotes,
  svgLength,
} from './browser/figures.js';

describe('numbers', () => {
  test.each([
    [formatCount(1_234_567), '1,234,567'],
    [formatVotes(0), '0 votes'],
    [formatVotes(1), '1 vote'],
    [formatVotes(1_234), '1,234 votes'],
    [formatShare(0), '0.0%'],
    [formatShare(2 / 3), '66.7%'],
    [formatShare(1), '100.0%'],
    [svgLength(1 / 3), '33.33%'],
  ])('%s', (actual, expected) => expect(actual).toBe(expected));
});

describe('times', () => {
  const time = '2026-11-21T02:05:09Z';
  test.each([
    [formatMoment(time, 'America/Sao_Paulo'), 'Fri, 20 Nov 2026, 23:05 GMT−3'],
    [formatMoment(time, 'UTC'), 'Sat, 21 Nov 2026, 02:05 UTC'],
    [formatHour('2026-11-21T02:30:00Z', 'Asia/Kolkata'), 'Sat 21 Nov, 08:00'],
  ])('%s', (actual, expected) => expect(actual).toBe(expected));
});

describe('time to go', () => {
  test.each([
    [-5, 'any moment now'],
    [999, 'any moment now'],
    [1_000, 'in 1 s'],
    [59_999, 'in 59 s'],
    [60_000, 'in 1 min 0 s'],
    [3_599_000, 'in 59 min 59 s'],
    [3_600_000, 'in 1 h 0 min'],
    [90_000_000, 'in 1 d 1 h'],
  ])('%i ms', (ms, expected) => expect(formatRemaining(ms)).toBe(expected));
});

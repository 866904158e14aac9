import { describe, expect, it } from 'vitest';

import { median } from '../statistics.ts';
import { growthOf, growthOfMemory } from './soak.ts';

const steps = (value: (step: number) => number): number[] => Array.from({ length: 64 }, (_, step) => value(step));
/** Rises for 15 steps, and is collected. */
const tooth = (step: number): number => step % 15;

describe('what grows over a soak', () => {
  it.each([
    ['nothing that stays', steps(() => 100), 0],
    ['nothing that is warming up', steps((step) => (step < 16 ? 6 * step : 100)), 0],
    ['nothing that is collected now and then', steps((step) => 100 + tooth(step)), 0],
    // From the 16th step to the 64th, in two halves of 24.
    ['what is more at each step', steps((step) => 100 + step), 48 / 139],
    ['what is more after each collection', steps((step) => 100 + tooth(step) + Math.floor(step / 15)), 4 / 115],
    ['less than nothing that shrinks', steps((step) => 200 - step), -48 / 184],
  ])('in memory: %s', (_, values, expected) => expect(growthOfMemory(values)).toBeCloseTo(expected, 10));

  it.each([
    ['nothing for one step that sticks out', steps((step) => (step === 50 ? 900 : 100)), 0],
    ['what is more at each step', steps((step) => 100 + step), 48 / 127.5],
  ])('in lag: %s', (_, values, expected) => expect(growthOf(values, median)).toBeCloseTo(expected, 10));
});

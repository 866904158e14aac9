import { describe, expect, it } from 'vitest';

import { growthOf } from './soak.ts';

const steps = (value: (step: number) => number): number[] => Array.from({ length: 20 }, (_, step) => value(step));

describe('what grows over a soak', () => {
  it.each([
    ['nothing that stays', steps(() => 100), 0],
    ['nothing that is warming up', steps((step) => (step < 5 ? 20 * step : 100)), 0],
    ['nothing for one step that sticks out', steps((step) => (step === 18 ? 900 : 100)), 0],
    // From 115 to 129, with 122 in the middle.
    ['what is more at each step', steps((step) => 110 + step), 14 / 122],
    ['less than nothing that shrinks', steps((step) => 110 - step), -14 / 98],
  ])('%s', (_, values, expected) => expect(growthOf(values)).toBeCloseTo(expected, 10));
});

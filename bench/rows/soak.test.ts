import { describe, expect, it } from 'vitest';

import { growthOf } from './soak.ts';

const steps = (value: (step: number) => number): number[] => Array.from({ length: 64 }, (_, step) => value(step));

describe('what grows over a soak', () => {
  it.each([
    ['nothing that stays', steps(() => 100), 0],
    ['nothing that is warming up', steps((step) => (step < 16 ? 6 * step : 100)), 0],
    ['nothing for one step that sticks out', steps((step) => (step === 50 ? 900 : 100)), 0],
    // From the 16th step to the 64th, in two halves of 24.
    ['what is more at each step', steps((step) => 100 + step), 48 / 127.5],
    ['less than nothing that shrinks', steps((step) => 200 - step), -48 / 172.5],
  ])('%s', (_, values, expected) => expect(growthOf(values)).toBeCloseTo(expected, 10));
});

import { minuteOf } from '@voteapp/contracts/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createSequence } from './sequence.ts';

describe('the sequence', () => {
  it('is the clock in ms × 4096', () => {
    expect(createSequence()(1_700_000_000_000)).toBe(1_700_000_000_000 * 4_096);
  });

  it('goes on by one within a millisecond and when the clock is set back', () => {
    const next = createSequence();
    const first = next(5_000);
    expect([next(5_000), next(4_000), next(5_000)]).toEqual([first + 1, first + 2, first + 3]);
  });

  it('puts a vote after the one its voter shows, for this vote alone', () => {
    const next = createSequence();
    const ahead = 9_000 * 4_096;
    expect(next(5_000, ahead)).toBe(ahead + 1);
    expect(next(5_000)).toBe(5_000 * 4_096);
  });

  it('does not heed a shown vote that is behind', () => {
    expect(createSequence()(5_000, 4_000 * 4_096)).toBe(5_000 * 4_096);
  });

  it('never repeats or goes back without a shown vote, and always passes a shown one', () => {
    const step = fc.record({ now: fc.nat(1_000), shown: fc.option(fc.nat(2_000 * 4_096), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const next = createSequence();
        let last = 0;
        for (const { now, shown } of steps) {
          const seq = next(now + 1, shown);
          if (shown !== undefined) expect(seq).toBeGreaterThan(shown);
          if (shown !== undefined && seq === shown + 1) continue;
          expect(seq).toBeGreaterThan(last);
          expect(minuteOf(seq)).toBeGreaterThanOrEqual(0);
          last = seq;
        }
      }),
    );
  });
});

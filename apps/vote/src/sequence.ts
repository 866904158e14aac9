import { SEQ_PER_MS } from '@voteapp/contracts/message';

/**
 * Gives each vote its place among the votes of its voter: the clock in ms × 4096, and always more than the one before.
 * A voter who shows a vote with a place at or above that, given by a replica whose clock is ahead, gets the next one;
 * the clock's own count does not follow it there.
 */
export function createSequence(): (now: number, shown?: number) => number {
  let last = 0;
  return (now, shown) => {
    const next = Math.max(now * SEQ_PER_MS, last + 1);
    if (shown !== undefined && shown >= next) return shown + 1;
    last = next;
    return next;
  };
}

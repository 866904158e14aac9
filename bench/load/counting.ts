import { setTimeout as delay } from 'node:timers/promises';

import { wallClock } from './load.ts';

/** How many votes a store had counted, and when (ms since the epoch) that was known. */
export interface CountSample {
  readonly at: number;
  readonly counted: number;
}

/** How often a store is asked: often enough for a lag of some ms, seldom enough not to be seen in its CPU time. */
const EVERY_MS = 5;
/** A store that counts nothing more for so long has lost what is missing. */
const PATIENCE_MS = 30_000;

export interface Counting {
  /**
   * Resolves with all samples once so many votes are counted, or once the store has had the time to and did not. Rejects
   * where it could not be asked.
   */
  until(counted: number): Promise<readonly CountSample[]>;
}

/** Asks a store how far it is, again and again. */
export function watchCounting(ask: () => Promise<number>): Counting {
  const samples: CountSample[] = [];
  let wanted = Infinity;
  async function watch(): Promise<void> {
    for (let progressAt = wallClock(); ;) {
      const counted = await ask();
      const at = wallClock();
      if (counted !== samples.at(-1)?.counted) {
        samples.push({ at, counted });
        progressAt = at;
      }
      if (counted >= wanted) return;
      if (wanted < Infinity && at - progressAt > PATIENCE_MS) return;
      await delay(EVERY_MS);
    }
  }
  const watched = watch();
  // Whoever waits for the samples is told.
  watched.catch(() => {});
  return {
    async until(counted) {
      wanted = counted;
      await watched;
      return samples;
    },
  };
}

/**
 * From the answer of each vote to the first sample that has it, ms, ascending. Votes are counted in the order they are
 * answered, give or take those in flight together, so the n-th is visible when n are; one that is visible before its
 * answer has no lag. Votes that never are lag for ever.
 */
export function lagsOf(acceptedAt: Float64Array, samples: readonly CountSample[], before: number): Float64Array {
  let sample = 0;
  const lags = acceptedAt.map((at, index) => {
    while ((samples[sample]?.counted ?? Infinity) < before + index + 1) sample += 1;
    return Math.max(0, (samples[sample]?.at ?? Infinity) - at);
  });
  return lags.sort();
}

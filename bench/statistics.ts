/** The value below which `share` (0 to 1) of the values lie, by nearest rank; NaN of none. `sorted` is ascending. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The value in the middle, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? Number.NaN)) / 2;
}

/** A median of repeated measurements, and how far it can be trusted. */
export interface Estimate {
  readonly median: number;
  /** The median of all runs that could be made is above `lower` with `confidence`, and below `upper` with the same. */
  readonly lower: number;
  readonly upper: number;
  readonly confidence: number;
}

const WANTED_CONFIDENCE = 0.95;

/**
 * One-sided bounds by order statistics: each value lies below the true median with probability 1/2, so the k-th
 * smallest of n is above it with the probability that fewer than k of n coins show heads. Nothing is assumed of the
 * distribution. Five values are the fewest whose smallest is a bound of 95 %; with fewer, `confidence` says less.
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  let rank = 0;
  let chance = 0.5 ** length;
  let tail = chance;
  for (;;) {
    chance *= (length - rank) / (rank + 1);
    if (rank + 1 >= length / 2 || tail + chance > 1 - WANTED_CONFIDENCE) break;
    rank += 1;
    tail += chance;
  }
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: median(sorted), lower: at(rank), upper: at(length - 1 - rank), confidence: 1 - tail };
}

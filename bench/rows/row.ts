import type { Comparison, ContestantResult, Shape } from '../compare.ts';

/** How a run is measured; only a whole run is worth publishing. */
export interface RunShape extends Shape {
  /** Votes that are stored before the recount of many. */
  readonly storedVotes: number;
}

export const WHOLE: RunShape = { rounds: 15, durationMs: 2_000, warmUpMs: 4_000, storedVotes: 10_000_000 };
export const QUICK: RunShape = { rounds: 3, durationMs: 1_000, warmUpMs: 2_000, storedVotes: 200_000 };

/** Of what a deployment takes at most, in the hours that matter. */
export const USUAL_SHARE = 0.7;

/** As in prime time: batches are full, and a slow broker leaves nobody idle. */
export const MANY_CONNECTIONS = 2_048;

/** A figure beside the limit it must keep. */
export interface Limit {
  readonly name: string;
  readonly measured: number;
  readonly keeps: 'at most' | 'at least';
  readonly limit: number;
  readonly unit: string;
}

export function keepsLimit({ measured, keeps, limit }: Limit): boolean {
  return keeps === 'at most' ? measured <= limit : measured >= limit;
}

/** What a row found, as it is kept. */
export interface RowResult extends Partial<Omit<Comparison, 'contestants' | 'voids'>> {
  readonly contestants: readonly ContestantResult[];
  readonly limits: readonly Limit[];
  /** Other figures, by what they are. */
  readonly facts: Readonly<Record<string, number>>;
  readonly voids: readonly string[];
  /** What this machine could not measure, and why. */
  readonly skips: readonly string[];
}

export interface Row {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** `quick`: in every run; `whole`: not in quick ones; `named`: only where `--only` names it, for it takes long. */
  readonly runs: 'quick' | 'whole' | 'named';
  /** As many times the rounds of others, for bounds as close as a limit is near; default: 1. */
  readonly timesTheRounds?: number;
  readonly measure: (shape: RunShape) => Promise<RowResult>;
}

export const NOTHING: RowResult = { contestants: [], limits: [], facts: {}, voids: [], skips: [] };

import { cpus } from 'node:os';

import { cpuMicrosOf, cpuMicrosOfOthers, microsSince, stolenMicros } from './cpu-time.ts';
import { type CountSample, lagsOf, watchCounting } from './load/counting.ts';
import { expectedTally, wrongVotes } from './load/ledger.ts';
import { type Load, type LoadResult, PLAIN_LOAD } from './load/load.ts';
import { load } from './load/run.ts';
import { percentile } from './statistics.ts';
import type { Target } from './targets/target.ts';

/** What a measurement decides of its load; the rest follows from the target. */
export type Demand = Pick<Load, 'durationMs'> &
  Partial<Pick<Load, 'connections' | 'connectionPerVote' | 'rate' | 'tickMs'>>;

/** Two percentiles of times, ms. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
}

export interface Measured {
  /** When the first vote was due, ms since the epoch; and how many were accepted. */
  readonly startedAt: number;
  readonly accepted: number;
  /** From the first request to the last vote in the counters. */
  readonly votesPerSecond: number;
  /** CPU-µs per counted vote, by part of the target. */
  readonly cpuByPart: Readonly<Record<string, number>>;
  readonly cpuMicrosPerVote: number;
  readonly latency: Times;
  /** From the answer to the vote's being visible in the counters; null where the answer comes last. */
  readonly lag: Times | null;
  readonly refused: number;
  readonly unanswered: number;
  /** Of the generator, which is in no other figure. */
  readonly generator: { readonly cpuMicrosPerVote: number; readonly latenessP99: number | null };
  /** Share of the machine's CPU time that the hypervisor gave to others. */
  readonly steal: number;
  /** Share of it that processes took which do not belong to the measurement, the kernel's own included. */
  readonly others: number;
}

/** Beyond these a measurement says more about the machine than about what runs on it. */
export const MAX_STEAL = 0.05;
export const MAX_LATENESS_MS = 1;
export const MAX_OTHERS = 0.05;
/** Of the measurements of one target. */
const MAX_SPOILT = 0.1;

export function isSpoilt({ steal, others, generator }: Measured): boolean {
  return steal > MAX_STEAL || others > MAX_OTHERS || (generator.latenessP99 ?? 0) > MAX_LATENESS_MS;
}

/** A target, and all that was sent to it. */
export class Contestant {
  readonly target: Target;
  readonly #refused = new Set<number>();
  #sent = 0;
  #unanswered = 0;
  #measurements = 0;
  #spoilt = 0;

  constructor(target: Target) {
    this.target = target;
  }

  async measure(demand: Demand): Promise<Measured> {
    const { parts, counted } = this.target;
    const before = (await counted?.()) ?? 0;
    const [cpuBefore, othersBefore, stolenBefore] = [cpuMicrosOf(parts), cpuMicrosOfOthers(), stolenMicros()];
    const begunAt = performance.now();
    const counting = counted === null ? null : watchCounting(counted);
    const result = await this.#load(demand);
    const accepted = result.acceptedAt.length;
    // The work that is still to be done when the last answer is out belongs to the votes.
    const samples = (await counting?.until(before + accepted)) ?? null;
    // Not from /proc/stat, whose busy times are sampled by a clock that an even load may be in step with.
    const passedMicros = (performance.now() - begunAt) * 1_000 * cpus().length;
    const [cpu, others, stolen] = [cpuMicrosOf(parts), cpuMicrosOfOthers(), stolenMicros()];

    const endedAt = Math.max(result.endedAt, samples?.at(-1)?.at ?? 0);
    const cpuByPart = Object.fromEntries(
      Object.entries(cpu).map(([part, micros]) => [part, (micros - (cpuBefore[part] ?? 0)) / accepted]),
    );
    const cpuMicrosPerVote = Object.values(cpuByPart).reduce((sum, micros) => sum + micros, 0);
    const measured = {
      startedAt: result.startedAt,
      accepted,
      votesPerSecond: accepted / ((endedAt - result.startedAt) / 1_000),
      cpuByPart,
      cpuMicrosPerVote,
      latency: result.latency,
      lag: samples === null ? null : timesOf(result, samples, before),
      refused: result.refused.length,
      unanswered: result.unknown.length,
      generator: { cpuMicrosPerVote: result.cpuMicros / result.sent, latenessP99: result.latenessP99 },
      steal: (stolen - stolenBefore) / passedMicros,
      others: microsSince(othersBefore, others) / passedMicros,
    };
    this.#measurements += 1;
    if (isSpoilt(measured)) this.#spoilt += 1;
    return measured;
  }

  /** Puts load on without waiting for the count; resolves with how many votes were accepted. */
  async collect(demand: Demand): Promise<number> {
    return (await this.#load(demand)).acceptedAt.length;
  }

  async #load(demand: Demand): Promise<LoadResult> {
    const { port, path, electorate, ballots, authority, name, longestLoadMs } = this.target;
    const durationMs = Math.min(demand.durationMs, longestLoadMs ?? Infinity);
    const aim = { port, path, electorate, ballots, authority, first: this.#sent };
    const result = await load({ ...PLAIN_LOAD, ...aim, ...demand, durationMs });
    this.#note(result);
    if (result.acceptedAt.length === 0) throw new Error(`${name} accepted none of ${result.sent} votes.`);
    return result;
  }

  #note({ sent, refused, unknown }: LoadResult): void {
    this.#sent += sent;
    for (const vote of refused) this.#refused.add(vote);
    this.#unanswered += unknown.length;
  }

  /**
   * How many votes the target has wrong of all that it was ever sent; 0 where it stores nothing. A vote that nobody
   * answered makes the outcome unknown, and counts as wrong: nothing disturbs these runs.
   */
  async wrong(): Promise<number> {
    const { tally, policy, ballots } = this.target;
    const stored =
      tally === null ? 0 : wrongVotes(await tally(), expectedTally(ballots, policy, this.#sent, this.#refused));
    return stored + this.#unanswered;
  }

  /** Why nothing that was measured of it counts, in sentences; empty: it does. */
  async voids(): Promise<string[]> {
    const wrong = await this.wrong();
    const voids = wrong === 0 ? [] : [`${wrong} of the votes that were accepted are wrong.`];
    if (this.#spoilt > this.#measurements * MAX_SPOILT) {
      const share = `${this.#spoilt} of ${this.#measurements} measurements`;
      voids.push(`${share} were not quiet enough: the machine is needed by others.`);
    }
    return voids;
  }
}

function timesOf({ acceptedAt }: LoadResult, samples: readonly CountSample[], before: number): Times {
  const lags = lagsOf(acceptedAt, samples, before);
  return { p50: percentile(lags, 0.5), p99: percentile(lags, 0.99) };
}

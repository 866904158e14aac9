import { cpuLine, cpuMicros, stealSince } from './cpu-time.ts';
import type { LoadResult } from './load/closed-loop.ts';
import { load } from './load/run.ts';
import type { Target } from './targets/target.ts';

export interface Shape {
  readonly pairs: number;
  readonly durationMs: number;
  readonly connections: number;
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Row {
  readonly name: string;
  /** Medians over the pairs. */
  readonly votesPerSecond: number;
  readonly cpuMicrosPerVote: number;
  readonly latency: LoadResult['latency'];
  /** Target ÷ baseline, pair by pair. */
  readonly rate: Spread;
  readonly cpu: Spread;
  /** The worst pair's share of stolen CPU time. */
  readonly steal: number;
  /** Votes answered "accepted" that were not applied, or the reverse. Anything but 0 voids the row. */
  readonly wrong: number;
}

interface Measured {
  readonly rate: number;
  readonly cpu: number;
  readonly latency: LoadResult['latency'];
  readonly wrong: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}

async function measure(target: Target, { durationMs, connections }: Shape): Promise<Measured> {
  const shape = { port: target.port, path: target.path, connections, voters: 50_000, option: 'coca' };
  const before = (await target.applied()) ?? 0;
  const cpuBefore = cpuMicros(target.pid);
  const result = await load({ ...shape, durationMs });
  const applied = await target.applied();
  // The work that is still to be done when the last answer is out belongs to the votes: read after the drain.
  const cpu = (cpuMicros(target.pid) - cpuBefore) / result.accepted;
  const wrong = applied === null ? 0 : result.accepted - (applied - before);
  return { rate: result.accepted / result.seconds, cpu, latency: result.latency, wrong };
}

/** Measures a target beside a baseline in interleaved pairs, so that the machine's moods meet both. */
export async function compare(
  baseline: () => Promise<Target>,
  start: () => Promise<Target>,
  shape: Shape,
): Promise<Row> {
  const bare = await baseline();
  const target = await start();
  try {
    for (const warmed of [bare, target]) await measure(warmed, { ...shape, durationMs: shape.durationMs / 2 });
    const pairs: { bare: Measured; target: Measured }[] = [];
    let steal = 0;
    for (let pair = 0; pair < shape.pairs; pair += 1) {
      const cpuBefore = cpuLine();
      pairs.push({ bare: await measure(bare, shape), target: await measure(target, shape) });
      steal = Math.max(steal, stealSince(cpuBefore));
    }
    const median = (pick: (measured: Measured) => number): number =>
      spread(pairs.map((pair) => pick(pair.target))).median;
    return {
      name: target.name,
      votesPerSecond: median(({ rate }) => rate),
      cpuMicrosPerVote: median(({ cpu }) => cpu),
      latency: { p50: median(({ latency }) => latency.p50), p99: median(({ latency }) => latency.p99) },
      rate: spread(pairs.map((pair) => pair.target.rate / pair.bare.rate)),
      cpu: spread(pairs.map((pair) => pair.target.cpu / pair.bare.cpu)),
      steal,
      wrong: pairs.reduce((sum, pair) => sum + Math.abs(pair.target.wrong), 0),
    };
  } finally {
    await target.stop();
    await bare.stop();
  }
}

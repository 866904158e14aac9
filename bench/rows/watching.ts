import type { Contestant } from '../contestant.ts';
import { cpuMicrosOf } from '../cpu-time.ts';
import { waitsOf } from '../load/stream-reader.ts';
import { startViewers } from '../load/viewers.ts';
import { percentile } from '../statistics.ts';
import type { Deployed } from '../targets/deployed.ts';

export interface Watching {
  readonly viewers: number;
  readonly votesPerSecond: number;
  /** Votes come all together at every such tick, so that the numbers change no more often. */
  readonly tickMs: number;
  readonly durationMs: number;
}

export interface Watched {
  /** From when a vote was due to the event that shows it, over all viewers, ms. */
  readonly waitP99: number;
  /** Of front, in cores. */
  readonly frontCores: number;
  readonly eventsPerViewerAndSecond: number;
}

/** Lets viewers watch the live results while votes come in. */
export async function watchLive(
  deployed: Deployed,
  contestant: Contestant,
  { viewers: count, votesPerSecond, tickMs, durationMs }: Watching,
): Promise<Watched> {
  const viewers = await startViewers(Number(new URL(deployed.frontUrl).port), count);
  try {
    const before = await deployed.counted();
    const front = (): number => cpuMicrosOf({ front: deployed.parts['front'] ?? [] })['front'] ?? 0;
    const cpuBefore = front();
    const { startedAt, accepted } = await contestant.measure({ rate: votesPerSecond, tickMs, durationMs });
    const { shown } = await viewers.until(before + accepted);
    const cores = (front() - cpuBefore) / 1_000 / durationMs;
    const bursts = { startedAt, tickMs, perTick: (votesPerSecond * tickMs) / 1_000 };
    const waits = shown.map((each) => waitsOf(each, bursts, before));
    const events = waits.reduce((sum, each) => sum + each.length, 0);
    return {
      waitP99: percentile(
        waits.flat().sort((a, b) => a - b),
        0.99,
      ),
      frontCores: cores,
      eventsPerViewerAndSecond: events / count / (durationMs / 1_000),
    };
  } finally {
    await viewers.stop();
  }
}

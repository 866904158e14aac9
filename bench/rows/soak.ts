import type { Measured } from '../contestant.ts';
import { rssOf } from '../cpu-time.ts';
import { median } from '../statistics.ts';
import { onDeployment } from './on-deployment.ts';
import { readResults, type ResultsRead } from './reading.ts';
import type { Limit, Row } from './row.ts';

const SHARE = 0.5;
/** Steps of a run, for each of its rounds, and how long each takes beside a round: ten minutes of a whole run. */
const STEPS_PER_ROUND = 4;
const ROUNDS_PER_STEP = 5;
const GROWTH = 0.1;
/** As in a small pod: with the memory of a whole machine, V8 leaves garbage where it is for long. */
const HEAP_MIB = 64;
const WARM_UP = 1 / 4;

interface Step {
  readonly measured: Measured;
  readonly read: ResultsRead;
  readonly rss: Readonly<Record<string, number>>;
}

/**
 * What would be gained from the first to the last step at the pace from one half to the other, as a share of the first
 * half; the first quarter of all is warming up.
 */
export function growthOf(values: readonly number[]): number {
  const steady = values.slice(Math.floor(values.length * WARM_UP));
  const middle = Math.floor(steady.length / 2);
  const first = median(steady.slice(0, middle));
  return (2 * (median(steady.slice(middle)) - first)) / first;
}

/** The same load for a long time. */
export const SOAK: Row = {
  name: 'soak',
  title: `ten minutes at ${SHARE * 100} % of capacity, heaps of ${HEAP_MIB} MiB`,
  runs: 'named',
  measure: ({ rounds, durationMs, warmUpMs }) =>
    onDeployment(
      async (deployed, contestant) => {
        await contestant.measure({ durationMs: warmUpMs });
        const { votesPerSecond } = await contestant.measure({ durationMs });
        const rate = Math.floor(votesPerSecond * SHARE);
        const steps: Step[] = [];
        let heldWhenWarm: Step['rss'] = {};
        for (let step = 0; step < rounds * STEPS_PER_ROUND; step += 1) {
          // V8 lets old objects lie for minutes: without them, memory of two moments can be compared.
          if (step === Math.floor(rounds * STEPS_PER_ROUND * WARM_UP)) heldWhenWarm = await deployed.held();
          const stepMs = durationMs * ROUNDS_PER_STEP;
          // A front that nobody asks collects its garbage every few minutes only.
          const [measured, read] = await Promise.all([
            contestant.measure({ rate, durationMs: stepMs }),
            readResults(deployed, stepMs),
          ]);
          steps.push({ measured, read, rss: rssOf(deployed.parts) });
        }
        // Database and broker fill what memory they are given; ours must not.
        const memory = Object.entries(await deployed.held()).map(([part, mib]): Limit => {
          const warm = heldWhenWarm[part] ?? Number.NaN;
          const name = `growth of ${part}'s memory`;
          return { name, measured: (mib - warm) / warm, keeps: 'at most', limit: GROWTH, unit: '×' };
        });
        const lags = steps.map(({ measured }) => measured.lag?.p99 ?? Infinity);
        return {
          limits: memory,
          facts: {
            'votes/s': rate,
            votes: steps.reduce((sum, { measured }) => sum + measured.accepted, 0),
            'votes refused': steps.reduce((sum, { measured }) => sum + measured.refused, 0),
            'results not shown': steps.reduce((sum, { read }) => sum + read.unread, 0),
            'results p99, median of all steps, ms': median(steps.map(({ read }) => read.latency.p99)),
            'lag p99, median of all steps, ms': median(lags),
            'lag p99, worst step, ms': Math.max(...lags),
            'growth of the lag p99, ×': growthOf(lags),
            ...Object.fromEntries(
              Object.keys(heldWhenWarm).map((part) => {
                const most = Math.max(...steps.map(({ rss }) => rss[part] ?? 0));
                return [`memory of ${part} with its garbage at most, MiB`, most];
              }),
            ),
          },
        };
      },
      { heapMiB: HEAP_MIB },
    ),
};

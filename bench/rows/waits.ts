import type { Demand } from '../contestant.ts';
import { onDeployment } from './on-deployment.ts';
import { readResults } from './reading.ts';
import { type Limit, type Row, USUAL_SHARE } from './row.ts';
import { watchLive } from './watching.ts';

const ALONE_LIMIT_MS = 20;
/** None of them meets another. */
const VOTES_ALONE_PER_SECOND = 20;
const LIVE_LIMIT_MS = 300;
const RESULTS_LIMIT_MS = 10;
const VIEWERS = 2_000;
const VIEWERS_CORES = 0.2;
const UPDATES_PER_SECOND = 5;
const VOTES_PER_SECOND = 1_000;
/** So few that each update is of one burst, sent within a millisecond. */
const VOTES_TO_WATCH = 100;
/** One of a hundred is to be told from chance. */
const MANY_ROUNDS = 10;

function atMost(name: string, measured: number, limit: number, unit = 'ms'): Limit {
  return { name, measured, keeps: 'at most', limit, unit };
}

/** What people wait for. */
export const WAITS: readonly Row[] = [
  {
    name: 'waits',
    title: 'what a voter and a viewer wait for',
    runs: 'quick',
    measure: ({ durationMs }) =>
      onDeployment(async (deployed, contestant) => {
        const alone = await contestant.measure({ rate: VOTES_ALONE_PER_SECOND, durationMs });
        const live = { viewers: 1, votesPerSecond: VOTES_PER_SECOND, tickMs: 1, durationMs };
        const { waitP99 } = await watchLive(deployed, contestant, live);
        return {
          limits: [
            atMost('a vote that comes alone, p50', alone.latency.p50, ALONE_LIMIT_MS),
            atMost('vote → live stream at 1,000 votes/s, p99', waitP99, LIVE_LIMIT_MS),
          ],
        };
      }),
  },
  {
    name: 'results',
    title: `\`GET /api/results\` while votes come at ${USUAL_SHARE * 100} % of capacity`,
    runs: 'whole',
    measure: ({ durationMs, warmUpMs }) =>
      onDeployment(async (deployed, contestant) => {
        const readWhile = async (demand: Demand) => {
          const [{ votesPerSecond }, read] = await Promise.all([
            contestant.measure(demand),
            readResults(deployed, demand.durationMs),
          ]);
          return { votesPerSecond, ...read };
        };
        const most = await readWhile({ durationMs: warmUpMs });
        const rate = Math.floor(most.votesPerSecond * USUAL_SHARE);
        const { latency, unread } = await readWhile({ rate, durationMs: MANY_ROUNDS * durationMs });
        return {
          limits: [atMost('results, p99', latency.p99, RESULTS_LIMIT_MS), atMost('results not shown', unread, 0, '')],
          facts: {
            'votes/s meanwhile': rate,
            'results p50, ms': latency.p50,
            'results p99 while votes come as fast as they are taken, ms': most.latency.p99,
          },
        };
      }),
  },
  {
    name: 'viewers',
    title: `${VIEWERS} live viewers of one front, ${UPDATES_PER_SECOND} updates a second`,
    runs: 'whole',
    measure: ({ durationMs }) =>
      onDeployment(async (deployed, contestant) => {
        const tickMs = 1_000 / UPDATES_PER_SECOND;
        const watching = {
          viewers: VIEWERS,
          votesPerSecond: VOTES_TO_WATCH,
          tickMs,
          durationMs: MANY_ROUNDS * durationMs,
        };
        const watched = await watchLive(deployed, contestant, watching);
        return {
          limits: [
            atMost('front, cores', watched.frontCores, VIEWERS_CORES, ''),
            atMost('vote → viewer, p99', watched.waitP99, LIVE_LIMIT_MS),
          ],
          facts: { 'updates per viewer and second': watched.eventsPerViewerAndSecond },
        };
      }),
  },
];

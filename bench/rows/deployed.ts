import { POLICIES } from '@voteapp/contracts/poll';

import type { ContestantResult } from '../compare.ts';
import { BALLOTS, PLAIN_LOAD } from '../load/load.ts';
import { signCookies } from '../load/request-writer.ts';
import { startDeployed } from '../targets/deployed.ts';
import { behindTls } from '../targets/tls-front.ts';
import { comparison } from './comparison.ts';
import { type Limit, MANY_CONNECTIONS, USUAL_SHARE } from './row.ts';

const CPU_RATIO = 2.5;
const CONNECTION_PER_VOTE_SHARE = 0.6;
const LAG_MS = 50;
/** All of them have voted before the first round begins. */
const FEW_VOTERS = 20_000;
/** All of them are signed before the first round. */
const COOKIES = 1_000_000;

function cpuLimit({ ratios }: ContestantResult): readonly Limit[] {
  return [
    {
      name: 'CPU time per counted vote, of bare',
      measured: ratios.cpu.upper,
      keeps: 'at most',
      limit: CPU_RATIO,
      unit: '×',
    },
  ];
}

/** The services on RabbitMQ and MySQL. */
export const DEPLOYED = [
  ...POLICIES.map((policy) =>
    comparison({
      name: `deployed-${policy}`,
      title: `RabbitMQ and MySQL, ${policy}, ${MANY_CONNECTIONS} connections`,
      runs: policy === 'LastVoteWins' ? 'quick' : 'whole',
      target: () => startDeployed({ policy }),
      load: { connections: MANY_CONNECTIONS },
      limits: cpuLimit,
    }),
  ),
  comparison({
    name: 'changed-minds',
    title: `voters who have voted before, ${MANY_CONNECTIONS} connections`,
    runs: 'whole',
    target: async () => ({ ...(await startDeployed()), ballots: { ...BALLOTS, voters: FEW_VOTERS } }),
    load: { connections: MANY_CONNECTIONS },
  }),
  comparison({
    name: 'few-connections',
    title: `RabbitMQ and MySQL, ${PLAIN_LOAD.connections} connections: smaller batches`,
    runs: 'whole',
    target: () => startDeployed(),
  }),
  comparison({
    name: 'cookie-voters',
    title: 'voters by signed cookie',
    runs: 'whole',
    async target() {
      const deployed = await startDeployed();
      const ballots = { ...BALLOTS, voters: COOKIES };
      return { ...deployed, ballots, electorate: { by: 'cookie', cookies: signCookies(deployed.sessionKey, ballots) } };
    },
  }),
  comparison({
    name: 'connection-per-vote',
    title: 'a new connection for each vote',
    runs: 'whole',
    timesTheRounds: 3,
    target: () => startDeployed(),
    load: { connectionPerVote: true },
    limits: ({ ratios }) => [
      {
        name: 'votes/s over new connections, share of bare',
        measured: ratios.rate.lower,
        keeps: 'at least',
        limit: CONNECTION_PER_VOTE_SHARE,
        unit: '×',
      },
    ],
  }),
  comparison({
    name: 'tls',
    title: 'behind a proxy that ends TLS, bare too',
    runs: 'whole',
    target: () => startDeployed(),
    behind: behindTls,
  }),
  ...[20, 100].map((ms) =>
    comparison({
      name: `broker-${ms}-ms`,
      title: `a broker ${ms} ms away, ${MANY_CONNECTIONS} connections`,
      runs: 'whole',
      // There and back.
      target: () => startDeployed({ brokerDelayMs: ms / 2 }),
      load: { connections: MANY_CONNECTIONS },
    }),
  ),
  comparison({
    name: 'usual-load',
    title: `open loop at ${USUAL_SHARE * 100} % of capacity`,
    runs: 'whole',
    target: () => startDeployed(),
    load: { shareOfCapacity: USUAL_SHARE },
    limits: ({ lag }) => [
      {
        name: 'lag p99 at 70 % of capacity',
        measured: lag?.p99 ?? Infinity,
        keeps: 'at most',
        limit: LAG_MS,
        unit: 'ms',
      },
    ],
  }),
];

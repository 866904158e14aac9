import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import type { Policy } from '@voteapp/contracts/poll';

import { rssOf, withProcesses } from '../cpu-time.ts';
import { startRabbitMq } from '../../test/servers/rabbitmq.ts';
import { Deployment, type ServiceProcess, untilReady } from '../../test/tools/deployment.ts';
import { smallHeap } from '../../test/tools/small-heap.ts';
import type { Tally } from '../load/ledger.ts';
import { BALLOTS } from '../load/load.ts';
import { type BenchDatabase, startDatabase } from './database.ts';
import { pollOf } from './embedded.ts';
import { startSlowNetwork } from './slow-network.ts';
import { countedIn, tallyOf } from './store-tally.ts';
import { NAMED, type Target } from './target.ts';

export interface DeployedOptions {
  readonly policy?: Policy;
  /** How long everything takes each way between the services and the broker, ms. */
  readonly brokerDelayMs?: number;
  /** Of each service, MiB, which may then be told to collect its garbage; default: what Node.js makes of the machine. */
  readonly heapMiB?: number;
}

const COLLECTABLE = `--expose-gc --import=${new URL('collect-on-signal.ts', import.meta.url).href}`;
const COLLECT_LIMIT_MS = 10_000;

async function collectGarbage({ child, log }: ServiceProcess): Promise<void> {
  const collected = (): number => log().split('"Collected"').length;
  const before = collected();
  const limit = performance.now() + COLLECT_LIMIT_MS;
  child.kill('SIGUSR2');
  while (collected() === before) {
    if (performance.now() > limit) throw new Error('A service does not collect its garbage.');
    await wait(50);
  }
}

/** The services as processes of their own, on a RabbitMQ and a MySQL of their own. */
export interface Deployed extends Target {
  readonly versions: string;
  readonly voteUrl: string;
  readonly frontUrl: string;
  readonly database: BenchDatabase;
  readonly counted: () => Promise<number>;
  readonly tally: () => Promise<Tally>;
  readonly sessionKey: KeyObject;
  /** MiB that each service holds without its garbage, which it collects now. */
  held(): Promise<Readonly<Record<string, number>>>;
  /** Lets votes collect in the queue, as a worker's outage does. The process and its connections stay. */
  pauseWorker(): void;
  resumeWorker(): void;
}

export async function startDeployed({
  policy = 'LastVoteWins',
  brokerDelayMs = 0,
  heapMiB,
}: DeployedOptions = {}): Promise<Deployed> {
  const { started: rabbitmq, pids: broker } = await withProcesses(startRabbitMq);
  const database = await startDatabase();
  const network = brokerDelayMs === 0 ? null : await startSlowNetwork(rabbitmq.port, brokerDelayMs);
  const deployment = await Deployment.create({
    rabbitmq: network === null ? rabbitmq : { ...rabbitmq, port: network.port },
    mysql: database.server,
    database: database.name,
    poll: pollOf(policy),
  });
  const sessionKey = createSecretKey(randomBytes(32));
  const SESSION_KEY = sessionKey.export().toString('base64');
  const pidOf = ({ child }: ServiceProcess): number => child.pid ?? 0;
  const heap = heapMiB === undefined ? {} : { NODE_OPTIONS: `${smallHeap(heapMiB)} ${COLLECTABLE}` };
  const worker = await deployment.start('worker', heap);
  await untilReady(worker);
  const front = await deployment.start('front', { ...heap, SESSION_KEY });
  const vote = await deployment.start('vote', { ...heap, FRONT_URL: front.url, SESSION_KEY });
  await Promise.all([front, vote].map(untilReady));
  return {
    ...NAMED,
    name: `VoteApp on RabbitMQ and MySQL, ${policy}`,
    policy,
    versions: `RabbitMQ ${rabbitmq.version}, MySQL ${database.server.version}`,
    voteUrl: vote.url,
    frontUrl: front.url,
    database,
    sessionKey,
    port: Number(new URL(vote.url).port),
    path: '/api/vote',
    parts: {
      vote: [pidOf(vote)],
      worker: [pidOf(worker)],
      front: [pidOf(front)],
      rabbitmq: broker,
      mysql: database.pids,
    },
    counted: () => countedIn(database.query),
    tally: () => tallyOf(database.query, BALLOTS.options, policy !== 'Unlimited'),
    async held() {
      await Promise.all([vote, worker, front].map(collectGarbage));
      return rssOf({ vote: [pidOf(vote)], worker: [pidOf(worker)], front: [pidOf(front)] });
    },
    pauseWorker() {
      worker.child.kill('SIGSTOP');
    },
    resumeWorker() {
      worker.child.kill('SIGCONT');
    },
    async stop() {
      await deployment.stop();
      await network?.stop();
      await Promise.all([database.stop(), rabbitmq.stop()]);
    },
  };
}

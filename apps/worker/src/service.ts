import { createServer, type Server } from 'node:http';

import type { WorkerConfig } from '@voteapp/contracts/env/worker';
import { storeOwner } from '@voteapp/contracts/names';
import { adminRoutes } from '@voteapp/kit/admin';
import type { Running } from '@voteapp/kit/lifecycle';
import type { Logger } from '@voteapp/kit/log';
import type { Registry } from '@voteapp/kit/metrics';
import { repeat, type Repeated } from '@voteapp/kit/repeat';
import { closeServer, createHttpServer, listen } from '@voteapp/kit/server';
import type { Delivery, VoteQueue } from '@voteapp/queue/port';
import type { WorkerStore } from '@voteapp/store/port';

import { atMost } from './at-most.ts';
import { createApp, TIMEOUT_BODY } from './app.ts';
import { createCloser } from './closer.ts';
import { createDefinitionWriter } from './definition-writer.ts';
import { type Intake, type Source, startIntake } from './intake.ts';
import { createWorkerMetrics } from './metrics.ts';
import { writePending } from './pending.ts';
import { watchSkew } from './skew.ts';
import { untilAvailable } from './until-available.ts';
import { createUpkeep } from './upkeep.ts';

const TICK_MS = 1_000;
const UPKEEP_MS = 60 * 60 * 1_000;
const STOP_LIMIT_MS = 8_000;
const HTTP_GRACE_MS = 1_000;

export interface WorkerServiceDeps {
  readonly config: WorkerConfig;
  /** Both stay open when the service stops: they belong to whoever opened them. */
  readonly queue: VoteQueue;
  readonly store: WorkerStore;
  readonly log: Logger;
  readonly registry: Registry;
  readonly now?: () => number;
  readonly random?: () => number;
  /** True for whoever can prove that every producer of earlier runs is dead. */
  readonly exclusive?: boolean;
  /** Called with sentences once for each content of the poll file that is not taken; the old definition stays. */
  readonly onRefused?: (problems: readonly string[]) => void;
  /** How often the poll file, the rounds and what is pending are looked at, in ms. */
  readonly tickMs?: number;
  /** How long what is under way may take to end when the service stops, in ms; HTTP takes up to 1 s more. */
  readonly stopLimitMs?: number;
}

export interface WorkerService extends Running {
  /**
   * Resolves with the port of the health routes once it consumes; waits for a store or queue that is away. Rejects
   * when the address is taken (CannotListen) or the store is another app's (StoreOwnedByOther), with nothing running.
   */
  start(): Promise<{ port: number }>;
}

export function createWorkerService(deps: WorkerServiceDeps): WorkerService {
  const { config, queue, store, log, registry } = deps;
  const { now = Date.now, random = Math.random, exclusive = false, onRefused = () => {} } = deps;
  const { tickMs = TICK_MS, stopLimitMs = STOP_LIMIT_MS } = deps;
  const stopping = new AbortController();
  const metrics = createWorkerMetrics(registry);
  const skew = watchSkew(registry, log);
  const upkeep = createUpkeep({ store, registry, log, now });
  const definition = createDefinitionWriter({ file: config.POLL_FILE, store, log, now, onRefused });
  const publisher = queue.publisher();
  const intakes: Intake[] = [];
  let deadLetters: Intake | undefined;
  const closer = createCloser({
    store,
    publisher,
    deadLetters: async () => (deadLetters === undefined ? 0 : deadLetters.waitingVotes()),
    depth: queue.depth === undefined ? null : async () => (await queue.depth?.()) ?? 0,
    onFinal: () => {
      upkeep.recount().catch((error: unknown) => log.warn({ err: error }, 'Recount failed, will be repeated'));
    },
    log,
    now,
  });
  const tasks: Repeated[] = [];
  let notReady: string | null = 'starting';
  let stopped: Promise<void> | undefined;

  const admin = adminRoutes({ registry, notReady: () => notReady });
  const app = createApp({ pingQueue: () => queue.ping(), pingStore: () => store.ping() });
  const ownPort = config.ADMIN_PORT === undefined;
  const server = createHttpServer(
    (request, response) => {
      if (!(ownPort && admin(request, response))) app(request, response);
    },
    { timeoutBody: TIMEOUT_BODY },
  );
  const adminServer = ownPort
    ? null
    : createServer((request, response) => {
        if (!admin(request, response)) response.writeHead(404).end();
      });
  const servers: readonly Server[] = adminServer === null ? [server] : [server, adminServer];

  function intake<D extends Delivery>(source: Source<D>): Intake {
    return startIntake({ source, store, metrics, skew, log, now, random });
  }

  /** Consumes every shard of the rounds that are not final; a round of before may have more than the current one. */
  async function followShards(): Promise<void> {
    const rounds = await store.unfinishedRounds();
    const shards = Math.max(0, ...rounds.map((round) => round.shards));
    if (shards <= intakes.length) return;
    await queue.declare(shards);
    while (intakes.length < shards && !stopping.signal.aborted) {
      const shard = intakes.length;
      intakes.push(intake({ name: String(shard), subscription: queue.subscribe(shard), shardOf: () => shard }));
    }
  }

  async function prepare(): Promise<void> {
    await store.open(storeOwner({ namespace: config.APP_NAMESPACE, name: config.APP_NAME }));
    if (exclusive) await store.retireProducers(now());
    await definition.look();
    await followShards();
    const subscription = queue.deadLetters?.();
    if (subscription !== undefined) {
      deadLetters = intake({ name: 'dead letters', subscription, shardOf: ({ shard }) => shard });
    }
  }

  async function stop(): Promise<void> {
    notReady = 'draining';
    stopping.abort();
    await Promise.all([
      atMost(stopLimitMs, Promise.all(tasks.map((task) => task.stop()))),
      ...[...intakes, deadLetters].map((each) => each?.stop(stopLimitMs)),
    ]);
    await publisher.close();
    await Promise.all(servers.map((each) => closeServer(each, HTTP_GRACE_MS)));
  }

  return {
    async start() {
      try {
        // The health routes come first: they tell what a start that waits is waiting for.
        const port = await listen(server, config.HOST, config.PORT);
        if (adminServer !== null) await listen(adminServer, config.HOST, config.ADMIN_PORT ?? 0);
        await untilAvailable(prepare, {
          signal: stopping.signal,
          random,
          onOutage: (error) => log.warn({ err: error }, 'Start waits for the store or the queue'),
          onRecovery: () => log.info('Store and queue are there'),
        });
        stopping.signal.throwIfAborted();
        tasks.push(
          repeat(() => definition.look(), tickMs, log, 'definition'),
          repeat(followShards, tickMs, log, 'shards'),
          repeat(() => closer.advance(), tickMs, log, 'closing'),
          repeat(() => writePending(intakes, store, now), tickMs, log, 'pending'),
          repeat(() => upkeep.purge(), UPKEEP_MS, log, 'purge'),
          repeat(() => upkeep.recount(), UPKEEP_MS, log, 'recount'),
        );
        notReady = null;
        log.info({ port, shards: intakes.length }, 'Worker is ready');
        return { port };
      } catch (error) {
        await (stopped ??= stop());
        throw error;
      }
    },
    stop: () => (stopped ??= stop()),
  };
}

import { createServer } from 'node:http';

import type { KubeConfig } from '@kubernetes/client-node';
import { adminRoutes } from '@voteapp/kit/admin';
import type { Running } from '@voteapp/kit/lifecycle';
import type { Logger } from '@voteapp/kit/log';
import type { Registry } from '@voteapp/kit/metrics';
import { closeServer, listen } from '@voteapp/kit/server';

import { type OperatorConfig, releaseOf } from './config.ts';
import { LeadersObjects, NotLeading } from './leaders-objects.ts';
import { registerAppMetrics } from './metrics.ts';
import { ClusterCopy } from './reconcile/cluster-copy.ts';
import { concernedBy } from './reconcile/concerned.ts';
import { VOTING_APP } from './reconcile/kinds.ts';
import { type Fetch, Readings } from './reconcile/readings.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { EARLIER_VERSIONS } from './release.ts';
import { ApiServer } from './runtime/api-server.ts';
import { EventRecorder } from './runtime/events.ts';
import { LeaderElection } from './runtime/leader-election.ts';
import { kernelMetrics } from './runtime/metrics.ts';
import { Objects } from './runtime/objects.ts';
import { WorkQueue } from './runtime/work-queue.ts';

const NAME = 'voteapp-operator';
/** A pass that takes longer makes no progress: another process is to lead. */
const LONGEST_PASS_MS = 120_000;
/** For the passes under way when the process ends. */
const DRAIN_MS = 5_000;
const HTTP_GRACE_MS = 1_000;

export interface OperatorDeps {
  readonly config: OperatorConfig;
  readonly kubeConfig: KubeConfig;
  readonly log: Logger;
  readonly registry: Registry;
  /** How the services of a VotingApp are asked. */
  readonly fetch?: Fetch;
  /** The clock of the world, in ms since the epoch. */
  readonly now?: () => number;
}

export interface Operator extends Running {
  /** Resolves with the port of its health routes once it has a copy of the cluster and competes for the lead. */
  start(): Promise<{ port: number }>;
}

/** The operator: a copy of the cluster, a queue of VotingApps, and passes over them while it leads. */
export function createOperator({
  config,
  kubeConfig,
  log,
  registry,
  fetch: ask = fetch,
  now = Date.now,
}: OperatorDeps): Operator {
  const metrics = kernelMetrics(registry);
  const stopping = new AbortController();
  const server = new ApiServer({
    config: kubeConfig,
    userAgent: `${NAME}/${releaseOf(config).version}`,
    onResponse: (method, code) => metrics.requests.inc({ method, code: String(code) }),
  });
  const anybodys = new Objects(server);
  const leaders: LeadersObjects = new LeadersObjects(server, () => election.isLeader);
  const events = new EventRecorder({ objects: leaders, controller: NAME, instance: config.POD_NAME, log });
  const copy: ClusterCopy = new ClusterCopy({
    server,
    objects: anybodys,
    namespaces: config.WATCH_NAMESPACE,
    log,
    onChange(object, before, isDeleted) {
      if (isDeleted && object.kind === VOTING_APP.kind) reconciler.forget(object);
      for (const key of concernedBy(copy, object, isDeleted ? null : before)) queue.add(key);
    },
    onMissed: ({ kind }, count) => metrics.missedEvents.inc({ kind }, count),
  });
  const reconciler = new Reconciler({
    objects: leaders,
    copy,
    readings: new Readings({
      fetch: (url, init) => ask(url, init),
      now: () => performance.now(),
      signal: stopping.signal,
    }),
    events,
    release: releaseOf(config),
    earlierVersions: EARLIER_VERSIONS,
    operatorNamespace: config.POD_NAMESPACE,
    now,
  });
  const queue = new WorkQueue({
    name: 'votingapp',
    log,
    metrics,
    drainMs: DRAIN_MS,
    async reconcile(key) {
      try {
        return await reconciler.reconcile(key);
      } catch (error) {
        // Whoever leads now has it in the queue as well.
        if (error instanceof NotLeading) return undefined;
        throw error;
      }
    },
  });
  const election = new LeaderElection({
    objects: anybodys,
    namespace: config.POD_NAMESPACE,
    name: NAME,
    identity: config.POD_NAME,
    durations: {
      lease: config.LEASE_DURATION_SECONDS * 1_000,
      renewDeadline: config.RENEW_DEADLINE_SECONDS * 1_000,
      retryPeriod: config.RETRY_PERIOD_SECONDS * 1_000,
    },
    isHealthy: () => queue.longestRunMs < LONGEST_PASS_MS,
    log,
    metrics,
    onStarted() {
      // What changed while another led is in the copy, and not in the queue.
      for (const app of copy.list(VOTING_APP)) queue.add(`${app.metadata.namespace}/${app.metadata.name}`);
      queue.start();
    },
    onStopped: () => queue.stop(),
  });
  registerAppMetrics(registry, copy);

  const admin = adminRoutes({
    registry,
    notReady: () =>
      stopping.signal.aborted ? 'stopping' : copy.isSynced ? null : 'waiting for the first lists of the API server',
  });
  const http = createServer((request, response) => {
    if (!admin(request, response)) response.writeHead(404).end();
  });

  return {
    async start() {
      const port = await listen(http, config.HOST, config.PORT);
      log.info({ port, namespaces: config.WATCH_NAMESPACE }, 'Listening');
      await copy.start();
      log.info({ votingApps: copy.list(VOTING_APP).length }, 'Has a copy of the cluster');
      if (!stopping.signal.aborted) election.start();
      return { port };
    },
    async stop() {
      // Services that do not answer must not keep the next leader waiting.
      stopping.abort(new NotLeading('This process ends'));
      // What is still to be told is told by who leads.
      await queue.stop();
      await events.stop();
      await election.stop();
      await copy.stop();
      await closeServer(http, HTTP_GRACE_MS);
      await server.close();
    },
  };
}

import { createSecretKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';

import type { VoteConfig } from '@voteapp/contracts/env/vote';
import { RequestError } from '@voteapp/contracts/errors';
import { adminRoutes } from '@voteapp/kit/admin';
import type { Running } from '@voteapp/kit/lifecycle';
import type { Logger } from '@voteapp/kit/log';
import type { Registry } from '@voteapp/kit/metrics';
import { closeServer, createHttpServer, listen } from '@voteapp/kit/server';
import type { VoteQueue } from '@voteapp/queue/port';

import { createApp } from './app.ts';
import type { CastingDeps } from './casting/casting.ts';
import { createForm } from './casting/form.ts';
import { createJudge } from './casting/judge.ts';
import { DefinitionFeed } from './definition-feed.ts';
import { VoteLane } from './lane/lane.ts';
import { createListener } from './listener.ts';
import { createVoteMetrics } from './metrics.ts';
import { createOrigins } from './origin.ts';
import { PollViews } from './poll-view.ts';
import { Producers } from './publishing/producers.ts';

/** Further off front's clock, a replica would put votes into a wrong order, or take them after the close. */
const MAX_SKEW_MS = 1_000;
/** The two parts of a drain; with the little around them they end well within 10 s. */
const HTTP_GRACE_MS = 4_000;
const CLOSING_BEATS_MS = 4_000;

export interface VoteServiceDeps {
  readonly config: VoteConfig;
  /** Stays open when the service stops: it belongs to whoever opened it. */
  readonly queue: VoteQueue;
  readonly log: Logger;
  readonly registry: Registry;
  /** ms since the epoch. */
  readonly now?: () => number;
  /** From 0 to below 1; spreads the `Retry-After` of refusals. */
  readonly random?: () => number;
  /** How long a request may take to arrive. Default: 10 s. */
  readonly requestTimeoutMs?: number;
  /** How often front is asked for the definition. Default: 1 s. */
  readonly pullIntervalMs?: number;
}

export interface VoteService extends Running {
  /**
   * Resolves with the port once it listens; /readyz tells when it takes votes. Rejects with CannotListen, with nothing
   * left running.
   */
  start(): Promise<{ port: number }>;
  /** Finishes the votes under way, publishes its closing beats and ends within 10 s. */
  stop(): Promise<void>;
}

export function createVoteService(deps: VoteServiceDeps): VoteService {
  const { config, queue, log, registry, now = Date.now, random = Math.random } = deps;
  const { requestTimeoutMs, pullIntervalMs } = deps;
  const sessionKey = createSecretKey(config.SESSION_KEY);
  const roundKey = createSecretKey(config.ROUND_KEY);
  const resultsUrl = config.PUBLIC_RESULTS_URL ?? config.FRONT_URL;

  const producers = new Producers({ queue, now, log, onConfirmed: (votes, ms) => metrics.observeBatch(votes, ms) });
  const feed = new DefinitionFeed({
    frontUrl: config.FRONT_URL,
    pollFile: config.POLL_FILE,
    sessionKey,
    log,
    now,
    onDefinition: (definition) => producers.follow(definition),
    ...(pullIntervalMs !== undefined && { pullIntervalMs }),
  });
  const metrics = createVoteMetrics(registry, () => ({
    pending: producers.pending,
    inFlight: producers.inFlight,
    breakerOpen: producers.breakerOpen,
    definitionFromFile: feed.fromFile,
    clockSkewMs: feed.skewMs,
  }));

  let draining = false;
  let stopped: Promise<void> | undefined;

  const origins = createOrigins(config.PUBLIC_VOTE_URL, config.TRUSTED_PROXIES);
  const views = new PollViews({
    sessionKey,
    definition: () => producers.current?.definition ?? null,
    snapshotOf: (round) => feed.snapshotOf(round),
    now,
    resultsUrl,
  });
  const casting: CastingDeps = {
    judge: createJudge({ sessionKey, roundKey, origins, office: () => producers.current }),
    now,
    random,
    draining: () => draining,
    log,
    onAccepted: () => metrics.accepted.inc(),
    onRefused(code) {
      metrics.refused.inc({ code });
      producers.countRefusal(code);
    },
  };
  const listener = createListener({
    ...casting,
    form: createForm((error, request) => views.refusalPage(error, request)),
    app: createApp({ views, sessionKey, origins, resultsUrl, pingQueue: () => queue.ping(), log, random }),
  });

  function notReady(): string | null {
    if (draining) return 'draining';
    if (producers.current === null) return 'the poll is not known yet';
    if (!producers.established) return 'the queue has not confirmed the first beats';
    const skew = Math.abs(feed.skewMs ?? 0);
    return skew > MAX_SKEW_MS ? `the clock is ${Math.round(skew)} ms off that of front` : null;
  }

  const admin = adminRoutes({ registry, notReady });
  const ownPort = config.ADMIN_PORT === undefined;
  const server = createHttpServer(
    (request, response) => {
      if (!(ownPort && admin(request, response))) listener(request, response);
    },
    {
      lane: new VoteLane(casting),
      timeoutBody: JSON.stringify(new RequestError('request_timeout').body()),
      ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    },
  );
  const adminServer: Server | null = ownPort
    ? null
    : createServer((request, response) => {
        if (!admin(request, response)) response.writeHead(404).end();
      });

  async function stop(): Promise<void> {
    draining = true;
    await closeServer(server, HTTP_GRACE_MS);
    await feed.stop();
    await producers.drain(CLOSING_BEATS_MS);
    if (adminServer !== null) await closeServer(adminServer, 0);
  }

  return {
    async start() {
      try {
        const port = await listen(server, config.HOST, config.PORT);
        if (adminServer !== null) await listen(adminServer, config.HOST, config.ADMIN_PORT ?? 0);
        feed.start();
        return { port };
      } catch (error) {
        await (stopped ??= stop());
        throw error;
      }
    },
    stop: () => (stopped ??= stop()),
  };
}

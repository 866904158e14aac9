import { createSecretKey } from 'node:crypto';
import type { RequestListener, Server } from 'node:http';

import type { FrontConfig } from '@voteapp/contracts/env/front';
import { RequestError } from '@voteapp/contracts/errors';
import { adminRoutes } from '@voteapp/kit/admin';
import type { Running } from '@voteapp/kit/lifecycle';
import type { Logger } from '@voteapp/kit/log';
import type { Registry } from '@voteapp/kit/metrics';
import { closeServer, createHttpServer, listen } from '@voteapp/kit/server';
import type { Comment, FrontStore } from '@voteapp/store/port';

import { createApp, ROUTES } from './app.ts';
import { observeRequests, registerGauges, storeFailures } from './metrics.ts';
import { createReads } from './reads.ts';
import { ResultsStream } from './results-stream.ts';
import { STREAM_PATH } from './routes/stream.ts';
import { watchedCalls } from './store-calls.ts';

/** How long an answer under way may take to end when the service stops, in ms. */
const GRACE_MS = 3_000;

export interface FrontServiceDeps {
  readonly config: FrontConfig;
  /** Stays open when the service stops. */
  readonly store: FrontStore;
  readonly log: Logger;
  readonly registry: Registry;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Default: all of them. */
  readonly routes?: typeof ROUTES;
}

export interface FrontService extends Running {
  /** Resolves with the ports in use. Rejects with CannotListen; nothing is left listening then. */
  start(): Promise<{ port: number; adminPort: number | null }>;
}

/** Results, live stream, exports, comments, and the definition that vote pulls, over one store. */
export function createFrontService({
  config,
  store,
  log,
  registry,
  now = Date.now,
  random = Math.random,
  routes = ROUTES,
}: FrontServiceDeps): FrontService {
  const call = watchedCalls(storeFailures(registry), log);
  const reads = createReads({ store, call, now });
  const stream = new ResultsStream({ view: reads.view, log, random });
  registerGauges(registry, {
    viewers: () => stream.viewers,
    snapshotAge: () => {
      const readAt = reads.lastReadAt();
      return readAt === null ? null : now() - readAt;
    },
  });
  const deps = {
    ...reads,
    config,
    sessionKey: createSecretKey(config.SESSION_KEY),
    stream,
    comments: {
      add: (contentId: string, comment: Comment) => call(() => store.addComment(contentId, comment, now())),
      list: (contentId: string) => call(() => store.comments(contentId)),
    },
    log,
    now,
    random,
  };
  const app = createApp(deps, observeRequests(registry, STREAM_PATH), routes);

  let notReady: string | null = 'starting';
  const admin = adminRoutes({ registry, notReady: () => notReady });
  const timeoutBody = JSON.stringify(new RequestError('request_timeout').body());
  const open = (listener: RequestListener): Server => createHttpServer(listener, { timeoutBody });
  const server = open((request, response) => {
    if (config.ADMIN_PORT !== undefined || !admin(request, response)) app(request, response);
  });
  const adminServer = open((request, response) => {
    if (!admin(request, response)) response.writeHead(404).end();
  });

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    notReady = 'draining';
    // A viewer would hold its connection for as long as it watches.
    await stream.stop();
    await closeServer(server, GRACE_MS);
    // Last, so that the probes see the service drain.
    await closeServer(adminServer, 0);
  }

  return {
    async start() {
      const port = await listen(server, config.HOST, config.PORT);
      let adminPort: number | null = null;
      try {
        if (config.ADMIN_PORT !== undefined) adminPort = await listen(adminServer, config.HOST, config.ADMIN_PORT);
      } catch (error) {
        await (stopped ??= stop());
        throw error;
      }
      notReady = null;
      log.info({ port, adminPort }, 'Front listens');
      return { port, adminPort };
    },
    stop: () => (stopped ??= stop()),
  };
}

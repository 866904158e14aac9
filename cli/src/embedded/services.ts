import { setTimeout as delay } from 'node:timers/promises';

import { frontEnv } from '@voteapp/contracts/env/front';
import { voteEnv } from '@voteapp/contracts/env/vote';
import { workerEnv } from '@voteapp/contracts/env/worker';
import { createFrontService } from '@voteapp/front/service';
import { parseConfig } from '@voteapp/kit/config';
import type { Logger } from '@voteapp/kit/log';
import { createRegistry } from '@voteapp/kit/metrics';
import type { VoteQueue } from '@voteapp/queue/port';
import type { VoteStore } from '@voteapp/store/port';
import { createVoteService } from '@voteapp/vote/service';
import { createWorkerService } from '@voteapp/worker/service';

import type { DataFolder } from './data-folder.ts';

export interface EmbeddedOptions {
  readonly host: string;
  readonly ports: { readonly vote: number; readonly worker: number; readonly front: number };
  readonly app: { readonly namespace: string; readonly name: string };
  readonly folder: DataFolder;
  readonly queue: VoteQueue;
  readonly store: VoteStore;
  readonly logger: (service: string) => Logger;
}

export interface Urls {
  readonly vote: string;
  readonly worker: string;
  readonly results: string;
}

export interface EmbeddedServices {
  readonly urls: Urls;
  stop(): Promise<void>;
}

const READY_POLL_MS = 20;
const READY_LIMIT_MS = 10_000;

interface Service {
  start(): Promise<{ readonly port: number }>;
  stop(): Promise<void>;
}

/** The name a browser on this machine reaches a listening address by. */
function shownHost(host: string): string {
  return ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(host) ? 'localhost' : bracketed(host);
}

/** The address that surely reaches it, whatever `localhost` resolves to first. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : bracketed(host);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Waits until the vote service has its definition and its first beats on disk: before, it answers 503. */
async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const response = await fetch(url);
    const reason = await response.text();
    if (response.ok) return;
    if (performance.now() > deadline) throw new Error(`The vote service does not get ready: ${reason.trim()}.`);
    await delay(READY_POLL_MS);
  }
}

/** Starts worker, front and vote on the same queue and store; when one cannot start, the others are stopped again. */
export async function startServices(options: EmbeddedOptions): Promise<EmbeddedServices> {
  const { host, ports, app, folder, queue, store, logger } = options;
  const urlOf = (port: number): string => `http://${shownHost(host)}:${port}`;
  const shared = { APP_NAMESPACE: app.namespace, APP_NAME: app.name, HOST: host };
  const started: Service[] = [];
  const start = async (service: Service): Promise<number> => {
    started.unshift(service);
    return (await service.start()).port;
  };
  const stop = async (): Promise<void> => {
    for (const service of started.splice(0)) await service.stop();
  };

  try {
    // A definition first, then somebody to serve it, then those who ask for it.
    const worker = await start(
      createWorkerService({
        config: parseConfig(workerEnv, { ...shared, PORT: String(ports.worker), POLL_FILE: folder.pollFile }),
        queue,
        store,
        log: logger('worker'),
        registry: createRegistry('worker', false),
        exclusive: true,
      }),
    );
    const front = await start(
      createFrontService({
        config: parseConfig(frontEnv, {
          ...shared,
          PORT: String(ports.front),
          // With a free port chosen for vote (0) there is no address to link to yet.
          ...(ports.vote !== 0 && { PUBLIC_VOTE_URL: urlOf(ports.vote) }),
          SESSION_KEY: folder.keys.session_key,
        }),
        store,
        log: logger('front'),
        registry: createRegistry('front', false),
      }),
    );
    const vote = await start(
      createVoteService({
        config: parseConfig(voteEnv, {
          ...shared,
          PORT: String(ports.vote),
          POLL_FILE: folder.pollFile,
          FRONT_URL: `http://${reachableHost(host)}:${front}`,
          PUBLIC_RESULTS_URL: urlOf(front),
          SESSION_KEY: folder.keys.session_key,
          ROUND_KEY: folder.keys.round_key,
        }),
        queue,
        log: logger('vote'),
        registry: createRegistry('vote', true),
      }),
    );
    await untilReady(`http://${reachableHost(host)}:${vote}/readyz`);
    return { urls: { vote: urlOf(vote), worker: urlOf(worker), results: urlOf(front) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

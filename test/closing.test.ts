import { request } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { frontEnv } from '@voteapp/contracts/env/front';
import { voteEnv } from '@voteapp/contracts/env/vote';
import { workerEnv } from '@voteapp/contracts/env/worker';
import type { PollFile } from '@voteapp/contracts/poll-file';
import { createFrontService } from '@voteapp/front/service';
import { parseConfig } from '@voteapp/kit/config';
import { createLogger } from '@voteapp/kit/log';
import { createRegistry } from '@voteapp/kit/metrics';
import { openEmbeddedQueue } from '@voteapp/queue/embedded/embedded-queue';
import type { VoteQueue } from '@voteapp/queue/port';
import { type RoundSnapshot, StoreUnavailable, type VoteStore } from '@voteapp/store/port';
import { openSqliteStore } from '@voteapp/store/sqlite/store';
import { createVoteService } from '@voteapp/vote/service';
import { altered } from '@voteapp/worker/fixtures/workbench';
import { createWorkerService } from '@voteapp/worker/service';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// The timers and the clock of the services are simulated, what they do to disk and sockets is real: after each step of
// the clock the threads of queue and store are waited for.
const STEP = 100;
const START = Date.UTC(2026, 10, 20, 21, 0);
const CLOSE = START + 15_000;
const ROUND = 'soda';
const KEY = Buffer.alloc(32, 7).toString('base64');

interface Scenario {
  readonly title: string;
  /** ms before or after the close. */
  readonly dies: number;
  readonly pauses: number;
  /** The store takes no votes between these, so that accepted ones wait in the queue. */
  readonly storeAway?: readonly [from: number, until: number];
  readonly workers?: number;
}

const SCENARIOS: readonly Scenario[] = [
  { title: 'the death and the pause come before the close', dies: -3_000, pauses: -2_000, workers: 2 },
  { title: 'the pause ends with the close', dies: -500, pauses: -10_000 },
  { title: 'the pause begins with the close', dies: 1_000, pauses: -STEP },
  { title: 'accepted votes wait for the store', dies: -3_000, pauses: -1_000, storeAway: [-5_000, 20_000], workers: 2 },
];

/** What lies between a replica and the queue: when the replica is paused or dead, nothing passes either way. */
class Seam {
  #resume: PromiseWithResolvers<void> | null = null;

  stop(): void {
    this.#resume = Promise.withResolvers();
  }

  resume(): void {
    this.#resume?.resolve();
    this.#resume = null;
  }

  async #pass(): Promise<void> {
    await this.#resume?.promise;
  }

  over(queue: VoteQueue): VoteQueue {
    return altered(queue, {
      publisher: () => {
        const publisher = queue.publisher();
        return altered(publisher, {
          publish: async (...args) => {
            await this.#pass();
            await publisher.publish(...args);
            await this.#pass();
          },
        });
      },
    });
  }
}

interface Poll {
  readonly queue: VoteQueue;
  readonly store: VoteStore;
  readonly replicas: readonly { readonly url: string; readonly seam: Seam }[];
  readonly results: () => Promise<{ final: unknown; counted: number }>;
  readonly setStoreAway: (away: boolean) => void;
}

let cleanups: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await settled(cleanup());
  cleanups = [];
  vi.useRealTimers();
});

/** Lets the clock run until something has happened. */
async function settled<T>(happening: Promise<T>): Promise<T> {
  const end = new AbortController();
  happening.then(
    () => end.abort(),
    () => end.abort(),
  );
  await turn();
  while (!end.signal.aborted) {
    await vi.advanceTimersByTimeAsync(STEP);
    await turn();
  }
  return happening;
}

async function startPoll(workers: number): Promise<Poll> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-closing-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const queue = await openEmbeddedQueue({ directory: join(folder, 'queue') });
  cleanups.push(() => queue.close());
  const store = await openSqliteStore(join(folder, 'store.db'));
  cleanups.push(() => store.close());

  const pollFile = join(folder, 'poll.json');
  const poll: PollFile['poll'] = {
    options: [{ id: 'coca' }, { id: 'pepsi' }, { id: 'guarana' }],
    shards: 2,
    closesAt: new Date(CLOSE).toISOString(),
  };
  await writeFile(pollFile, JSON.stringify({ name: ROUND, revision: 1, poll } satisfies PollFile));

  let away = false;
  const workersStore = altered<VoteStore>(store, {
    apply: (...args) => (away ? Promise.reject(new StoreUnavailable('away')) : store.apply(...args)),
  });
  const shared = { APP_NAME: ROUND, HOST: '127.0.0.1', PORT: '0' };
  const log = createLogger({ level: 'silent', service: 'test' });
  const start = async (service: { start(): Promise<{ port: number }>; stop(): Promise<void> }): Promise<string> => {
    cleanups.push(() => service.stop());
    return `http://127.0.0.1:${(await service.start()).port}`;
  };

  for (let worker = 0; worker < workers; worker += 1) {
    const config = parseConfig(workerEnv, { ...shared, POLL_FILE: pollFile });
    await start(
      createWorkerService({ config, queue, store: workersStore, log, registry: createRegistry('worker', false) }),
    );
  }
  const frontConfig = parseConfig(frontEnv, { ...shared, SESSION_KEY: KEY });
  const front = await start(
    createFrontService({ config: frontConfig, store, log, registry: createRegistry('front', false) }),
  );
  const replicas = [new Seam(), new Seam(), new Seam()].map(async (seam) => {
    const config = parseConfig(voteEnv, {
      ...shared,
      POLL_FILE: pollFile,
      FRONT_URL: front,
      SESSION_KEY: KEY,
      ROUND_KEY: KEY,
    });
    const registry = createRegistry('vote', false);
    return { seam, url: await start(createVoteService({ config, queue: seam.over(queue), log, registry })) };
  });
  return {
    queue,
    store,
    replicas: await Promise.all(replicas),
    results: async () => JSON.parse((await call(`${front}/api/results`)).body) as { final: unknown; counted: number },
    setStoreAway: (now) => {
      away = now;
    },
  };
}

// node:http has timers of its own, which are not simulated; fetch would run into timeouts of simulated time.
function call(url: string, body?: unknown): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(url, { method, agent: false, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

type Replica = Poll['replicas'][number];

test.each(SCENARIOS)('every accepted vote is in the final result, and no other: $title', async (scenario) => {
  const { dies, pauses, storeAway = [0, 0], workers = 1 } = scenario;
  const resumes = pauses + 10_000;
  const { queue, store, replicas, results, setStoreAway } = await startPoll(workers);
  const [healthy, paused, dead] = replicas as [Replica, Replica, Replica];
  // The option tells what is expected of a vote: coca an answer, pepsi a refusal, guarana anything.
  const statuses: Record<'coca' | 'pepsi' | 'guarana', number[]> = { coca: [], pepsi: [], guarana: [] };
  const answers = new Set<Promise<void>>();
  let voters = 0;
  let final: RoundSnapshot | null = null;

  function vote(replica: Replica, option: keyof typeof statuses): void {
    voters += 1;
    const answer = call(`${replica.url}/api/vote`, { option, voter: `voter ${voters}` }).then(
      ({ status }) => void statuses[option].push(status),
    );
    // One that nobody may ever answer is not waited for.
    if (option === 'guarana') return;
    answers.add(answer);
    void answer.finally(() => answers.delete(answer));
  }

  function accepted(): number {
    return statuses.coca.filter((status) => status === 202).length;
  }

  /** It stops with a vote on its way. */
  function stop(replica: Replica): void {
    replica.seam.stop();
    vote(replica, 'guarana');
  }

  function happen(time: number): void {
    if (time === pauses) stop(paused);
    if (time === resumes) paused.seam.resume();
    if (time === dies) stop(dead);
    if (time === storeAway[0]) setStoreAway(true);
    if (time === storeAway[1]) setStoreAway(false);
  }

  function voteAll(time: number): void {
    const option = time < 0 ? 'coca' : 'pepsi';
    vote(healthy, option);
    if (time < pauses || time >= resumes) vote(paused, option);
    if (time < dies) vote(dead, option);
  }

  async function step(): Promise<void> {
    await vi.advanceTimersByTimeAsync(STEP);
    const time = Date.now() - CLOSE;
    happen(time);
    if (time < 0 || time % 1_000 === 0) voteAll(time);
    await Promise.all(answers);
    await queue.ping();
    const snapshot = await store.snapshot(ROUND);
    if (snapshot === null || snapshot.final === null) return;
    final ??= snapshot;
    // Never early, and never another afterwards.
    expect(snapshot.counts[0]?.votes).toBe(accepted());
    expect({ ...snapshot, pending: null }).toEqual({ ...final, pending: null });
  }

  async function areReady(): Promise<boolean> {
    const answered = await Promise.all(replicas.map(({ url }) => call(`${url}/readyz`)));
    return answered.every(({ status }) => status === 200);
  }

  while (!(await areReady())) await vi.advanceTimersByTimeAsync(STEP);
  while (final === null && Date.now() < CLOSE + 90_000) await step();
  expect(final).not.toBeNull();
  // The dead one and the paused one sent their last beats less than 5 s before, and have a lease of 15 s.
  expect(Date.now() - CLOSE).toBeGreaterThan(Math.max(3_000, storeAway[1], Math.min(dies, pauses) + 10_000));
  for (let later = 0; later < 30; later += 1) await step();

  expect(accepted()).toBeGreaterThan(100);
  expect(new Set(statuses.pepsi)).toEqual(new Set([403]));
  const [coca, pepsi, guarana] = final!.counts.map(({ votes }) => votes);
  expect({ coca, pepsi }).toEqual({ coca: accepted(), pepsi: 0 });
  expect(await results()).toMatchObject({ counted: coca! + guarana!, final: { version: 1 } });
});

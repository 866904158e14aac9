import { SqsQueue } from '@voteapp/queue/sqs/sqs-queue';
import { Interception, refusal } from '@voteapp/queue/sqs/testing/interception';
import { StoreUnavailable, type VoteStore } from '@voteapp/store/port';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type SqsServer, startSqs } from '../../../test/servers/sqs.ts';
import { altered, eventually, metric, POLL, ROUND, START, Workbench } from './fixtures/workbench.ts';

const VISIBILITY_S = 2;
const LONG = { timeout: 60_000 };

describe('a worker on SQS', () => {
  let server: SqsServer;
  let bench: Workbench;
  let network: Interception;
  let apps = 0;
  const queues: SqsQueue[] = [];

  beforeAll(async () => {
    server = await startSqs();
  });
  afterAll(() => server.stop());

  /** Of the app that the test is about. */
  function openQueue(endpoint = server.endpoint): SqsQueue {
    const app = { namespace: `run${apps}`, name: ROUND };
    const { region, credentials } = server;
    const internals = { visibilityS: VISIBILITY_S, waitS: 1, pause: async () => {} };
    const queue = new SqsQueue({ region, endpoint, credentials, app }, internals);
    queues.push(queue);
    return queue;
  }

  beforeEach(async () => {
    apps += 1;
    network = await Interception.start(server.endpoint);
    bench = await Workbench.open(openQueue());
    await bench.writePoll(1, POLL);
  });

  afterEach(async () => {
    await bench.remove();
    network.clear();
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
    await network.stop();
  });

  /** The store of a worker whose transactions wait for `gate`; `begun` resolves when the first one waits. */
  function held(gate: Promise<void>): { readonly store: VoteStore; readonly begun: Promise<void> } {
    const begun = Promise.withResolvers<void>();
    const store = altered(bench.store, {
      async apply(shard, bodies, now) {
        begun.resolve();
        await gate;
        return await bench.store.apply(shard, bodies, now);
      },
    });
    return { store, begun: begun.promise };
  }

  test('whose messages become another’s in the middle of a transaction commits them, and they count once', async () => {
    const gate = Promise.withResolvers<void>();
    const { store, begun } = held(gate.promise);
    // It renews nothing, as one whose process is stopped.
    network.set('ChangeMessageVisibilityBatch', async () => refusal(503, 'ServiceUnavailable'));
    const slow = bench.worker({ store, queue: openQueue(network.endpoint) });
    await slow.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await begun;
    const other = bench.worker();
    await other.start();
    await expect.poll(() => bench.counted(), LONG).toBe(3);
    gate.resolve();
    await eventually(() => metric(slow.registry, 'voteapp_worker_transactions_total')).toBe(1);
    expect(await bench.snapshot()).toMatchObject({ accepted: 3, duplicates: 0, rejected: 0 });
    expect(await bench.counted()).toBe(3);
    expect(await metric(slow.registry, 'voteapp_worker_cast_total')).toBe(0);
  });

  test('holds what it has while the store is away for longer than SQS hides it, and counts it once', async () => {
    let away = true;
    let attempts = 0;
    const store = altered(bench.store, {
      async apply(shard, bodies, now) {
        attempts += 1;
        if (away) throw new StoreUnavailable('away');
        return await bench.store.apply(shard, bodies, now);
      },
    });
    const worker = bench.worker({ store });
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await expect.poll(() => attempts, LONG).toBeGreaterThan(0);
    const until = performance.now() + 3 * VISIBILITY_S * 1_000;
    await expect.poll(() => performance.now(), LONG).toBeGreaterThan(until);
    // Nobody else can have it: it is held, not given back.
    expect(await bench.queue.subscribe(0).ready()).toBe(0);
    expect(await metric(worker.registry, 'voteapp_worker_held_votes')).toBe(3);
    away = false;
    await expect.poll(() => bench.counted(), LONG).toBe(3);
    await expect.poll(() => bench.queue.depth?.(), LONG).toBe(0);
    expect(await metric(worker.registry, 'voteapp_worker_transactions_total')).toBe(1);
  });

  test('finds a round final when all is committed and the queue was quiet for a minute, and says that it is assumed', async () => {
    await bench.writePoll(2, { ...POLL, closesAt: new Date(START + 10_000).toISOString() });
    const worker = bench.worker();
    await worker.start();
    await bench.publishBeat({ b: 2, last: 1, closed: true });
    bench.now = START + 13_000;
    await bench.publishBatch({ n: 1, votes: 3 });
    await expect.poll(() => bench.counted(), LONG).toBe(3);
    await expect.poll(async () => (await bench.store.closingState(ROUND)).producers.length, LONG).toBe(1);
    bench.now = START + 13_000 + 59_000;
    expect((await bench.snapshot()).final).toBeNull();
    await expect.poll(() => bench.queue.depth?.(), LONG).toBe(0);
    bench.now += 2_000;
    const final = { version: 1, reason: 'assumed' };
    await expect.poll(async () => (await bench.snapshot()).final, LONG).toMatchObject(final);
    expect((await bench.store.closingState(ROUND)).markers).toEqual([]);
  });
});

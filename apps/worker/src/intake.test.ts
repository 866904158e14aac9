import type { VoteQueue, VoteSubscription } from '@voteapp/queue/port';
import { StoreUnavailable, type WorkerStore } from '@voteapp/store/port';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { altered, eventually, metric, POLL, producerId, Workbench } from './fixtures/workbench.ts';

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
  await bench.writePoll(1, POLL);
});

afterEach(async () => {
  await bench.remove();
});

function withSubscription(
  queue: VoteQueue,
  change: (original: VoteSubscription) => Partial<VoteSubscription>,
): VoteQueue {
  return altered(queue, {
    subscribe(shard) {
      const original = queue.subscribe(shard);
      return altered(original, change(original));
    },
  });
}

/** The store, away while `isAway` says so. */
function awayWhile(store: WorkerStore, isAway: () => boolean): WorkerStore {
  return altered(store, {
    apply: (...args) => (isAway() ? Promise.reject(new StoreUnavailable('away')) : store.apply(...args)),
  });
}

/** The store, unable to apply messages that contain a text. */
function brokenBy(store: WorkerStore, text: string): WorkerStore {
  return altered(store, {
    apply: (shard, bodies, now) =>
      bodies.some((body) => Buffer.from(body).includes(text))
        ? Promise.reject(new TypeError(`secret ${text}`))
        : store.apply(shard, bodies, now),
  });
}

async function waiting(): Promise<number> {
  const probe = bench.queue.subscribe(0);
  const ready = await probe.ready();
  await probe.close();
  return ready;
}

describe('counting', () => {
  test('every vote is counted once, and measured', async () => {
    const worker = bench.worker();
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await bench.publishBatch({ n: 2, votes: 4 });
    await bench.publishBatch({ n: 2, votes: 4 });
    await eventually(() => bench.counted()).toBe(7);
    await eventually(() => metric(worker.registry, 'voteapp_worker_held_votes')).toBe(0);
    expect(await metric(worker.registry, 'voteapp_worker_accepted_total')).toBe(7);
    expect(await metric(worker.registry, 'voteapp_worker_cast_total')).toBe(7);
    expect(await metric(worker.registry, 'voteapp_worker_transactions_total')).toBeGreaterThan(0);
    expect(worker.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('what waited before the start is counted', async () => {
    await bench.queue.declare(1);
    await bench.publishBatch({ n: 1, votes: 5 });
    await bench.worker().start();
    await eventually(() => bench.counted()).toBe(5);
  });

  test('a backlog of several transactions is counted', async () => {
    await bench.queue.declare(1);
    for (let n = 1; n <= 8; n += 1) await bench.publishBatch({ n, votes: 1_500 });
    await bench.worker().start();
    await eventually(() => bench.counted()).toBe(12_000);
  });

  test('what comes within 15 ms shares a transaction', async () => {
    const starts: number[] = [];
    const store = altered(bench.store, {
      apply(...args) {
        starts.push(performance.now());
        return bench.store.apply(...args);
      },
    });
    await bench.worker({ store }).start();
    for (let n = 1; n <= 30; n += 1) await bench.publishBatch({ n, votes: 1 });
    await eventually(() => bench.counted()).toBe(30);
    expect(starts.length).toBeGreaterThan(1);
    // A timer may be up to a millisecond early.
    for (const [index, start] of starts.slice(1).entries()) expect(start - starts[index]!).toBeGreaterThan(13);
  });

  test('the lag is measured from the sending to the commit, and a clock ahead is noticed', async () => {
    const worker = bench.worker();
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 1 });
    await bench.queue.publisher().publish(0, bench.batch({ n: 2, votes: 1 }), { sentAt: bench.now - 2_000, votes: 1 });
    await bench.queue.publisher().publish(0, bench.batch({ n: 3, votes: 1 }), { sentAt: bench.now + 251, votes: 1 });
    const lag = async (name: string): Promise<number | undefined> => {
      const { values } = await worker.registry.getSingleMetric('voteapp_worker_lag_seconds')!.get();
      return values.find((each) => (each as { metricName?: string }).metricName === name)?.value;
    };
    await eventually(() => lag('voteapp_worker_lag_seconds_count')).toBe(3);
    expect(await metric(worker.registry, 'voteapp_worker_skewed_messages_total')).toBe(1);
    expect(await lag('voteapp_worker_lag_seconds_sum')).toBe(2);
  });
});

describe('store outages', () => {
  test('votes are held, unacknowledged, and counted once the store is back', async () => {
    let away = true;
    let closed = 0;
    const queue = withSubscription(bench.queue, (original) => ({
      close: () => {
        closed += 1;
        return original.close();
      },
    }));
    const worker = bench.worker({ queue, store: awayWhile(bench.store, () => away) });
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await eventually(() => metric(worker.registry, 'voteapp_worker_held_votes', { queue: '0' })).toBe(3);
    await eventually(() => worker.lines.some(({ msg }) => msg === 'Store is away, votes are held')).toBe(true);
    expect(closed).toBe(0);
    away = false;
    await eventually(() => bench.counted()).toBe(3);
    await eventually(() => metric(worker.registry, 'voteapp_worker_held_votes')).toBe(0);
    expect(worker.lines.filter(({ msg }) => msg === 'Store is away, votes are held')).toHaveLength(1);
    expect(worker.lines.filter(({ msg }) => msg === 'Store is back')).toHaveLength(1);
  });

  test('a worker that stops in an outage acknowledges nothing, and the next one counts', async () => {
    const first = bench.worker({ store: awayWhile(bench.store, () => true) });
    await first.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await eventually(() => metric(first.registry, 'voteapp_worker_held_votes')).toBe(3);
    await first.stop();
    await bench.worker().start();
    await eventually(() => bench.counted()).toBe(3);
  });

  test('a start waits for the store, and is not ready before', async () => {
    let away = true;
    const store = altered(bench.store, {
      open: (owner) => (away ? Promise.reject(new StoreUnavailable('away')) : bench.store.open(owner)),
    });
    const worker = bench.worker({ store });
    const started = worker.start();
    await eventually(() => worker.lines.map(({ msg }) => msg)).toContain('Start waits for the store or the queue');
    away = false;
    await started;
    await bench.publishBatch({ n: 1, votes: 2 });
    await eventually(() => bench.counted()).toBe(2);
  });
});

describe('poison', () => {
  test('garbage ends in rejected with its reason, and the next message counts', async () => {
    const worker = bench.worker();
    await worker.start();
    await bench.publish(0, Buffer.from('\0garbage secret'), 1);
    await bench.publishBatch({ n: 1, votes: 2 });
    await eventually(() => bench.counted()).toBe(2);
    expect(await metric(worker.registry, 'voteapp_worker_rejected_total', { reason: 'malformed_message' })).toBe(1);
    const warnings = worker.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([expect.objectContaining({ reason: 'malformed_message', entries: 1, queue: '0' })]);
    expect(JSON.stringify(worker.lines)).not.toContain('secret');
  });

  test('a message that breaks the transaction is set aside alone, its neighbours count', async () => {
    await bench.queue.declare(1);
    await bench.publishBatch({ n: 1, votes: 2, producer: 1 });
    await bench.publishBatch({ n: 1, votes: 3, producer: 0xbad });
    await bench.publishBatch({ n: 2, votes: 4, producer: 1 });
    const worker = bench.worker({ store: brokenBy(bench.store, producerId(0xbad)) });
    await worker.start();
    await eventually(() => bench.counted()).toBe(6);
    await eventually(waiting).toBe(0);
    const { accepted, rejected } = await bench.snapshot();
    expect({ accepted, rejected }).toEqual({ accepted: 9, rejected: 3 });
    expect(await metric(worker.registry, 'voteapp_worker_rejected_total', { reason: 'store_error' })).toBe(3);
    expect(JSON.stringify(worker.lines)).not.toContain('secret');
  });

  test('a message that can neither be applied nor set aside stays, until it can', async () => {
    let broken = true;
    const store = altered(brokenBy(bench.store, producerId(0xbad)), {
      reject: (...args) => (broken ? Promise.reject(new TypeError('secret')) : bench.store.reject(...args)),
    });
    const worker = bench.worker({ store });
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3, producer: 0xbad });
    await bench.publishBatch({ n: 1, votes: 2, producer: 1 });
    const stuck = 'A message can be neither applied nor set aside';
    await eventually(() => worker.lines.some(({ msg, level }) => msg === stuck && level === 'error')).toBe(true);
    broken = false;
    await eventually(() => bench.counted()).toBe(2);
    expect((await bench.snapshot()).rejected).toBe(3);
  });
});

describe('acknowledging', () => {
  test('a worker that dies between the commit and the acknowledgement counts once', async () => {
    // Dead as far as the queue can tell: neither this acknowledgement nor a later one ever arrives.
    const queue = withSubscription(bench.queue, () => ({ ack: () => Promise.resolve() }));
    const first = bench.worker({ queue });
    await first.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await eventually(() => bench.counted()).toBe(3);
    await first.stop();
    expect(await waiting()).toBe(1);

    const second = bench.worker();
    await second.start();
    await bench.publishBatch({ n: 2, votes: 1 });
    await eventually(() => bench.counted()).toBe(4);
    await eventually(waiting).toBe(0);
    expect((await bench.snapshot()).accepted).toBe(4);
    expect(await metric(second.registry, 'voteapp_worker_accepted_total')).toBe(1);
  });

  test('nothing is acknowledged before it is committed', async () => {
    const commit = Promise.withResolvers<void>();
    let acknowledged = 0;
    const queue = withSubscription(bench.queue, (original) => ({
      ack: (last) => {
        acknowledged += 1;
        return original.ack(last);
      },
    }));
    const store = altered(bench.store, {
      apply: async (...args) => {
        await commit.promise;
        return bench.store.apply(...args);
      },
    });
    const worker = bench.worker({ queue, store });
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await eventually(() => metric(worker.registry, 'voteapp_worker_held_votes')).toBe(3);
    expect(acknowledged).toBe(0);
    commit.resolve();
    await eventually(() => acknowledged).toBe(1);
  });

  test('an acknowledgement that fails does no harm', async () => {
    let failing = true;
    const queue = withSubscription(bench.queue, (original) => ({
      ack: (last) => (failing ? Promise.reject(new Error('broken connection')) : original.ack(last)),
    }));
    await bench.worker({ queue }).start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await eventually(() => bench.counted()).toBe(3);
    failing = false;
    await bench.publishBatch({ n: 2, votes: 2 });
    await eventually(() => bench.counted()).toBe(5);
  });
});

describe('pending', () => {
  test('held votes are exact, those in the queue are estimated by the mean of what came', async () => {
    let away = false;
    await bench.worker({ store: awayWhile(bench.store, () => away) }).start();
    for (const [index, votes] of [6, 2].entries()) await bench.publishBatch({ n: index + 1, votes });
    await bench.publishBeat({ b: 1, last: 2, closed: false });
    await eventually(() => bench.counted()).toBe(8);
    await eventually(async () => (await bench.snapshot()).pending).toEqual({ votes: 0, writtenAt: bench.now });

    away = true;
    await bench.publishBatch({ n: 3, votes: 4 });
    await eventually(async () => (await bench.snapshot()).pending?.votes).toBe(4);
    // Mean of 6, 2, 0 and 4: 3 votes a message.
    await bench.publishBatch({ n: 4, votes: 100 });
    await bench.publishBatch({ n: 5, votes: 100 });
    await eventually(async () => (await bench.snapshot()).pending?.votes).toBe(4 + 2 * 3);
    bench.now += 1_000;
    await eventually(async () => (await bench.snapshot()).pending?.writtenAt).toBe(bench.now);
  });

  test('a worker beside the one that consumes does not overwrite its number with a guess', async () => {
    await bench.worker({ store: awayWhile(bench.store, () => true) }).start();
    await bench.publishBatch({ n: 1, votes: 50 });
    await eventually(async () => (await bench.snapshot()).pending?.votes).toBe(50);
    await bench.publishBatch({ n: 2, votes: 50 });
    await eventually(async () => (await bench.snapshot()).pending?.votes).toBe(100);
    let guesses = 0;
    const store = altered(bench.store, {
      writePending: (...args) => {
        guesses += 1;
        return bench.store.writePending(...args);
      },
    });
    const looks: number[] = [];
    const queue = withSubscription(bench.queue, (original) => ({
      ready: async () => {
        const ready = await original.ready();
        looks.push(ready);
        return ready;
      },
    }));
    await bench.worker({ queue, store }).start();
    await eventually(() => looks.length).toBeGreaterThan(3);
    expect(guesses).toBe(0);
    expect((await bench.snapshot()).pending?.votes).toBe(100);
  });
});

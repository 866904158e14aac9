import { decodeMessage } from '@voteapp/contracts/message';
import { QueueUnavailable, type VoteQueue } from '@voteapp/queue/port';
import { type ClosingState, StoreUnavailable } from '@voteapp/store/port';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { altered, type Bench, eventually, POLL, ROUND, START, Workbench } from './fixtures/workbench.ts';
import type { WorkerServiceDeps } from './service.ts';

const CLOSE = START + 10_000;
const SHARDS = 2;

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
  await bench.writePoll(1, { ...POLL, shards: SHARDS, closesAt: new Date(CLOSE).toISOString() });
  await bench.queue.declare(SHARDS);
});

afterEach(async () => {
  await bench.remove();
});

async function isFinal(): Promise<boolean> {
  return (await bench.snapshot()).final !== null;
}

async function markers(): Promise<ClosingState['markers']> {
  return (await bench.store.closingState(ROUND)).markers;
}

/** Every worker has looked at the rounds since. */
async function looks(store: { readonly looks: number }): Promise<void> {
  const before = store.looks;
  await eventually(() => store.looks).toBeGreaterThan(before + 2);
}

/** A worker and how often it has looked whether the round can be final. */
function watched(
  queue: VoteQueue = bench.queue,
  deps: Partial<WorkerServiceDeps> = {},
): { worker: Bench; counter: { looks: number } } {
  const counter = { looks: 0 };
  const store = altered(bench.store, {
    closingState: (round) => {
      counter.looks += 1;
      return bench.store.closingState(round);
    },
  });
  return { worker: bench.worker({ ...deps, store, queue }), counter };
}

async function beatOnEveryShard(beat: { b: number; last: number; closed: boolean; producer?: number }): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard += 1) await bench.publishBeat({ ...beat, shard });
}

test('a round without producers is final 3 s after the close, told once', async () => {
  const worker = bench.worker();
  await worker.start();
  bench.now = CLOSE + 2_999;
  await eventually(async () => (await bench.snapshot()).pending?.writtenAt).toBe(bench.now);
  expect(await markers()).toEqual([]);
  bench.now = CLOSE + 3_000;
  await eventually(isFinal).toBe(true);
  expect(await markers()).toEqual([{ marker: 1, at: CLOSE + 3_000, committed: true }]);
  bench.now += 60_000;
  await eventually(async () => (await bench.snapshot()).pending?.writtenAt).toBe(bench.now);
  const told = worker.lines.filter(({ msg }) => msg === 'Round is final');
  expect(told).toEqual([expect.objectContaining({ level: 'info', round: ROUND })]);
});

test('it waits for the closing beat of a producer and for the batch that the beat names', async () => {
  const { worker, counter } = watched();
  await worker.start();
  await beatOnEveryShard({ b: 1, last: 0, closed: false });
  await bench.publishBatch({ n: 1, votes: 3 });
  bench.now = CLOSE + 3_000;
  await eventually(async () => (await markers())[0]?.committed).toBe(true);
  await looks(counter);
  expect(await isFinal()).toBe(false);

  await bench.publishBeat({ b: 2, last: 2, closed: true, shard: 0 });
  await bench.publishBeat({ b: 2, last: 0, closed: true, shard: 1 });
  await eventually(async () => (await bench.store.closingState(ROUND)).producers[0]?.shards[1]?.closed).toBe(true);
  await looks(counter);
  expect(await isFinal()).toBe(false);

  await bench.publishBatch({ n: 2, votes: 2 });
  await eventually(isFinal).toBe(true);
  expect(await bench.counted()).toBe(5);
});

test('it takes a second marker for a producer that fell silent', async () => {
  await bench.worker().start();
  await beatOnEveryShard({ b: 1, last: 0, closed: false });
  await bench.publishBatch({ n: 1, votes: 3 });
  await eventually(async () => (await bench.store.closingState(ROUND)).producers[0]?.shards.length).toBe(SHARDS);
  bench.now = CLOSE + 3_000;
  await eventually(async () => (await markers())[0]?.committed).toBe(true);
  bench.now = START + 15_000;
  const quiet = bench.now;
  await eventually(async () => (await bench.snapshot()).pending?.writtenAt).toBe(quiet);
  expect(await isFinal()).toBe(false);
  bench.now += 1;
  await eventually(isFinal).toBe(true);
  expect((await markers()).map(({ at }) => at)).toEqual([CLOSE + 3_000, START + 15_001]);
});

test('a producer whose beats wait behind an outage of the store is not taken for dead', async () => {
  let away = false;
  let looked = 0;
  const store = altered(bench.store, {
    apply: (...args) => (away ? Promise.reject(new StoreUnavailable('away')) : bench.store.apply(...args)),
    closingState: (round) => {
      looked += 1;
      return bench.store.closingState(round);
    },
  });
  await bench.worker({ store }).start();
  await beatOnEveryShard({ b: 1, last: 0, closed: false });
  await eventually(async () => (await bench.store.closingState(ROUND)).producers[0]?.shards.length).toBe(SHARDS);
  away = true;
  bench.now = CLOSE + 20_000;
  await beatOnEveryShard({ b: 2, last: 1, closed: false });
  await eventually(async () => (await markers()).length).toBe(1);
  away = false;
  await eventually(async () => (await markers())[0]?.committed).toBe(true);
  const before = looked;
  await eventually(() => looked).toBeGreaterThan(before + 2);
  expect(await isFinal()).toBe(false);

  await bench.publishBatch({ n: 1, votes: 3 });
  await bench.publishBeat({ b: 3, last: 1, closed: true, shard: 0 });
  await bench.publishBeat({ b: 3, last: 0, closed: true, shard: 1 });
  await eventually(isFinal).toBe(true);
  expect(await bench.counted()).toBe(3);
});

test('a marker that could not be published is published again under its number', async () => {
  let down = true;
  const queue = altered(bench.queue, {
    publisher: () => {
      const publisher = bench.queue.publisher();
      return altered(publisher, {
        publish: (shard, ...rest) =>
          down && shard === 1 ? Promise.reject(new QueueUnavailable('down')) : publisher.publish(shard, ...rest),
      });
    },
  });
  const { worker, counter } = watched(queue);
  await worker.start();
  bench.now = CLOSE + 3_000;
  await eventually(async () => (await markers()).length).toBe(1);
  await looks(counter);
  down = false;
  await looks(counter);
  expect(await markers()).toEqual([{ marker: 1, at: CLOSE + 3_000, committed: false }]);
  bench.now = CLOSE + 8_000;
  await eventually(isFinal).toBe(true);
  expect(await markers()).toEqual([{ marker: 1, at: CLOSE + 3_000, committed: true }]);
});

test('a marker that a dead worker has taken and not published is published by the next', async () => {
  await bench.worker().start();
  await bench.store.addMarker(ROUND, CLOSE + 3_000);
  bench.now = CLOSE + 8_000;
  await eventually(isFinal).toBe(true);
  expect(await markers()).toHaveLength(1);
});

test('a marker behind a backlog is not published again and again', async () => {
  const published: number[] = [];
  const queue = altered(bench.queue, {
    publisher: () => {
      const publisher = bench.queue.publisher();
      return altered(publisher, {
        publish: (shard, body, headers) => {
          const message = decodeMessage(body);
          if (shard === 0 && 'marker' in message) published.push(message.marker);
          return publisher.publish(shard, body, headers);
        },
      });
    },
    // Nobody consumes.
    subscribe: (shard) => altered(bench.queue.subscribe(shard), { take: () => new Promise(() => {}) }),
  });
  const { worker, counter } = watched(queue, { stopLimitMs: 10 });
  await worker.start();
  for (const after of [3_000, 7_999, 8_000, 12_999, 13_000]) {
    bench.now = CLOSE + after;
    await looks(counter);
    await looks(counter);
  }
  expect(published).toEqual([1, 1, 1]);
});

test('several workers agree on one result', async () => {
  const workers = [bench.worker(), bench.worker(), bench.worker()];
  for (const worker of workers) await worker.start();
  await beatOnEveryShard({ b: 1, last: 0, closed: false });
  await bench.publishBatch({ n: 1, votes: 3 });
  await bench.publishBeat({ b: 2, last: 1, closed: true, shard: 0 });
  await bench.publishBeat({ b: 2, last: 0, closed: true, shard: 1 });
  bench.now = CLOSE + 3_000;
  await eventually(isFinal).toBe(true);
  const { final } = await bench.snapshot();
  expect(await bench.counted()).toBe(3);
  expect(final).toEqual({ version: 1, at: CLOSE + 3_000 });
  expect(workers.flatMap(({ lines }) => lines).filter(({ level }) => level === 'warn')).toEqual([]);
});

test('whoever holds the folder knows that the producers of earlier runs are dead, at once', async () => {
  const first = bench.worker();
  await first.start();
  await beatOnEveryShard({ b: 1, last: 0, closed: false });
  await bench.publishBatch({ n: 1, votes: 3 });
  await eventually(() => bench.counted()).toBe(3);
  await eventually(async () => (await bench.store.closingState(ROUND)).producers[0]?.shards.length).toBe(SHARDS);
  bench.now = CLOSE;
  await beatOnEveryShard({ b: 2, last: 1, closed: false });
  await eventually(async () => (await bench.store.closingState(ROUND)).producers[0]?.lastBeatAt).toBe(CLOSE);
  await first.stop();
  // What the dead run had accepted waits in the queue.
  await bench.publishBatch({ n: 2, votes: 2 });

  bench.now = CLOSE + 2_000;
  await bench.worker({ exclusive: true }).start();
  bench.now = CLOSE + 3_000;
  await eventually(isFinal).toBe(true);
  expect(await bench.counted()).toBe(5);
});

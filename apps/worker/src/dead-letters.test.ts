import type { DeadLetter, VoteQueue, VoteSubscription } from '@voteapp/queue/port';
import { StoreUnavailable } from '@voteapp/store/port';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { altered, eventually, POLL, START, Workbench } from './fixtures/workbench.ts';

const CLOSE = START + 10_000;
const SHARDS = 2;
/** The queue of this number plays the one of the dead letters; their own shard is the last. */
const DEAD = SHARDS;

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
  await bench.writePoll(1, { ...POLL, shards: SHARDS, closesAt: new Date(CLOSE).toISOString() });
  await bench.queue.declare(SHARDS + 1);
});
afterEach(() => bench.remove());

function withDeadLetters(): VoteQueue {
  return altered(bench.queue, {
    deadLetters(): VoteSubscription<DeadLetter> {
      const subscription = bench.queue.subscribe(DEAD);
      return altered(subscription, {
        async take(maxVotes) {
          const deliveries = await subscription.take(maxVotes);
          return deliveries.map((delivery) => Object.assign(delivery, { shard: SHARDS - 1 }));
        },
      }) as VoteSubscription<DeadLetter>;
    },
  });
}

test('dead letters are applied on the shard they were published to', async () => {
  await bench.worker({ queue: withDeadLetters() }).start();
  await bench.publish(DEAD, bench.batch({ n: 1, votes: 3, shard: SHARDS - 1 }), 3);
  await eventually(() => bench.counted()).toBe(3);
  expect(await bench.snapshot()).toMatchObject({ accepted: 3, rejected: 0 });
});

test('a dead letter that is no message is set aside, and the next one counts', async () => {
  await bench.worker({ queue: withDeadLetters() }).start();
  await bench.publish(DEAD, Buffer.from('garbage'), 1);
  await bench.publish(DEAD, bench.batch({ n: 1, votes: 2, shard: SHARDS - 1 }), 2);
  await eventually(() => bench.counted()).toBe(2);
});

test('a round is not final while dead letters wait', async () => {
  let away = true;
  const store = altered(bench.store, {
    apply: (shard, bodies, now) =>
      away && bodies.some((body) => Buffer.from(body).includes('"votes"'))
        ? Promise.reject(new StoreUnavailable('away'))
        : bench.store.apply(shard, bodies, now),
  });
  await bench.publish(DEAD, bench.batch({ n: 1, votes: 4, shard: SHARDS - 1 }), 4);
  const worker = bench.worker({ queue: withDeadLetters(), store });
  await worker.start();
  bench.now = CLOSE + 3_000;
  const warned = (): boolean => worker.lines.some(({ msg }) => msg === 'Round is not final while dead letters wait');
  await eventually(warned).toBe(true);
  expect((await bench.snapshot()).final).toBeNull();
  away = false;
  await eventually(async () => (await bench.snapshot()).final).not.toBeNull();
  expect(await bench.counted()).toBe(4);
});

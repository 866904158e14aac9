import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type SqsServer, startSqs } from '../../../../test/servers/sqs.ts';
import { AppUnderTest } from './testing/app-under-test.ts';
import { HEADERS, publish, take, textOf } from './testing/messages.ts';

const LONG = { timeout: 60_000 };

describe('SQS that is killed and stopped', () => {
  let server: SqsServer;
  let underTest: AppUnderTest;

  beforeEach(async () => {
    server = await startSqs({ onDisk: true });
    underTest = new AppUnderTest(server);
  });
  afterEach(async () => {
    server.resume();
    await underTest.close();
    await server.stop();
  });

  test('killed twice while messages are published it has all that it confirmed', async () => {
    const queue = await underTest.openDeclared();
    const publisher = queue.publisher();
    const confirmed = new Set<string>();
    const stop = new AbortController();
    let [published, refused] = [0, 0];
    const lanes = Array.from({ length: 20 }, async () => {
      while (!stop.signal.aborted) {
        const each = String((published += 1));
        await publisher.publish(0, Buffer.from(each), HEADERS).then(
          () => void confirmed.add(each),
          () => void (refused += 1),
        );
      }
    });
    for (let kill = 0; kill < 2; kill += 1) {
      const before = confirmed.size;
      await expect.poll(() => confirmed.size, LONG).toBeGreaterThan(before + 200);
      const refusedBefore = refused;
      await server.kill();
      await expect.poll(() => refused, LONG).toBeGreaterThan(refusedBefore);
      await server.restart();
    }
    const before = confirmed.size;
    await expect.poll(() => confirmed.size, LONG).toBeGreaterThan(before + 200);
    stop.abort();
    await Promise.all(lanes);
    expect(refused).toBeGreaterThan(0);

    const subscription = queue.subscribe(0);
    const missing = new Set(confirmed);
    while (missing.size > 0) {
      const deliveries = await subscription.take(1_000);
      for (const delivery of deliveries) missing.delete(textOf(delivery));
      await subscription.ack(deliveries.at(-1)!);
    }
  });

  test('stopped it confirms nothing, answers no ping, and goes on where it was', async () => {
    const queue = await underTest.openDeclared();
    await queue.ping();
    server.pause();
    const [ping, published] = await Promise.allSettled([queue.ping(), publish(queue, 'a')]);
    expect(ping).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailable' } });
    expect(String((published as PromiseRejectedResult).reason)).toContain('no answer');
    server.resume();
    await vi.waitFor(() => publish(queue, 'b'), LONG);
    expect((await take(queue.subscribe(0), 1)).map(textOf)).not.toEqual([]);
  });
});

import { expect, test } from 'vitest';

import type { VoteSubscription } from '../port.ts';
import { takeCount, takeTexts, textOf, type QueueTrial } from './queue-trial.ts';

/** Who takes from a shard, and when that ends. */
export function describeSubscriptions(trial: QueueTrial): void {
  const alone = 'a second subscription stays idle until the first closes, then gets what that did not acknowledge';
  if (trial.ordered) {
    test(alone, async () => {
      await trial.publish(0, 'a', 'b');
      const first = trial.queue.subscribe(0);
      const [a] = await takeCount(first, 2);
      const second = trial.queue.subscribe(0);
      const secondTook = second.take(10);
      await trial.publish(0, 'c');
      expect(await takeTexts(first, 1)).toEqual(['c']);
      await first.ack(a!);
      await first.close();
      const deliveries = [...(await secondTook)];
      if (deliveries.length < 2) deliveries.push(...(await takeCount(second, 2 - deliveries.length)));
      expect(deliveries.map(textOf)).toEqual(['b', 'c']);
      expect(deliveries.map(({ redelivered }) => redelivered)).toEqual([true, true]);
    });
  } else {
    test('two subscriptions share a shard, and each message is given to one of them', async () => {
      const [first, second] = [trial.queue.subscribe(0), trial.queue.subscribe(0)];
      const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
      await trial.publish(0, ...texts);
      const taken: string[] = [];
      const drains = [first, second].map(async (subscription) => {
        for (;;) {
          const deliveries = await subscription.take(1_000);
          if (deliveries.length === 0) return;
          taken.push(...deliveries.map(textOf));
          await subscription.ack(deliveries.at(-1)!);
        }
      });
      await expect.poll(() => taken.length).toBe(60);
      await Promise.all([first.close(), second.close()]);
      await Promise.all(drains);
      trial.expectTexts(taken, texts);
    });
  }

  test('ready counts what no subscription has taken', async () => {
    const subscription = trial.queue.subscribe(0);
    await trial.publish(0, 'a', 'b', 'c');
    await trial.publish(1, 'elsewhere');
    await expect.poll(() => subscription.ready()).toBe(3);
    const taken = await takeCount(subscription, 2, 1);
    await expect.poll(() => subscription.ready()).toBe(1);
    await subscription.ack(taken[0]!);
    await expect.poll(() => subscription.ready()).toBe(1);
    await subscription.close();
    const next = trial.queue.subscribe(0);
    await expect.poll(() => next.ready()).toBe(2);
    await next.ack((await takeCount(next, 2))[1]!);
    await expect.poll(() => next.ready()).toBe(0);
    await trial.publish(0, 'd');
    await next.close();
    await trial.restart();
    const last = trial.queue.subscribe(0);
    await expect.poll(() => last.ready()).toBe(1);
  });

  test.each<{ title: string; close: (subscription: VoteSubscription) => Promise<void> }>([
    { title: 'its own close', close: (subscription) => subscription.close() },
    { title: 'the close of the queue', close: () => trial.queue.close() },
  ])('$title ends a take that waits, with nothing', async ({ close }) => {
    const subscription = trial.queue.subscribe(0);
    const waiting = subscription.take(10);
    await close(subscription);
    expect(await waiting).toEqual([]);
    expect(await subscription.take(10)).toEqual([]);
  });

  test('closing twice does no harm', async () => {
    const subscription = trial.queue.subscribe(0);
    await subscription.close();
    await subscription.close();
    await trial.queue.close();
    await trial.queue.close();
  });
}

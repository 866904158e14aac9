import { expect, test } from 'vitest';

import { takeCount, takeTexts, textOf, type QueueTrial } from './queue-trial.ts';

/** What an acknowledgement covers. */
export function describeAcknowledging(trial: QueueTrial): void {
  test('an acknowledgement covers everything taken before it, and nothing after it', async () => {
    await trial.publish(0, 'a', 'b', 'c', 'd', 'e');
    const first = trial.queue.subscribe(0);
    const taken = await takeCount(first, 5);
    trial.expectTexts(taken.map(textOf), ['a', 'b', 'c', 'd', 'e']);
    await first.ack(taken[2]!);
    await first.close();
    trial.expectTexts(await takeTexts(trial.queue.subscribe(0), 2), taken.slice(3).map(textOf));
  });

  test('what a closed subscription did not acknowledge comes again in order, marked as redelivered', async () => {
    await trial.publish(0, 'a', 'b', 'c');
    const first = trial.queue.subscribe(0);
    const taken = await takeCount(first, 2, 1);
    expect(taken.map(({ redelivered }) => redelivered)).toEqual([false, false]);
    await first.close();
    await trial.publish(0, 'd');
    const again = await takeCount(trial.queue.subscribe(0), 4);
    trial.expectTexts(again.map(textOf), ['a', 'b', 'c', 'd']);
    const isAgain = new Map(again.map((delivery) => [textOf(delivery), delivery.redelivered]));
    expect(taken.map((delivery) => isAgain.get(textOf(delivery)))).toEqual([true, true]);
    expect(isAgain.get('d')).toBe(false);
  });

  test('one that was acknowledged already may be acknowledged again', async () => {
    await trial.publish(0, 'a', 'b', 'c');
    const subscription = trial.queue.subscribe(0);
    const [first, second, third] = await takeCount(subscription, 3);
    await subscription.ack(second!);
    await subscription.ack(first!);
    await subscription.ack(second!);
    await subscription.close();
    expect(await takeTexts(trial.queue.subscribe(0), 1)).toEqual([textOf(third!)]);
  });

  test('an acknowledgement that comes after the subscription was closed does nothing', async () => {
    await trial.publish(0, 'a', 'b');
    const stale = trial.queue.subscribe(0);
    const [, last] = await takeCount(stale, 2);
    await stale.close();
    const next = trial.queue.subscribe(0);
    await stale.ack(last!);
    trial.expectTexts(await takeTexts(next, 2), ['a', 'b']);
    await stale.ack(last!);
    await next.close();
    trial.expectTexts(await takeTexts(trial.queue.subscribe(0), 2), ['a', 'b']);
  });
}

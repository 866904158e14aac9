import { expect, test } from 'vitest';

import { drainTexts, HEADERS, takeCount, takeTexts, textOf, type QueueTrial } from './queue-trial.ts';

const CONCURRENT = 500;

/** What a restart leaves. */
export function describeDurability(trial: QueueTrial): void {
  test('what was confirmed is there after a restart, in order', async () => {
    await trial.publish(0, 'a', 'b', 'c');
    await trial.publish(1, 'other');
    await trial.restart();
    trial.expectTexts(await takeTexts(trial.queue.subscribe(0), 3), ['a', 'b', 'c']);
    expect(await takeTexts(trial.queue.subscribe(1), 1)).toEqual(['other']);
  });

  test('what was delivered survives, even when its publisher was not answered yet', async () => {
    const subscription = trial.queue.subscribe(0);
    const published = trial.queue.publisher().publish(0, Buffer.from('early'), HEADERS);
    expect(await takeTexts(subscription, 1)).toEqual(['early']);
    await trial.restart();
    const [again] = await takeCount(trial.queue.subscribe(0), 1);
    expect(textOf(again!)).toBe('early');
    expect(again!.redelivered).toBe(true);
    await published.catch(() => undefined);
  });

  test('what was acknowledged does not come again after a restart', async () => {
    await trial.publish(0, 'a', 'b', 'c');
    const subscription = trial.queue.subscribe(0);
    const [, second, third] = await takeCount(subscription, 3);
    await subscription.ack(second!);
    await trial.restart();
    const [rest] = await takeCount(trial.queue.subscribe(0), 1);
    expect(textOf(rest!)).toBe(textOf(third!));
    expect(rest!.redelivered).toBe(true);
  });

  test('publishing goes on after a restart, behind what was there', async () => {
    await trial.publish(0, 'before');
    await trial.restart();
    await trial.publish(0, 'after');
    trial.expectTexts(await takeTexts(trial.queue.subscribe(0), 2), ['before', 'after']);
  });

  test('concurrent publishes are all confirmed and all delivered', async () => {
    const publisher = trial.queue.publisher();
    const texts = Array.from({ length: CONCURRENT }, (_, index) => `${index}`);
    await Promise.all(
      texts.map((each, index) => publisher.publish(index % 2, Buffer.from(each), { ...HEADERS, sentAt: index })),
    );
    const even = await drainTexts(trial.queue.subscribe(0), CONCURRENT / 2);
    const odd = await drainTexts(trial.queue.subscribe(1), CONCURRENT / 2);
    expect(new Set([...even, ...odd])).toEqual(new Set(texts));
    expect(even.every((each) => Number(each) % 2 === 0)).toBe(true);
  });
}

import { expect, test } from 'vitest';

import type { MessageHeaders } from '@voteapp/contracts/message';

import { HEADERS, takeCount, takeTexts, textOf, type QueueTrial } from './queue-trial.ts';

/** What is published, and what comes of it. */
export function describeDelivering(trial: QueueTrial): void {
  test(trial.ordered ? 'a shard is delivered in the order of publication' : 'a shard is delivered', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
    await trial.publish(0, ...texts);
    trial.expectTexts(await takeTexts(trial.queue.subscribe(0), 50), texts);
  });

  test('a message published while a take waits is delivered to it', async () => {
    const subscription = trial.queue.subscribe(0);
    const waiting = subscription.take(10);
    await trial.publish(0, 'a');
    expect((await waiting).map(textOf)).toEqual(['a']);
    await trial.publish(0, 'b');
    expect(await takeTexts(subscription, 1)).toEqual(['b']);
  });

  test('shards do not see or hold up each other', async () => {
    const [first, second] = [trial.queue.subscribe(0), trial.queue.subscribe(1)];
    await trial.publish(0, 'for 0');
    await trial.publish(1, 'for 1', 'for 1 again');
    trial.expectTexts(await takeTexts(second, 2), ['for 1', 'for 1 again']);
    expect(await takeTexts(first, 1)).toEqual(['for 0']);
  });

  test.each<{ title: string; body: Buffer; headers: MessageHeaders }>([
    { title: 'an empty body', body: Buffer.alloc(0), headers: { sentAt: 1, votes: 0 } },
    {
      title: 'every byte value',
      body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      headers: { sentAt: 2, votes: 1 },
    },
    {
      title: '256 KiB',
      body: Buffer.from(Array.from({ length: 256 * 1024 }, (_, index) => (index * 31) % 251)),
      headers: {
        sentAt: 1_764_000_000_123,
        votes: 2_000,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    },
  ])('$title and its headers arrive unchanged, also after a restart', async ({ body, headers }) => {
    await trial.queue.publisher().publish(0, body, headers);
    const [before] = await takeCount(trial.queue.subscribe(0), 1);
    await trial.restart();
    const [after] = await takeCount(trial.queue.subscribe(0), 1);
    for (const delivery of [before, after]) {
      expect(Buffer.compare(Buffer.from(delivery!.body), body)).toBe(0);
      expect(delivery!.headers).toEqual(headers);
    }
  });

  test('the same bytes published twice are two messages, and stay the publisher’s own', async () => {
    const publisher = trial.queue.publisher();
    const bytes = Buffer.from('same');
    await publisher.publish(0, bytes, HEADERS);
    await publisher.publish(0, bytes, HEADERS);
    expect(bytes.toString()).toBe('same');
    expect(await takeTexts(trial.queue.subscribe(0), 2)).toEqual(['same', 'same']);
  });

  test('bytes changed after the confirm do not change the message', async () => {
    const bytes = Buffer.from('before');
    await trial.queue.publisher().publish(0, bytes, HEADERS);
    bytes.write('after!');
    expect(await takeTexts(trial.queue.subscribe(0), 1)).toEqual(['before']);
  });
}

/** How much a take brings. */
export function describeTakes(trial: QueueTrial): void {
  test('it stays within maxVotes', async () => {
    const publisher = trial.queue.publisher();
    const votes = [3, 4, 5, 1, 6, 2, 7, 0, 3];
    for (const count of votes) await publisher.publish(0, Buffer.from('x'), { ...HEADERS, votes: count });
    const subscription = trial.queue.subscribe(0);
    const taken: number[] = [];
    while (taken.length < votes.length) {
      const counts = (await subscription.take(7)).map(({ headers }) => headers.votes);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(7);
      taken.push(...counts);
    }
    expect(trial.arranged(taken)).toEqual(trial.arranged(votes));
  });

  test('a message over maxVotes comes alone', async () => {
    const publisher = trial.queue.publisher();
    for (const votes of [500, 1]) await publisher.publish(0, Buffer.from(`${votes}`), { ...HEADERS, votes });
    const subscription = trial.queue.subscribe(0);
    const takes = [await subscription.take(10), await subscription.take(10)];
    expect(takes.map(({ length }) => length)).toEqual([1, 1]);
    trial.expectTexts(takes.flat().map(textOf), ['500', '1']);
  });

  test('a backlog is taken several messages at a time', async () => {
    await trial.publish(0, ...Array.from({ length: 100 }, (_, index) => `${index}`));
    const subscription = trial.queue.subscribe(0);
    let takes = 0;
    for (let taken = 0; taken < 100; takes++) taken += (await subscription.take(1_000)).length;
    expect(takes).toBeLessThan(100);
  });
}

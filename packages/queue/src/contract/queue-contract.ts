import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { MessageHeaders } from '@voteapp/contracts/message';

import { type Delivery, QueueUnavailable, type VoteQueue, type VoteSubscription } from '../port.ts';

/** One queue of a driver, empty at first. */
export interface QueueUnderTest {
  /** Connects to it; after a `close()` of what it returned last, which is then a restart. */
  open(): Promise<VoteQueue>;
  /** Removes it. What was opened has been closed before. */
  remove(): Promise<void>;
}

const HEADERS: MessageHeaders = { sentAt: 1_764_000_000_000, votes: 1 };
const CONCURRENT = 500;

function text(delivery: Delivery): string {
  return Buffer.from(delivery.body).toString();
}

/** Takes until `count` deliveries are there. */
async function takeCount(subscription: VoteSubscription, count: number, maxVotes = 1_000): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  while (taken.length < count) {
    const deliveries = await subscription.take(maxVotes);
    expect(deliveries, 'take returned nothing, as if the subscription were closed').not.toHaveLength(0);
    taken.push(...deliveries);
  }
  return taken;
}

/** Takes that many and acknowledges them on the way, as more than a driver lets be taken at a time. */
async function drainTexts(subscription: VoteSubscription, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const deliveries = await takeCount(subscription, 1);
    texts.push(...deliveries.map(text));
    await subscription.ack(deliveries.at(-1)!);
  }
  return texts;
}

async function takeTexts(subscription: VoteSubscription, count: number): Promise<string[]> {
  return (await takeCount(subscription, count)).map(text);
}

/**
 * What every driver of {@link VoteQueue} does, said once. `create` makes a queue that no other test uses. `ordered`:
 * whether it keeps the order of publication, and gives a shard to one subscription at a time.
 */
export function describeQueue(
  name: string,
  create: () => Promise<QueueUnderTest>,
  { ordered = true }: { readonly ordered?: boolean } = {},
): void {
  describe(`${name} is a VoteQueue`, () => {
    let underTest: QueueUnderTest;
    let queue: VoteQueue;

    /** What is compared of deliveries: where there is no order, only which they are. */
    function arranged<T extends string | number>(values: readonly T[]): T[] {
      return ordered ? [...values] : [...values].sort((a, b) => (a < b ? -1 : 1));
    }

    function expectTexts(texts: readonly string[], expected: readonly string[]): void {
      expect(arranged(texts)).toEqual(arranged(expected));
    }

    beforeEach(async () => {
      underTest = await create();
      queue = await underTest.open();
      await queue.declare(2);
    });

    afterEach(async () => {
      await queue.close();
      await underTest.remove();
    });

    async function restart(): Promise<void> {
      await queue.close();
      queue = await underTest.open();
      await queue.declare(2);
    }

    async function publish(shard: number, ...texts: string[]): Promise<void> {
      const publisher = queue.publisher();
      for (const each of texts) await publisher.publish(shard, Buffer.from(each), HEADERS);
    }

    describe('delivering', () => {
      test(ordered ? 'a shard is delivered in the order of publication' : 'a shard is delivered', async () => {
        const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
        await publish(0, ...texts);
        expectTexts(await takeTexts(queue.subscribe(0), 50), texts);
      });

      test('a message published while a take waits is delivered to it', async () => {
        const subscription = queue.subscribe(0);
        const waiting = subscription.take(10);
        await publish(0, 'a');
        expect((await waiting).map(text)).toEqual(['a']);
        await publish(0, 'b');
        expect(await takeTexts(subscription, 1)).toEqual(['b']);
      });

      test('shards do not see or hold up each other', async () => {
        const [first, second] = [queue.subscribe(0), queue.subscribe(1)];
        await publish(0, 'for 0');
        await publish(1, 'for 1', 'for 1 again');
        expectTexts(await takeTexts(second, 2), ['for 1', 'for 1 again']);
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
        await queue.publisher().publish(0, body, headers);
        const [before] = await takeCount(queue.subscribe(0), 1);
        await restart();
        const [after] = await takeCount(queue.subscribe(0), 1);
        for (const delivery of [before, after]) {
          expect(Buffer.compare(Buffer.from(delivery!.body), body)).toBe(0);
          expect(delivery!.headers).toEqual(headers);
        }
      });

      test('the same bytes published twice are two messages, and stay the publisher’s own', async () => {
        const publisher = queue.publisher();
        const bytes = Buffer.from('same');
        await publisher.publish(0, bytes, HEADERS);
        await publisher.publish(0, bytes, HEADERS);
        expect(bytes.toString()).toBe('same');
        expect(await takeTexts(queue.subscribe(0), 2)).toEqual(['same', 'same']);
      });

      test('bytes changed after the confirm do not change the message', async () => {
        const bytes = Buffer.from('before');
        await queue.publisher().publish(0, bytes, HEADERS);
        bytes.write('after!');
        expect(await takeTexts(queue.subscribe(0), 1)).toEqual(['before']);
      });
    });

    describe('limits of a take', () => {
      test('it stays within maxVotes', async () => {
        const publisher = queue.publisher();
        const votes = [3, 4, 5, 1, 6, 2, 7, 0, 3];
        for (const count of votes) await publisher.publish(0, Buffer.from('x'), { ...HEADERS, votes: count });
        const subscription = queue.subscribe(0);
        const taken: number[] = [];
        while (taken.length < votes.length) {
          const counts = (await subscription.take(7)).map(({ headers }) => headers.votes);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(7);
          taken.push(...counts);
        }
        expect(arranged(taken)).toEqual(arranged(votes));
      });

      test('a message over maxVotes comes alone', async () => {
        const publisher = queue.publisher();
        for (const votes of [500, 1]) await publisher.publish(0, Buffer.from(`${votes}`), { ...HEADERS, votes });
        const subscription = queue.subscribe(0);
        const takes = [await subscription.take(10), await subscription.take(10)];
        expect(takes.map(({ length }) => length)).toEqual([1, 1]);
        expectTexts(takes.flat().map(text), ['500', '1']);
      });

      test('a backlog is taken several messages at a time', async () => {
        await publish(0, ...Array.from({ length: 100 }, (_, index) => `${index}`));
        const subscription = queue.subscribe(0);
        let takes = 0;
        for (let taken = 0; taken < 100; takes++) taken += (await subscription.take(1_000)).length;
        expect(takes).toBeLessThan(100);
      });
    });

    describe('durability', () => {
      test('what was confirmed is there after a restart, in order', async () => {
        await publish(0, 'a', 'b', 'c');
        await publish(1, 'other');
        await restart();
        expectTexts(await takeTexts(queue.subscribe(0), 3), ['a', 'b', 'c']);
        expect(await takeTexts(queue.subscribe(1), 1)).toEqual(['other']);
      });

      test('what was delivered survives, even when its publisher was not answered yet', async () => {
        const subscription = queue.subscribe(0);
        const published = queue.publisher().publish(0, Buffer.from('early'), HEADERS);
        expect(await takeTexts(subscription, 1)).toEqual(['early']);
        await restart();
        const [again] = await takeCount(queue.subscribe(0), 1);
        expect(text(again!)).toBe('early');
        expect(again!.redelivered).toBe(true);
        await published.catch(() => undefined);
      });

      test('what was acknowledged does not come again after a restart', async () => {
        await publish(0, 'a', 'b', 'c');
        const subscription = queue.subscribe(0);
        const [, second, third] = await takeCount(subscription, 3);
        await subscription.ack(second!);
        await restart();
        const [rest] = await takeCount(queue.subscribe(0), 1);
        expect(text(rest!)).toBe(text(third!));
        expect(rest!.redelivered).toBe(true);
      });

      test('publishing goes on after a restart, behind what was there', async () => {
        await publish(0, 'before');
        await restart();
        await publish(0, 'after');
        expectTexts(await takeTexts(queue.subscribe(0), 2), ['before', 'after']);
      });

      test('concurrent publishes are all confirmed and all delivered', async () => {
        const publisher = queue.publisher();
        const texts = Array.from({ length: CONCURRENT }, (_, index) => `${index}`);
        await Promise.all(
          texts.map((each, index) => publisher.publish(index % 2, Buffer.from(each), { ...HEADERS, sentAt: index })),
        );
        const even = await drainTexts(queue.subscribe(0), CONCURRENT / 2);
        const odd = await drainTexts(queue.subscribe(1), CONCURRENT / 2);
        expect(new Set([...even, ...odd])).toEqual(new Set(texts));
        expect(even.every((each) => Number(each) % 2 === 0)).toBe(true);
      });
    });

    describe('acknowledging', () => {
      test('an acknowledgement covers everything taken before it, and nothing after it', async () => {
        await publish(0, 'a', 'b', 'c', 'd', 'e');
        const first = queue.subscribe(0);
        const taken = await takeCount(first, 5);
        expectTexts(taken.map(text), ['a', 'b', 'c', 'd', 'e']);
        await first.ack(taken[2]!);
        await first.close();
        expectTexts(await takeTexts(queue.subscribe(0), 2), taken.slice(3).map(text));
      });

      test('what a closed subscription did not acknowledge comes again in order, marked as redelivered', async () => {
        await publish(0, 'a', 'b', 'c');
        const first = queue.subscribe(0);
        const taken = await takeCount(first, 2, 1);
        expect(taken.map(({ redelivered }) => redelivered)).toEqual([false, false]);
        await first.close();
        await publish(0, 'd');
        const again = await takeCount(queue.subscribe(0), 4);
        expectTexts(again.map(text), ['a', 'b', 'c', 'd']);
        const isAgain = new Map(again.map((delivery) => [text(delivery), delivery.redelivered]));
        expect(taken.map((delivery) => isAgain.get(text(delivery)))).toEqual([true, true]);
        expect(isAgain.get('d')).toBe(false);
      });

      test('one that was acknowledged already may be acknowledged again', async () => {
        await publish(0, 'a', 'b', 'c');
        const subscription = queue.subscribe(0);
        const [first, second, third] = await takeCount(subscription, 3);
        await subscription.ack(second!);
        await subscription.ack(first!);
        await subscription.ack(second!);
        await subscription.close();
        expect(await takeTexts(queue.subscribe(0), 1)).toEqual([text(third!)]);
      });

      test('an acknowledgement that comes after the subscription was closed does nothing', async () => {
        await publish(0, 'a', 'b');
        const stale = queue.subscribe(0);
        const [, last] = await takeCount(stale, 2);
        await stale.close();
        const next = queue.subscribe(0);
        await stale.ack(last!);
        expectTexts(await takeTexts(next, 2), ['a', 'b']);
        await stale.ack(last!);
        await next.close();
        expectTexts(await takeTexts(queue.subscribe(0), 2), ['a', 'b']);
      });
    });

    describe('subscriptions', () => {
      const alone = 'a second subscription stays idle until the first closes, then gets what that did not acknowledge';
      if (ordered) {
        test(alone, async () => {
          await publish(0, 'a', 'b');
          const first = queue.subscribe(0);
          const [a] = await takeCount(first, 2);
          const second = queue.subscribe(0);
          const secondTook = second.take(10);
          await publish(0, 'c');
          expect(await takeTexts(first, 1)).toEqual(['c']);
          await first.ack(a!);
          await first.close();
          const deliveries = [...(await secondTook)];
          if (deliveries.length < 2) deliveries.push(...(await takeCount(second, 2 - deliveries.length)));
          expect(deliveries.map(text)).toEqual(['b', 'c']);
          expect(deliveries.map(({ redelivered }) => redelivered)).toEqual([true, true]);
        });
      } else {
        test('two subscriptions share a shard, and each message is given to one of them', async () => {
          const [first, second] = [queue.subscribe(0), queue.subscribe(0)];
          const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
          await publish(0, ...texts);
          const taken: string[] = [];
          const drains = [first, second].map(async (subscription) => {
            for (;;) {
              const deliveries = await subscription.take(1_000);
              if (deliveries.length === 0) return;
              taken.push(...deliveries.map(text));
              await subscription.ack(deliveries.at(-1)!);
            }
          });
          await expect.poll(() => taken.length).toBe(60);
          await Promise.all([first.close(), second.close()]);
          await Promise.all(drains);
          expectTexts(taken, texts);
        });
      }

      test('ready counts what no subscription has taken', async () => {
        const subscription = queue.subscribe(0);
        await publish(0, 'a', 'b', 'c');
        await publish(1, 'elsewhere');
        await expect.poll(() => subscription.ready()).toBe(3);
        const taken = await takeCount(subscription, 2, 1);
        await expect.poll(() => subscription.ready()).toBe(1);
        await subscription.ack(taken[0]!);
        await expect.poll(() => subscription.ready()).toBe(1);
        await subscription.close();
        const next = queue.subscribe(0);
        await expect.poll(() => next.ready()).toBe(2);
        await next.ack((await takeCount(next, 2))[1]!);
        await expect.poll(() => next.ready()).toBe(0);
        await publish(0, 'd');
        await next.close();
        await restart();
        const last = queue.subscribe(0);
        await expect.poll(() => last.ready()).toBe(1);
      });

      test.each<{ title: string; close: (subscription: VoteSubscription) => Promise<void> }>([
        { title: 'its own close', close: (subscription) => subscription.close() },
        { title: 'the close of the queue', close: () => queue.close() },
      ])('$title ends a take that waits, with nothing', async ({ close }) => {
        const subscription = queue.subscribe(0);
        const waiting = subscription.take(10);
        await close(subscription);
        expect(await waiting).toEqual([]);
        expect(await subscription.take(10)).toEqual([]);
      });

      test('closing twice does no harm', async () => {
        const subscription = queue.subscribe(0);
        await subscription.close();
        await subscription.close();
        await queue.close();
        await queue.close();
      });
    });

    describe('declaring and answering', () => {
      test('declaring again keeps what is there, and a larger number adds shards', async () => {
        await publish(1, 'kept');
        await queue.declare(1);
        await queue.declare(2);
        await queue.declare(4);
        await publish(3, 'new');
        expect(await takeTexts(queue.subscribe(3), 1)).toEqual(['new']);
        expect(await takeTexts(queue.subscribe(1), 1)).toEqual(['kept']);
      });

      test('a shard that was not declared refuses messages', async () => {
        await expect(queue.publisher().publish(7, Buffer.from('lost'), HEADERS)).rejects.toThrow(QueueUnavailable);
      });

      test('an open queue answers a ping', async () => {
        await expect(queue.ping()).resolves.toBeUndefined();
      });

      test('a closed publisher refuses, another one of the queue does not', async () => {
        const [closed, open] = [queue.publisher(), queue.publisher()];
        await closed.close();
        await expect(closed.publish(0, Buffer.from('late'), HEADERS)).rejects.toThrow(QueueUnavailable);
        await expect(open.publish(0, Buffer.from('in time'), HEADERS)).resolves.toBeUndefined();
      });

      test('closing a publisher leaves no publish unanswered', async () => {
        const publisher = queue.publisher();
        let unanswered = 20;
        for (let each = 0; each < 20; each++) {
          const answered = () => void (unanswered -= 1);
          publisher.publish(0, Buffer.from(`${each}`), HEADERS).then(answered, answered);
        }
        await publisher.close();
        expect(unanswered).toBe(0);
      });

      test('a closed queue refuses everything', async () => {
        const publisher = queue.publisher();
        const subscription = queue.subscribe(0);
        await queue.close();
        await expect(publisher.publish(0, Buffer.from('late'), HEADERS)).rejects.toThrow(QueueUnavailable);
        await expect(queue.ping()).rejects.toThrow(QueueUnavailable);
        await expect(queue.declare(1)).rejects.toThrow(QueueUnavailable);
        await expect(subscription.ready()).rejects.toThrow(QueueUnavailable);
      });
    });
  });
}

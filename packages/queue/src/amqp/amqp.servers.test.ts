import { Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { QUEUE_LIMITS } from '@voteapp/contracts/queue-arguments';

import { sharedRabbitMq } from '../../../../test/servers/shared.ts';
import { describeQueue } from '../contract/queue-contract.ts';
import { QueueUnavailable } from '../port.ts';
import type { AmqpQueue } from './amqp-queue.ts';
import { AppUnderTest, drain, HEADERS, take, textOf } from './testing/broker.ts';
import { Proxy } from './testing/proxy.ts';

const rabbit = await sharedRabbitMq();

describe.skipIf(rabbit === null)('on RabbitMQ', () => {
  describeQueue('the amqp queue', async () => {
    const underTest = new AppUnderTest(rabbit!);
    return { open: () => underTest.open(), remove: () => underTest.remove() };
  });

  let underTest: AppUnderTest;
  let network: Proxy;

  beforeEach(async () => {
    underTest = new AppUnderTest(rabbit!);
    network = await Proxy.start(rabbit!);
  });

  afterEach(async () => {
    await underTest.remove();
    await network.disappear();
  });

  describe('publishing', () => {
    test('the socket sends at once: with Nagle’s algorithm each confirm would take 40 ms longer', async () => {
      const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
      await underTest.open();
      expect(setNoDelay.mock.calls).toEqual([[true]]);
      setNoDelay.mockRestore();
    });

    test('a message is persistent, and its headers are AMQP headers', async () => {
      const queue = await underTest.open();
      await queue.declare(1);
      const headers = { ...HEADERS, traceparent: '00-ab-cd-01' };
      await queue.publisher().publish(0, Buffer.from('a'), headers);
      const message = await underTest.withChannel(
        (channel) => new Promise((resolve) => void channel.consume(underTest.queueOf(0), resolve)),
      );
      expect(message).toMatchObject({ properties: { deliveryMode: 2, headers } });
    });

    test('to a queue that somebody has deleted it is refused, until the queue is there again', async () => {
      const warn = vi.fn<(fields: object, message: string) => void>();
      const queue = await underTest.open({ log: { info: () => {}, warn } });
      await queue.declare(2);
      await underTest.deleteQueue(1);
      const publisher = queue.publisher();
      const texts = ['x', 'y', 'z'];
      const outcomes = await Promise.allSettled(texts.map((each) => publisher.publish(1, Buffer.from(each), HEADERS)));
      expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailable' } });
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        { queue: underTest.queueOf(1) },
        'A message found no queue; the queues are declared again',
      );
      await vi.waitFor(() => publisher.publish(1, Buffer.from('there again'), HEADERS), 30_000);
      const confirmed = texts.filter((_, index) => outcomes[index]!.status === 'fulfilled');
      const taken = await take(queue.subscribe(1), confirmed.length + 1);
      expect(taken.map(textOf)).toEqual([...confirmed, 'there again']);
    });

    test('to a full queue it is refused; what was confirmed is there, and with room it goes on', async () => {
      const queue = await underTest.open({}, { limits: { ...QUEUE_LIMITS, bytes: 64 * 1024 }, settleMs: 0 });
      await queue.declare(1);
      const publisher = queue.publisher();
      const refusals: unknown[] = [];
      for (let message = 0; message < 100; message += 1) {
        await publisher.publish(0, Buffer.alloc(4 * 1024), HEADERS).catch((error: unknown) => refusals.push(error));
      }
      const confirmed = 100 - refusals.length;
      // The limit is approximate.
      expect(confirmed).toBeLessThan(50);
      for (const refusal of refusals) expect(refusal).toBeInstanceOf(QueueUnavailable);

      const subscription = queue.subscribe(0);
      expect(await drain(subscription, confirmed)).toHaveLength(confirmed);
      await vi.waitFor(() => publisher.publish(0, Buffer.from('again'), HEADERS), 30_000);
      expect(await drain(subscription, 1)).toEqual(['again']);
    });
  });

  describe('consuming', () => {
    test('an acknowledgement of what a broken connection had delivered does nothing', async () => {
      const queue = await underTest.open(network.address);
      await queue.declare(1);
      const publisher = queue.publisher();
      for (const each of ['a', 'b', 'c']) await publisher.publish(0, Buffer.from(each), HEADERS);
      const subscription = queue.subscribe(0);
      const stale = (await take(subscription, 3)).at(-1)!;
      network.cut();
      await subscription.ack(stale);
      const again = await take(subscription, 3);
      expect(again.map(textOf)).toEqual(['a', 'b', 'c']);
      expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true, true]);
      await subscription.ack(stale);
      await subscription.ack(again[0]!);
      await subscription.close();
      expect((await take(queue.subscribe(0), 2)).map(textOf)).toEqual(['b', 'c']);
    });

    test('what was delivered and not taken when the connection broke is given once', async () => {
      const queue = await underTest.open(network.address);
      await queue.declare(1);
      const publisher = queue.publisher();
      for (const each of ['a', 'b', 'c']) await publisher.publish(0, Buffer.from(each), HEADERS);
      const subscription = queue.subscribe(0);
      expect((await subscription.take(1)).map(textOf)).toEqual(['a']);
      network.cut();
      await vi.waitFor(() => publisher.publish(0, Buffer.from('d'), HEADERS), 30_000);
      const all = await drain(subscription, 4);
      expect(all).toEqual(['a', 'b', 'c', 'd']);
      expect(await subscription.ready()).toBe(0);
    });

    test('a queue deleted under a subscription is declared again and consumed', async () => {
      const queue = await underTest.open();
      await queue.declare(1);
      const subscription = queue.subscribe(0);
      await expect.poll(() => underTest.consumersOf(0)).toBe(1);
      await underTest.deleteQueue(0);
      const taken = subscription.take(1);
      await vi.waitFor(() => queue.publisher().publish(0, Buffer.from('later'), HEADERS), 30_000);
      expect((await taken).map(textOf)).toEqual(['later']);
    });

    test('acknowledging again costs nothing', async () => {
      const queue = await underTest.open();
      await queue.declare(1);
      const publisher = queue.publisher();
      for (const each of ['a', 'b', 'c']) await publisher.publish(0, Buffer.from(each), HEADERS);
      const subscription = queue.subscribe(0);
      const [a, b] = await take(subscription, 3);
      for (const each of [b!, a!, b!]) await subscription.ack(each);
      await subscription.ready();
      await publisher.publish(0, Buffer.from('d'), HEADERS);
      expect(await take(subscription, 1)).toMatchObject([{ body: Buffer.from('d'), redelivered: false }]);
    });

    test('at most 200 messages are here unacknowledged, and an acknowledgement makes room', async () => {
      const queue = await underTest.open();
      await queue.declare(1);
      const publisher = queue.publisher();
      const texts = Array.from({ length: 250 }, (_, index) => `${index}`);
      await Promise.all(texts.map((each) => publisher.publish(0, Buffer.from(each), HEADERS)));
      const subscription = queue.subscribe(0);
      const taken = await take(subscription, 200);
      expect(taken).toHaveLength(200);
      expect(await subscription.ready()).toBe(50);
      await subscription.ack(taken[99]!);
      expect([...taken, ...(await take(subscription, 50))].map(textOf)).toEqual(texts);
    });

    test('a message without our headers counts as one vote that was sent when it arrived', async () => {
      const queue = await underTest.open({ now: () => 42 });
      await queue.declare(1);
      await underTest.withChannel(async (channel) => {
        channel.sendToQueue(underTest.queueOf(0), Buffer.from('poison'));
        await channel.checkQueue(underTest.queueOf(0));
      });
      const [poison] = await queue.subscribe(0).take(1);
      expect(poison).toMatchObject({ headers: { sentAt: 42, votes: 1 } });
    });

    test('the first worker keeps some of the shards when a second one comes, and no message comes to both', async () => {
      const shards = [0, 1, 2, 3, 4, 5, 6, 7];
      const [first, second] = [await underTest.open({ worker: 'a' }), await underTest.open({ worker: 'b' })];
      await first.declare(shards.length);
      const taken = { first: [] as string[], second: [] as string[] };
      const drainAll = async (worker: AmqpQueue, into: string[]): Promise<void> => {
        const drains = shards.map(async (shard) => {
          const subscription = worker.subscribe(shard);
          for (let more = ['']; more.length > 0; into.push(...more)) more = await drain(subscription, 1);
        });
        await Promise.all(drains);
      };
      const publisher = first.publisher();
      let rounds = 0;
      const round = async (): Promise<{ first: number; second: number }> => {
        const before = { first: taken.first.length, second: taken.second.length };
        rounds += 1;
        for (const shard of shards) await publisher.publish(shard, Buffer.from(`${shard} in ${rounds}`), HEADERS);
        await expect.poll(() => taken.first.length + taken.second.length).toBe(rounds * shards.length);
        return { first: taken.first.length - before.first, second: taken.second.length - before.second };
      };
      const drains = [drainAll(first, taken.first)];
      expect(await round()).toEqual({ first: 8, second: 0 });
      drains.push(drainAll(second, taken.second));
      // Which shards are whose follows from the names of the workers.
      await expect.poll(round).toEqual({ first: 3, second: 5 });
      await Promise.all([first.close(), second.close()]);
      await Promise.all(drains);
      expect(new Set([...taken.first, ...taken.second]).size).toBe(rounds * shards.length);
    });

    test('when a worker dies another takes over, in order, what it had not acknowledged', async () => {
      const dying = await underTest.open({ ...network.address, worker: 'dying' });
      const heir = await underTest.open({ worker: 'heir' });
      await heir.declare(1);
      const first = dying.subscribe(0);
      await expect.poll(() => underTest.consumersOf(0)).toBe(1);
      const texts = Array.from({ length: 100 }, (_, index) => `${index}`);
      const publisher = heir.publisher();
      for (const each of texts.slice(0, 60)) await publisher.publish(0, Buffer.from(each), HEADERS);
      const taken = await take(first, 50);
      await first.ack(taken[29]!);
      // The answer comes over the same connection, after the acknowledgement.
      await first.ready();

      const inherited = take(heir.subscribe(0), 70);
      await network.disappear();
      for (const each of texts.slice(60)) await publisher.publish(0, Buffer.from(each), HEADERS);
      expect((await inherited).map(textOf)).toEqual(texts.slice(30));
    });
  });

  describe('dead letters', () => {
    test('a message given back too often becomes one, with its shard, and the others go on', async () => {
      const queue = await underTest.open({}, { limits: { ...QUEUE_LIMITS, deliveries: 1 }, settleMs: 0 });
      await queue.declare(4);
      const publisher = queue.publisher();
      const headers = { ...HEADERS, votes: 7 };
      await publisher.publish(3, Buffer.from('poison'), headers);
      for (let delivery = 0; delivery < 2; delivery += 1) {
        const subscription = queue.subscribe(3);
        await take(subscription, 1);
        await subscription.close();
      }
      await publisher.publish(3, Buffer.from('good'), HEADERS);
      const dead = queue.deadLetters();
      const [letter] = await take(dead, 1);
      expect(letter).toMatchObject({ shard: 3, headers, redelivered: true });
      expect(textOf(letter!)).toBe('poison');
      expect((await take(queue.subscribe(3), 1)).map(textOf)).toEqual(['good']);

      await dead.close();
      const again = queue.deadLetters();
      await again.ack((await take(again, 1))[0]!);
      await expect.poll(() => again.ready()).toBe(0);
    });

    test('one that came from nowhere is of shard 0', async () => {
      const queue = await underTest.open();
      await queue.declare(1);
      await underTest.withChannel(async (channel) => {
        channel.sendToQueue(underTest.dead, Buffer.from('stray'));
        channel.sendToQueue(underTest.dead, Buffer.from('odd'), { headers: { 'x-first-death-queue': 7 } });
        await channel.checkQueue(underTest.dead);
      });
      expect(await take(queue.deadLetters(), 2)).toMatchObject([{ shard: 0 }, { shard: 0 }]);
    });
  });
});

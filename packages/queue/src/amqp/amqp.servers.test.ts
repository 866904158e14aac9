import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type DeclaredQueue, deadLetterQueue, QUEUE_LIMITS, shardQueue } from '@voteapp/contracts/queue-arguments';

import { sharedRabbitMq } from '../../../../test/servers/shared.ts';
import { onPath } from '../../../../test/tools/programs.ts';
import { describeQueue } from '../contract/queue-contract.ts';
import { QueueMisconfigured, QueueUnavailable } from '../port.ts';
import type { AmqpQueue } from './amqp-queue.ts';
import { AppUnderTest, drain, HEADERS, take, textOf } from './testing/broker.ts';
import { Proxy } from './testing/proxy.ts';

const rabbit = await sharedRabbitMq();
const openssl = onPath('openssl');

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

  function throughNetwork(): { host: string; port: number } {
    return { host: network.host, port: network.port };
  }

  async function deleteQueue(name: string): Promise<void> {
    await underTest.withChannel((channel) => channel.deleteQueue(name));
  }

  async function consumersOf(shard: number): Promise<number> {
    return (await underTest.withChannel((channel) => channel.checkQueue(underTest.queueOf(shard)))).consumerCount;
  }

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
      await deleteQueue(underTest.queueOf(1));
      const publisher = queue.publisher();
      const texts = ['x', 'y', 'z'];
      const outcomes = await Promise.allSettled(texts.map((each) => publisher.publish(1, Buffer.from(each), HEADERS)));
      expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailable' } });
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        { queue: underTest.queueOf(1) },
        'A message found no queue; the queues are declared again',
      );
      await vi.waitFor(() => publisher.publish(1, Buffer.from('there again'), HEADERS));
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
      await vi.waitFor(() => publisher.publish(0, Buffer.from('again'), HEADERS));
      expect(await drain(subscription, 1)).toEqual(['again']);
    });
  });

  describe('consuming', () => {
    test('an acknowledgement of what a broken connection had delivered does nothing', async () => {
      const queue = await underTest.open(throughNetwork());
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
      const queue = await underTest.open(throughNetwork());
      await queue.declare(1);
      const publisher = queue.publisher();
      for (const each of ['a', 'b', 'c']) await publisher.publish(0, Buffer.from(each), HEADERS);
      const subscription = queue.subscribe(0);
      expect((await subscription.take(1)).map(textOf)).toEqual(['a']);
      network.cut();
      await vi.waitFor(() => publisher.publish(0, Buffer.from('d'), HEADERS));
      const all = await drain(subscription, 4);
      expect(all).toEqual(['a', 'b', 'c', 'd']);
      expect(await subscription.ready()).toBe(0);
    });

    test('a queue deleted under a subscription is declared again and consumed', async () => {
      const queue = await underTest.open();
      await queue.declare(1);
      const subscription = queue.subscribe(0);
      await expect.poll(() => consumersOf(0)).toBe(1);
      await deleteQueue(underTest.queueOf(0));
      const taken = subscription.take(1);
      await vi.waitFor(() => queue.publisher().publish(0, Buffer.from('later'), HEADERS));
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
      const dying = await underTest.open({ ...throughNetwork(), worker: 'dying' });
      const heir = await underTest.open({ worker: 'heir' });
      await heir.declare(1);
      const first = dying.subscribe(0);
      await expect.poll(() => consumersOf(0)).toBe(1);
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

  describe('a queue that is not as it must be', () => {
    const wrong: { title: string; queue: (own: AppUnderTest) => DeclaredQueue; says?: string }[] = [
      {
        title: 'a classic queue',
        queue: ({ app }) => ({ name: shardQueue(app, 0).name, arguments: {} }),
      },
      {
        title: 'another limit of deliveries',
        queue: ({ app }) => shardQueue(app, 0, { ...QUEUE_LIMITS, deliveries: 20 }),
        says: "'x-delivery-limit'",
      },
      {
        title: 'another queue of dead letters',
        queue: ({ app }) => deadLetterQueue(app, { ...QUEUE_LIMITS, bytes: 1 }),
        says: "'x-max-length-bytes'",
      },
    ];

    async function make({ name, arguments: args }: DeclaredQueue): Promise<void> {
      await underTest.withChannel((channel) => channel.assertQueue(name, { durable: true, arguments: args }));
    }

    test.each(wrong)(
      '$title is refused by declare, and nothing goes through any more',
      async ({ queue, says = "'" }) => {
        await make(queue(underTest));
        const onFailure = vi.fn<(error: QueueMisconfigured) => void>();
        const opened = await underTest.open({ onFailure });
        const publisher = opened.publisher();
        const refusal = await opened.declare(1).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(QueueMisconfigured);
        expect((refusal as Error).message).toContain(`inequivalent arg ${says}`);
        expect((refusal as Error).message).toContain(`for queue '${queue(underTest).name}'`);
        expect(onFailure).toHaveBeenCalledExactlyOnceWith(refusal);

        await expect(publisher.publish(0, Buffer.from('x'), HEADERS)).rejects.toThrow(QueueUnavailable);
        await expect(opened.ping()).rejects.toThrow(QueueUnavailable);
        await expect(opened.declare(1)).rejects.toThrow(QueueMisconfigured);
        expect(await opened.subscribe(0).take(1)).toEqual([]);
      },
    );

    test('is noticed by a subscription', async () => {
      await make(wrong[1]!.queue(underTest));
      const onFailure = vi.fn<(error: QueueMisconfigured) => void>();
      const opened = await underTest.open({ onFailure });
      expect(await opened.subscribe(0).take(1)).toEqual([]);
      expect(onFailure).toHaveBeenCalledOnce();
    });

    test('is noticed when the connection is made again', async () => {
      const onFailure = vi.fn<(error: QueueMisconfigured) => void>();
      const opened = await underTest.open({ ...throughNetwork(), onFailure });
      await opened.declare(1);
      await deleteQueue(underTest.queueOf(0));
      await make(wrong[0]!.queue(underTest));
      network.cut();
      await vi.waitFor(() => expect(onFailure).toHaveBeenCalledOnce());
    });

    test('so is a broker that is too old', async () => {
      network.disguise(rabbit!.version, rabbit!.version.replace(/^4\.\d/, '4.0'));
      const opening = underTest.open(throughNetwork());
      await expect(opening).rejects.toThrow(QueueMisconfigured);
      await expect(opening).rejects.toThrow('the oldest that will do is 4.1');
    });
  });

  describe('a network that fails', () => {
    async function refusesAll(queue: AmqpQueue, says: string): Promise<void> {
      const asked = performance.now();
      const refusals = await Promise.all(
        [queue.publisher().publish(0, Buffer.from('x'), HEADERS), queue.declare(1), queue.ping()].map((each) =>
          each.then(
            () => 'done',
            (error: unknown) => error,
          ),
        ),
      );
      expect(performance.now() - asked).toBeLessThan(100);
      for (const refusal of refusals) {
        expect(refusal).toBeInstanceOf(QueueUnavailable);
        expect((refusal as Error).message).toBe(says);
      }
    }

    test('without a connection all is refused at once; when the broker comes it works', async () => {
      await network.disappear();
      const queue = await underTest.open(throughNetwork());
      const subscription = queue.subscribe(0);
      await refusesAll(queue, `RabbitMQ at 127.0.0.1:${network.port} is not connected.`);
      await expect(subscription.ready()).rejects.toThrow(QueueUnavailable);
      await network.appear();
      await vi.waitFor(() => queue.declare(1), { timeout: 10_000 });
      await queue.publisher().publish(0, Buffer.from('x'), HEADERS);
      expect((await subscription.take(1)).map(textOf)).toEqual(['x']);
    });

    test('a broken connection refuses what was not confirmed, comes back within a second and declares again', async () => {
      const queue = await underTest.open(throughNetwork());
      await queue.declare(1);
      await deleteQueue(underTest.queueOf(0));
      const publisher = queue.publisher();
      const unanswered = publisher.publish(0, Buffer.from('lost'), HEADERS);
      network.cut();
      await expect(unanswered).rejects.toThrow(QueueUnavailable);
      const cut = performance.now();
      await vi.waitFor(() => publisher.publish(0, Buffer.from('found'), HEADERS), { interval: 5 });
      expect(performance.now() - cut).toBeLessThan(1_000);
      expect((await take(queue.subscribe(0), 1)).map(textOf)).toEqual(['found']);
    });

    test('a silent broker fails a ping after a second, and does not hold up the close', async () => {
      const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
      const queue = await underTest.open(throughNetwork());
      await queue.declare(1);
      const subscription = queue.subscribe(0);
      await expect.poll(() => consumersOf(0)).toBe(1);
      network.silence();
      const silent = performance.now();
      const unanswered = queue.publisher().publish(0, Buffer.from('x'), HEADERS);
      queue.subscribe(1);
      await expect(queue.ping()).rejects.toThrow('no answer within 1 s');
      expect(performance.now() - silent).toBeLessThan(1_500);
      const refused = expect(unanswered).rejects.toThrow(QueueUnavailable);
      await queue.close();
      await refused;
      expect(await subscription.take(1)).toEqual([]);
      expect(performance.now() - silent).toBeLessThan(6_000);
      const sockets = setNoDelay.mock.contexts as Socket[];
      for (const socket of sockets) expect(socket.destroyed).toBe(true);
      setNoDelay.mockRestore();
    });

    test('a broker that falls silent is left after two or three heartbeats, and its sockets with it', async () => {
      const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
      const queue = await underTest.open(throughNetwork(), { settleMs: 0, heartbeatS: 1 });
      await queue.declare(1);
      const subscription = queue.subscribe(0);
      await expect.poll(() => consumersOf(0)).toBe(1);
      const sockets = setNoDelay.mock.contexts.filter((socket) => (socket as Socket).remotePort === network.port);
      network.silence();
      network.speak();
      const silent = performance.now();
      await expect(queue.publisher().publish(0, Buffer.from('x'), HEADERS)).rejects.toThrow(QueueUnavailable);
      expect(performance.now() - silent).toBeLessThan(4_000);
      await vi.waitFor(() => queue.publisher().publish(0, Buffer.from('y'), HEADERS));
      expect((await subscription.take(1)).map(textOf)).toEqual(['y']);
      await expect.poll(() => sockets.map((socket) => (socket as Socket).destroyed)).toEqual([true, true]);
      setNoDelay.mockRestore();
    });

    test('neither errors nor log lines tell the user or the password', async () => {
      const lines: unknown[] = [];
      const log = {
        info: (...line: unknown[]) => lines.push(line),
        warn: (...line: unknown[]) => lines.push(line),
      };
      const user = 'a-user-of-mine';
      const password = 'swordfish';
      const queue = await underTest.open({ user, password, log });
      const refusal = await queue.ping().catch((error: unknown) => error);
      await expect.poll(() => lines).toHaveLength(1);
      expect(JSON.stringify(lines)).toContain(`RabbitMQ at ${rabbit!.host}:${rabbit!.port}: Handshake terminated`);
      const shown = JSON.stringify(lines) + String((refusal as Error).stack);
      expect(shown).not.toContain(user);
      expect(shown).not.toContain(password);
    });
  });

  describe.skipIf(openssl === null)('over TLS', () => {
    let folder: string;
    let tls: Proxy;
    let ca: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'voteapp-tls-'));
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const made = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1',
      ];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
      await promisify(execFile)(openssl!, [...made, ...subject, '-keyout', key, '-out', cert]);
      ca = await readFile(cert, 'utf8');
      tls = await Proxy.start(rabbit!, { key: await readFile(key), cert: ca });
    });

    afterEach(async () => {
      await tls.disappear();
      await rm(folder, { recursive: true });
    });

    test('a broker with a certificate of that authority is believed', async () => {
      const queue = await underTest.open({ host: tls.host, port: tls.port, tls: { ca } });
      await queue.declare(1);
      await queue.publisher().publish(0, Buffer.from('secret'), HEADERS);
      expect((await take(queue.subscribe(0), 1)).map(textOf)).toEqual(['secret']);
      await queue.close();
    });

    test('one that nobody vouches for is not', async () => {
      const warn = vi.fn<(fields: object, message: string) => void>();
      const queue = await underTest.open({
        host: tls.host,
        port: tls.port,
        tls: {},
        log: { info: () => {}, warn },
      });
      await expect(queue.ping()).rejects.toThrow(QueueUnavailable);
      expect(JSON.stringify(warn.mock.calls)).toContain('self-signed certificate');
      await queue.close();
    });
  });
});

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
import { QueueMisconfigured, QueueUnavailable } from '../port.ts';
import type { AmqpQueue } from './amqp-queue.ts';
import { AppUnderTest, HEADERS, take, textOf } from './testing/broker.ts';
import { Proxy } from './testing/proxy.ts';

const rabbit = await sharedRabbitMq();
const openssl = onPath('openssl');

describe.skipIf(rabbit === null)('with RabbitMQ, a connection', () => {
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
      const opened = await underTest.open({ ...network.address, onFailure });
      await opened.declare(1);
      await underTest.deleteQueue(0);
      await make(wrong[0]!.queue(underTest));
      network.cut();
      await vi.waitFor(() => expect(onFailure).toHaveBeenCalledOnce(), 30_000);
    });

    test('so is a broker that is too old', async () => {
      network.disguise(rabbit!.version, rabbit!.version.replace(/^4\.\d/, '4.0'));
      const opening = underTest.open(network.address);
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
      const queue = await underTest.open(network.address);
      const subscription = queue.subscribe(0);
      await refusesAll(queue, `RabbitMQ at 127.0.0.1:${network.port} is not connected.`);
      await expect(subscription.ready()).rejects.toThrow(QueueUnavailable);
      await network.appear();
      await vi.waitFor(() => queue.declare(1), 30_000);
      await queue.publisher().publish(0, Buffer.from('x'), HEADERS);
      expect((await subscription.take(1)).map(textOf)).toEqual(['x']);
    });

    test('a broken connection refuses what was not confirmed, comes back within a second and declares again', async () => {
      const queue = await underTest.open(network.address);
      await queue.declare(1);
      await underTest.deleteQueue(0);
      const publisher = queue.publisher();
      const unanswered = publisher.publish(0, Buffer.from('lost'), HEADERS);
      network.cut();
      await expect(unanswered).rejects.toThrow(QueueUnavailable);
      const cut = performance.now();
      await vi.waitFor(() => publisher.publish(0, Buffer.from('found'), HEADERS), { interval: 5, timeout: 30_000 });
      expect(performance.now() - cut).toBeLessThan(1_000);
      expect((await take(queue.subscribe(0), 1)).map(textOf)).toEqual(['found']);
    });

    test('a silent broker fails a ping after a second, and does not hold up the close', async () => {
      const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
      const queue = await underTest.open(network.address);
      await queue.declare(1);
      const subscription = queue.subscribe(0);
      await expect.poll(() => underTest.consumersOf(0)).toBe(1);
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
      const queue = await underTest.open(network.address, { settleMs: 0, heartbeatS: 1 });
      await queue.declare(1);
      const subscription = queue.subscribe(0);
      await expect.poll(() => underTest.consumersOf(0)).toBe(1);
      const sockets = setNoDelay.mock.contexts.filter((socket) => (socket as Socket).remotePort === network.port);
      network.silence();
      network.speak();
      const silent = performance.now();
      await expect(queue.publisher().publish(0, Buffer.from('x'), HEADERS)).rejects.toThrow(QueueUnavailable);
      expect(performance.now() - silent).toBeLessThan(4_000);
      await vi.waitFor(() => queue.publisher().publish(0, Buffer.from('y'), HEADERS), 30_000);
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

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { type RabbitMqServer, startRabbitMq } from '../../../../test/servers/rabbitmq.ts';
import { sharedRabbitMq } from '../../../../test/servers/shared.ts';
import { QueueUnavailable } from '../port.ts';
import type { AmqpQueue } from './amqp-queue.ts';
import { AppUnderTest, drain, HEADERS, take, textOf } from './testing/broker.ts';

const available = (await sharedRabbitMq()) !== null;
const LONG = { timeout: 20_000, interval: 20 };

/** Publishes numbers, as many at a time as `width`, until it is stopped, and keeps the books. */
class Traffic {
  /** Numbers in the order of their confirms, with the time of each, ms. */
  readonly confirmed: { readonly number: number; readonly at: number }[] = [];
  refused = 0;
  #published = 0;
  #stopped = false;
  readonly #lanes: Promise<void>[];

  constructor(queue: AmqpQueue, width: number, bytes = 100) {
    const publisher = queue.publisher();
    const lane = async (): Promise<void> => {
      while (!this.#stopped) {
        const number = (this.#published += 1);
        try {
          await publisher.publish(0, Buffer.from(String(number).padEnd(bytes)), HEADERS);
          this.confirmed.push({ number, at: performance.now() });
        } catch (error) {
          expect(error).toBeInstanceOf(QueueUnavailable);
          this.refused += 1;
          await sleep(5);
        }
        // A confirm that did not wait for the broker would leave no turn to anything else.
        await nextTurn();
      }
    };
    this.#lanes = Array.from({ length: width }, lane);
    onTestFinished(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  /** The longest time without a confirm, ms. */
  get longestGap(): number {
    const times = this.confirmed.map(({ at }) => at);
    return Math.max(...times.slice(1).map((at, index) => at - times[index]!));
  }
}

describe.skipIf(!available)('a RabbitMQ of its own', () => {
  let broker: RabbitMqServer;
  let underTest: AppUnderTest;

  beforeAll(async () => {
    broker = await startRabbitMq();
  });
  afterAll(() => broker.stop());

  beforeEach(() => {
    underTest = new AppUnderTest(broker);
  });
  afterEach(() => underTest.remove());

  async function openDeclared(): Promise<AmqpQueue> {
    const queue = await underTest.open();
    await queue.declare(1);
    return queue;
  }

  /** Every confirmed number is delivered, and the first deliveries are in the order of publication. */
  async function expectDelivered(queue: AmqpQueue, { confirmed }: Traffic, texts: string[] = []): Promise<void> {
    await vi.waitFor(() => queue.publisher().publish(0, Buffer.from('end'), HEADERS), LONG);
    const subscription = queue.subscribe(0);
    while (texts.at(-1) !== 'end') texts.push(...(await drain(subscription, 1)));
    const numbers = [...new Set(texts.slice(0, -1).map(Number))];
    const confirmedNumbers = new Set(confirmed.map(({ number }) => number));
    const delivered = numbers.filter((number) => confirmedNumbers.has(number));
    expect(delivered).toEqual([...confirmedNumbers].sort((a, b) => a - b));
  }

  test('killed with 200 messages outstanding it has all that it confirmed, in order', async () => {
    const queue = await underTest.open({}, {});
    await queue.declare(1);
    const traffic = new Traffic(queue, 200, 4_096);
    await expect.poll(() => traffic.confirmed.length, LONG).toBeGreaterThan(500);
    await broker.kill();
    await expect.poll(() => traffic.refused, LONG).toBeGreaterThanOrEqual(200);
    await traffic.stop();
    await broker.restart();
    await expectDelivered(queue, traffic);
  });

  test('paused for 4 s it confirms nothing, and nothing confirmed is lost', async () => {
    const queue = await openDeclared();
    const traffic = new Traffic(queue, 50);
    await expect.poll(() => traffic.confirmed.length, LONG).toBeGreaterThan(100);
    await broker.pause();
    await sleep(500);
    const before = traffic.confirmed.length;
    await sleep(3_500);
    expect([traffic.confirmed.length, traffic.refused]).toEqual([before, 0]);
    await broker.resume();
    await expect.poll(() => traffic.confirmed.length, LONG).toBeGreaterThan(before + 100);
    await traffic.stop();
    await expectDelivered(queue, traffic);
  });

  test('connections closed by the operator each second come back within one, and nothing confirmed is lost', async () => {
    const queue = await openDeclared();
    const texts: string[] = [];
    const subscription = queue.subscribe(0);
    const draining = (async () => {
      for (;;) {
        const more = await drain(subscription, 1);
        if (more.length === 0) return;
        texts.push(...more);
      }
    })();
    const traffic = new Traffic(queue, 5);
    await broker.ctl(
      'eval',
      `[begin timer:sleep(1000), [rabbit_networking:close_connection(C, "operator") || C <- rabbit_networking:connections()]
        end || _ <- lists:seq(1, 5)].`,
    );
    const confirmed = traffic.confirmed.length;
    await expect.poll(() => traffic.confirmed.length, LONG).toBeGreaterThan(confirmed + 100);
    await traffic.stop();
    expect(traffic.refused).toBeGreaterThan(0);
    expect(traffic.longestGap).toBeLessThan(1_000);
    await subscription.close();
    await draining;
    await expectDelivered(queue, traffic, texts);
  });

  test('without memory it refuses at once but still delivers, and takes messages within a second of the end', async () => {
    const queue = await openDeclared();
    const publisher = queue.publisher();
    await publisher.publish(0, Buffer.from('before'), HEADERS);
    const relieve = (): Promise<string> => broker.ctl('set_vm_memory_high_watermark', '0.6');
    onTestFinished(async () => void (await relieve()));
    await broker.ctl('set_vm_memory_high_watermark', '0');
    const outstanding = publisher.publish(0, Buffer.from('perhaps'), HEADERS).catch((error: unknown) => error);
    await vi.waitFor(async () => {
      await expect(publisher.publish(0, Buffer.from('no'), HEADERS)).rejects.toThrow('for want of memory or disk');
    }, LONG);
    await outstanding;
    for (const refused of [() => publisher.publish(0, Buffer.from('no'), HEADERS), () => queue.ping()]) {
      const asked = performance.now();
      await expect(refused()).rejects.toThrow('for want of memory or disk');
      expect(performance.now() - asked).toBeLessThan(100);
    }
    expect((await take(queue.subscribe(0), 1)).map(textOf)).toContain('before');

    await relieve();
    const relieved = performance.now();
    await vi.waitFor(() => publisher.publish(0, Buffer.from('after'), HEADERS), LONG);
    expect(performance.now() - relieved).toBeLessThan(1_000);
    await queue.ping();
  });

  test('a message held for longer than its consumer_timeout is delivered again, and to the same subscription', async () => {
    await broker.ctl('eval', 'application:set_env(rabbit, consumer_timeout, 1000).');
    onTestFinished(async () => void (await broker.ctl('eval', 'application:unset_env(rabbit, consumer_timeout).')));
    const queue = await openDeclared();
    const publisher = queue.publisher();
    for (const each of ['a', 'b']) await publisher.publish(0, Buffer.from(each), HEADERS);
    const subscription = queue.subscribe(0);
    const held = await take(subscription, 2);
    const again = await take(subscription, 2);
    expect(again.map(textOf)).toEqual(['a', 'b']);
    expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true]);
    await subscription.ack(held[1]!);
    await subscription.ack(again[1]!);
    await subscription.close();
    expect(await queue.subscribe(0).ready()).toBe(0);
  });

  test('its operator sees one connection that publishes and one that consumes, each with a heartbeat of 5 s', async () => {
    const queue = await openDeclared();
    await queue
      .subscribe(0)
      .ready()
      .catch(() => undefined);
    const app = `voteapp tests/${underTest.app.name}`;
    await vi.waitFor(async () => {
      const listed = await broker.ctl('list_connections', 'timeout', 'client_properties');
      const mine = listed.split('\n').filter((line) => line.includes(app));
      const shown = mine.map((line) => `${line.split('\t')[0]} ${new RegExp(`${app} (\\w+)`).exec(line)![1]}`);
      expect(new Set(shown)).toEqual(new Set(['5 publish', '5 consume']));
      expect(mine).toHaveLength(2);
    }, LONG);
  });

  test('what it says of a user without permissions is not repeated', async () => {
    const user = 'a-user-of-mine';
    await broker.ctl('add_user', user, 'swordfish');
    await broker.ctl('set_permissions', user, '^$', '^$', '^$');
    const lines: unknown[] = [];
    const log = { info: () => {}, warn: (...line: unknown[]) => lines.push(line) };
    const queue = await underTest.open({ user, password: 'swordfish', log });
    const subscription = queue.subscribe(0);
    const refusals = [
      await queue.declare(1).catch((error: unknown) => error as Error),
      await queue
        .publisher()
        .publish(0, Buffer.from('x'), HEADERS)
        .catch((error: unknown) => error as Error),
    ];
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(QueueUnavailable);
    await expect.poll(() => JSON.stringify(lines), LONG).toContain('403 (ACCESS-REFUSED)');
    expect(JSON.stringify(lines) + refusals.map((refusal) => refusal?.stack).join('')).not.toContain(user);
    await subscription.close();
  });
});

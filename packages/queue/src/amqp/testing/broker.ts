import { randomBytes } from 'node:crypto';

import { type Channel, type ChannelModel, connect } from 'amqplib';

import { type AppIdentity, deadLetterQueueName, queueName } from '@voteapp/contracts/names';

import type { Delivery, VoteSubscription } from '../../port.ts';
import { type AmqpInternals, type AmqpQueue, type AmqpQueueOptions, openAmqpQueue } from '../amqp-queue.ts';
import type { BrokerAddress } from '../connection.ts';

export const HEADERS = { sentAt: 1_764_000_000_000, votes: 1 };

export function textOf({ body }: Delivery): string {
  return Buffer.from(body).toString();
}

/** Takes that many without acknowledging them. */
export async function take<D extends Delivery>(subscription: VoteSubscription<D>, count: number): Promise<D[]> {
  const taken: D[] = [];
  while (taken.length < count) {
    const deliveries = await subscription.take(1_000);
    if (deliveries.length === 0) throw new Error('The subscription is closed.');
    taken.push(...deliveries);
  }
  return taken;
}

/** Takes and acknowledges that many, or all until the subscription is closed. */
export async function drain(subscription: VoteSubscription, count = Infinity): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const deliveries = await subscription.take(1_000);
    const last = deliveries.at(-1);
    if (last === undefined) break;
    texts.push(...deliveries.map(textOf));
    await subscription.ack(last);
  }
  return texts;
}

/** More shards than any test declares. */
const SHARDS = 9;

/** The queues of an app that no other test uses, and everything that a test has opened on them. */
export class AppUnderTest {
  readonly app: AppIdentity = { namespace: 'tests', name: `t${randomBytes(6).toString('hex')}` };
  readonly dead = deadLetterQueueName(this.app);
  readonly #address: BrokerAddress;
  readonly #opened: AmqpQueue[] = [];

  constructor({ host, port, user, password, vhost }: BrokerAddress) {
    this.#address = { host, port, user, password, vhost };
  }

  queueOf(shard: number): string {
    return queueName(this.app, shard);
  }

  async open(options: Partial<AmqpQueueOptions> = {}, internals: AmqpInternals = { settleMs: 0 }): Promise<AmqpQueue> {
    const queue = await openAmqpQueue({ ...this.#address, app: this.app, ...options }, internals);
    this.#opened.push(queue);
    return queue;
  }

  /** Does something to the broker that the driver has no words for. */
  async withChannel<T>(task: (channel: Channel) => Promise<T>): Promise<T> {
    const model = await this.#connect();
    try {
      const channel = await model.createChannel();
      channel.on('error', () => {});
      return await task(channel);
    } finally {
      await model.close();
    }
  }

  async deleteQueue(shard: number): Promise<void> {
    await this.withChannel((channel) => channel.deleteQueue(this.queueOf(shard)));
  }

  async consumersOf(shard: number): Promise<number> {
    return (await this.withChannel((channel) => channel.checkQueue(this.queueOf(shard)))).consumerCount;
  }

  /** Closes what was opened and deletes the queues. */
  async remove(): Promise<void> {
    await Promise.all(this.#opened.map((queue) => queue.close()));
    await this.withChannel(async (channel) => {
      for (const name of [...Array.from({ length: SHARDS }, (_, shard) => this.queueOf(shard)), this.dead]) {
        await channel.deleteQueue(name);
      }
    });
  }

  async #connect(): Promise<ChannelModel> {
    const { host: hostname, port, user: username, password, vhost } = this.#address;
    const model = await connect({ hostname, port, username, password, vhost: encodeURIComponent(vhost) });
    model.on('error', () => {});
    return model;
  }
}

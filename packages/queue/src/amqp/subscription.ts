import { type Channel, type ConsumeMessage, IllegalOperationError } from 'amqplib';

import type { DeclaredQueue } from '@voteapp/contracts/queue-arguments';

import { fitting } from '../fitting.ts';
import type { QueueLog } from '../log.ts';
import { type Delivery, type QueueMisconfigured, QueueUnavailable, type VoteSubscription } from '../port.ts';
import type { BrokerChannel, BrokerConnection } from './connection.ts';
import { Reconnecting, type Session } from './reconnecting.ts';

/**
 * Messages that are here and not acknowledged, at most. A transaction takes 5,000 votes: two of them at 50 votes a
 * message, and no more than 50 MiB where each message is as large as it may be.
 */
const PREFETCH = 200;

export interface SubscriptionOptions<D> {
  readonly connections: Reconnecting<BrokerConnection>;
  readonly queue: DeclaredQueue;
  /** Declares it and what it refers to. */
  readonly declare: (channel: Channel) => Promise<void>;
  /** Of the consumers of a queue the one with the highest gets the messages. */
  readonly priority: number;
  readonly toDelivery: (message: ConsumeMessage) => D;
  readonly log: QueueLog;
  readonly onMisconfigured: (error: QueueMisconfigured) => void;
  readonly random: () => number;
}

/** One channel that consumes, for as long as it lasts. What it delivered is void after that. */
class Consumer<D extends Delivery> implements Session {
  readonly lost: Promise<Error>;
  readonly waiting: D[] = [];
  readonly #channel: BrokerChannel<Channel>;
  readonly #cancelled = Promise.withResolvers<Error>();
  readonly #messages = new WeakMap<D, ConsumeMessage>();
  #acknowledged = 0;

  constructor(channel: BrokerChannel<Channel>) {
    this.#channel = channel;
    this.lost = Promise.race([channel.lost, this.#cancelled.promise]);
  }

  async consume({ queue, priority, toDelivery }: SubscriptionOptions<D>, onDelivery: () => void): Promise<void> {
    const { channel } = this.#channel;
    await channel.prefetch(PREFETCH);
    await channel.consume(
      queue.name,
      (message) => {
        if (message === null) {
          // The queue was deleted, has moved, or held a message for longer than the broker's consumer_timeout.
          this.#cancelled.resolve(new QueueUnavailable(`RabbitMQ has ended the consumption of ${queue.name}.`));
          return;
        }
        const delivery = toDelivery(message);
        this.#messages.set(delivery, message);
        this.waiting.push(delivery);
        onDelivery();
      },
      { priority },
    );
  }

  /** Of no effect for what another consumer has delivered or what is acknowledged: the broker would end the channel. */
  acknowledge(last: D): void {
    const message = this.#messages.get(last);
    if (message === undefined || message.fields.deliveryTag <= this.#acknowledged) return;
    try {
      this.#channel.channel.ack(message, true);
      this.#acknowledged = message.fields.deliveryTag;
    } catch (error) {
      // The channel is closing, which amqplib tells by throwing; the broker delivers them again.
      if (!(error instanceof IllegalOperationError)) throw error;
    }
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}

/** A consumer of one queue, replaced by a new one whenever it is lost. */
export class AmqpSubscription<D extends Delivery> implements VoteSubscription<D> {
  readonly #options: SubscriptionOptions<D>;
  readonly #consumers: Reconnecting<Consumer<D>>;
  /** Resolved at the next change; null while nobody waits for one. */
  #change: PromiseWithResolvers<void> | null = null;
  #closed = false;

  constructor(options: SubscriptionOptions<D>) {
    this.#options = options;
    const { connections, log, queue, random, onMisconfigured } = options;
    this.#consumers = new Reconnecting({
      open: (signal) => this.#open(signal),
      onOpen: () => this.#wake(),
      onOutage: ({ message }) => {
        // The loss of the connection has been told, once for all that it carried.
        if (connections.current !== null) log.warn({ queue: queue.name, error: message }, 'Subscription was lost');
      },
      onMisconfigured,
      random,
    });
  }

  async take(maxVotes: number): Promise<readonly D[]> {
    for (;;) {
      if (this.#closed) return [];
      const waiting = this.#consumers.current?.waiting ?? [];
      if (waiting.length > 0) return waiting.splice(0, fitting(waiting, maxVotes));
      this.#change ??= Promise.withResolvers();
      await this.#change.promise;
    }
  }

  async ack(last: D): Promise<void> {
    this.#consumers.current?.acknowledge(last);
  }

  async ready(): Promise<number> {
    const connection = this.#options.connections.current;
    if (this.#closed || connection === null) throw new QueueUnavailable('The subscription is not connected.');
    const { messageCount } = await connection.request((channel) => channel.checkQueue(this.#options.queue.name));
    return messageCount + (this.#consumers.current?.waiting.length ?? 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#consumers.close();
  }

  async #open(signal: AbortSignal): Promise<Consumer<D>> {
    const connection = await this.#options.connections.next(signal);
    const channel = await connection.openChannel();
    const consumer = new Consumer<D>(channel);
    try {
      await connection.guard(this.#options.declare(channel.channel));
      await connection.guard(consumer.consume(this.#options, () => this.#wake()));
      return consumer;
    } catch (error) {
      await consumer.close();
      throw error;
    }
  }

  #wake(): void {
    this.#change?.resolve();
    this.#change = null;
  }
}

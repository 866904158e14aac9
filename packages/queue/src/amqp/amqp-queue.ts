import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Channel, ConsumeMessage } from 'amqplib';

import { type AppIdentity, queueName, shardOfQueue } from '@voteapp/contracts/names';
import { type DeclaredQueue, deadLetterQueue, type QueueLimits, shardQueue } from '@voteapp/contracts/queue-arguments';

import {
  type DeadLetter,
  type Delivery,
  QueueMisconfigured,
  QueueUnavailable,
  type VotePublisher,
  type VoteQueue,
  type VoteSubscription,
} from '../port.ts';
import { type BrokerAddress, BrokerConnection, notConnected } from './connection.ts';
import { decodeHeaders } from './headers.ts';
import type { QueueLog } from '../log.ts';
import { AmqpPublisher, Publishing } from './publisher.ts';
import { Reconnecting, type Session } from './reconnecting.ts';
import { AmqpSubscription } from './subscription.ts';
import { within } from '../within.ts';

const PING_LIMIT_MS = 1_000;
/**
 * RabbitMQ writes down that it has made a queue only 0.5 to 1 s later: killed before that it comes back with an empty
 * one, whatever it has confirmed (github.com/rabbitmq/rabbitmq-server/issues/15725).
 */
const SETTLE_MS = 1_500;

export interface AmqpQueueOptions extends BrokerAddress {
  readonly app: AppIdentity;
  /** Tells the consuming processes of the app apart; default: random. */
  readonly worker?: string;
  readonly log?: QueueLog;
  /**
   * A queue exists with other arguments, or the broker is too old: nothing can go through this one any more and the
   * process has to end. Without it, only `declare` tells.
   */
  readonly onFailure?: (error: QueueMisconfigured) => void;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What only tests change. */
export interface AmqpInternals {
  readonly limits?: QueueLimits;
  readonly settleMs?: number;
  readonly heartbeatS?: number;
}

const SILENT: QueueLog = { info: () => {}, warn: () => {} };

/** The queues of one app on RabbitMQ, over one connection that publishes and one that consumes. */
export class AmqpQueue implements VoteQueue {
  readonly #options: AmqpQueueOptions;
  readonly #internals: AmqpInternals;
  readonly #log: QueueLog;
  readonly #worker: string;
  readonly #publishing: Reconnecting<Publishing>;
  readonly #publishers = new Set<VotePublisher>();
  readonly #subscriptions = new Set<{ close(): Promise<void> }>();
  /** Opened by the first subscription. An alarm of the broker blocks connections that publish, and leaves this one. */
  #consuming: Reconnecting<BrokerConnection> | undefined;
  #declared = 0;
  /** Resolves when the declared queues would survive the broker's death. */
  #settled: Promise<unknown> = Promise.resolve();
  #restoring = false;
  #failure: QueueMisconfigured | undefined;
  #closed: Promise<void> | undefined;

  /** Use {@link openAmqpQueue}. */
  constructor(options: AmqpQueueOptions, internals: AmqpInternals) {
    this.#options = options;
    this.#internals = internals;
    this.#log = options.log ?? SILENT;
    this.#worker = options.worker ?? randomBytes(8).toString('hex');
    this.#publishing = this.#reconnecting('publish', (signal) => this.#openPublishing(signal));
  }

  /** Waits for the first attempt to connect. Rejects with QueueMisconfigured when that has ended all of them. */
  async attempt(): Promise<void> {
    await this.#publishing.attempted;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async declare(shards: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#session().connection.request((channel) => this.#declareAll(channel, shards));
      if (shards > this.#declared) {
        this.#declared = shards;
        // Another process may have made them a moment ago, so those that were there are waited for too.
        this.#settled = sleep(this.#internals.settleMs ?? SETTLE_MS, undefined, { ref: false });
      }
      await this.#settled;
    } catch (error) {
      if (error instanceof QueueMisconfigured) this.#fail(error);
      throw error;
    }
  }

  publisher(): VotePublisher {
    const publisher = new AmqpPublisher({
      session: () => this.#session(),
      queueOf: (shard) => queueName(this.#options.app, shard),
    });
    this.#publishers.add(publisher);
    return publisher;
  }

  subscribe(shard: number): VoteSubscription {
    const queue = shardQueue(this.#options.app, shard, this.#internals.limits);
    return this.#subscribe(queue, String(shard), (message) => this.#toDelivery(message));
  }

  deadLetters(): VoteSubscription<DeadLetter> {
    const { app } = this.#options;
    return this.#subscribe(deadLetterQueue(app, this.#internals.limits), 'dead', (message) => {
      const origin: unknown = message.properties.headers?.['x-first-death-queue'];
      const shard = typeof origin === 'string' ? shardOfQueue(app, origin) : null;
      return { ...this.#toDelivery(message), shard: shard ?? 0 };
    });
  }

  async ping(): Promise<void> {
    const { connection } = this.#session();
    // An answer to the opening of a channel will do while there is no queue to ask for.
    const answered = connection.request(async (channel) => {
      if (this.#declared > 0) await channel.checkQueue(queueName(this.#options.app, 0));
    });
    await within(PING_LIMIT_MS, answered, () => connection.unavailable('no answer within 1 s'));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#publishers, ...this.#subscriptions].map((each) => each.close()));
    await Promise.all([this.#publishing.close(), this.#consuming?.close()]);
  }

  /** Throws QueueUnavailable while nothing can be asked of the broker. */
  #session(): Publishing {
    const session = this.#publishing.current;
    if (session === null) throw new QueueUnavailable(this.#failure?.message ?? notConnected(this.#options));
    if (session.refusal !== null) throw session.refusal;
    return session;
  }

  #reconnecting<S extends Session>(purpose: string, open: (signal: AbortSignal) => Promise<S>): Reconnecting<S> {
    const { host, port, random = Math.random } = this.#options;
    return new Reconnecting({
      open,
      onOpen: () => this.#log.info({ host, port, purpose }, 'Connected to RabbitMQ'),
      onOutage: ({ message }) => this.#log.warn({ purpose, error: message }, 'RabbitMQ is away, will be tried again'),
      onMisconfigured: (error) => this.#fail(error),
      random,
    });
  }

  #connect(purpose: string, signal: AbortSignal): Promise<BrokerConnection> {
    const { app } = this.#options;
    const title = `voteapp ${app.namespace}/${app.name} ${purpose}`;
    return BrokerConnection.open(this.#options, { title, heartbeatS: this.#internals.heartbeatS }, signal);
  }

  async #openPublishing(signal: AbortSignal): Promise<Publishing> {
    const connection = await this.#connect('publish', signal);
    try {
      const channel = await connection.openConfirmChannel();
      await connection.request((own) => this.#declareAll(own, this.#declared));
      return new Publishing(connection, channel, (queue) => this.#restore(queue));
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  #subscribe<D extends Delivery>(
    queue: DeclaredQueue,
    label: string,
    toDelivery: (message: ConsumeMessage) => D,
  ): AmqpSubscription<D> {
    const { random = Math.random } = this.#options;
    this.#consuming ??= this.#reconnecting('consume', (signal) => this.#connect('consume', signal));
    const subscription = new AmqpSubscription<D>({
      connections: this.#consuming,
      queue,
      declare: async (channel) => {
        await declareQueue(channel, deadLetterQueue(this.#options.app, this.#internals.limits));
        await declareQueue(channel, queue);
      },
      priority: priorityOf(this.#worker, label),
      toDelivery,
      log: this.#log,
      onMisconfigured: (error) => this.#fail(error),
      random,
    });
    this.#subscriptions.add(subscription);
    if (this.#closed !== undefined) void Promise.all([subscription.close(), this.#consuming.close()]);
    return subscription;
  }

  #toDelivery({ content, fields, properties }: ConsumeMessage): Delivery {
    const { now = Date.now } = this.#options;
    return {
      body: content,
      headers: decodeHeaders(properties.headers ?? {}, now()),
      redelivered: fields.redelivered,
    };
  }

  async #declareAll(channel: Channel, shards: number): Promise<void> {
    if (shards === 0) return;
    const { app } = this.#options;
    await declareQueue(channel, deadLetterQueue(app, this.#internals.limits));
    for (let shard = 0; shard < shards; shard += 1)
      await declareQueue(channel, shardQueue(app, shard, this.#internals.limits));
  }

  /** Declares again what somebody has deleted, or publishing would fail until the next start. */
  #restore(queue: string): void {
    if (this.#restoring || this.#declared === 0) return;
    this.#restoring = true;
    this.#log.warn({ queue }, 'A message found no queue; the queues are declared again');
    this.declare(this.#declared)
      .catch(() => undefined)
      .finally(() => (this.#restoring = false));
  }

  #fail(error: QueueMisconfigured): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#options.onFailure?.(error);
    void this.close();
  }
}

async function declareQueue(channel: Channel, { name, arguments: args }: DeclaredQueue): Promise<void> {
  await channel.assertQueue(name, { durable: true, arguments: args });
}

/**
 * The same for the same worker and queue, and spread evenly otherwise. Of consumers with equal priorities the first to
 * come would get the messages: one worker those of every shard.
 */
function priorityOf(worker: string, label: string): number {
  return createHash('sha256').update(`${worker}\0${label}`).digest().readUInt16BE();
}

/**
 * Opens the queue; resolves when the first attempt to connect has ended, and goes on trying when it failed. Rejects
 * with {@link QueueMisconfigured} when the broker is too old.
 */
export async function openAmqpQueue(options: AmqpQueueOptions, internals: AmqpInternals = {}): Promise<AmqpQueue> {
  const queue = new AmqpQueue(options, internals);
  await queue.attempt();
  return queue;
}

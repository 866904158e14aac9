import { setTimeout as sleep } from 'node:timers/promises';

import type { AppIdentity } from '@voteapp/contracts/names';
import { sqsDeadLetterQueueName, sqsQueueName } from '@voteapp/contracts/sqs-names';

import type { QueueLog } from '../log.ts';
import {
  type DeadLetter,
  QueueMisconfigured,
  QueueUnavailable,
  type VotePublisher,
  type VoteQueue,
  type VoteSubscription,
} from '../port.ts';
import { within } from '../within.ts';
import { SqsPublisher } from './publisher.ts';
import { Queues } from './queues.ts';
import { Sender } from './sender.ts';
import { type SqsAddress, SqsApi } from './sqs-api.ts';
import { SqsSubscription, type SubscriptionTimes } from './subscription.ts';

const PING_LIMIT_MS = 1_000;

export interface SqsQueueOptions extends SqsAddress {
  readonly app: AppIdentity;
  readonly log?: QueueLog;
  /**
   * A queue exists that is not as it must be, or belongs to another app: nothing can go through this one any more and
   * the process has to end. Without it, only `declare` tells.
   */
  readonly onFailure?: (error: QueueMisconfigured) => void;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What only tests change. */
export interface SqsInternals extends SubscriptionTimes {
  /** Waits that many ms. */
  readonly pause?: (ms: number) => Promise<unknown>;
  readonly maxReceives?: number;
}

const SILENT: QueueLog = { info: () => {}, warn: () => {} };

/** The queues of one app on SQS: standard ones, which keep no order and may deliver a message more than once. */
export class SqsQueue implements VoteQueue {
  readonly #options: SqsQueueOptions;
  readonly #internals: SqsInternals;
  readonly #log: QueueLog;
  readonly #api: SqsApi;
  readonly #queues: Queues;
  readonly #senders = new Map<number, Sender>();
  readonly #publishers = new Set<VotePublisher>();
  readonly #subscriptions = new Set<SqsSubscription>();
  #declared = 0;
  #restoring = false;
  #failure: QueueMisconfigured | undefined;
  #closed: Promise<void> | undefined;

  /** Opens no connection before the first request. */
  constructor(options: SqsQueueOptions, internals: SqsInternals = {}) {
    const { app, log = SILENT } = options;
    const { pause = sleep, maxReceives } = internals;
    this.#options = options;
    this.#internals = internals;
    this.#log = log;
    this.#api = new SqsApi(options, log);
    const onMissing = (name: string): void => this.#restore(name);
    this.#queues = new Queues({ api: this.#api, app, pause, onMissing, maxReceives });
  }

  async declare(shards: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#demandOpen();
    try {
      await this.#queues.declare(shards);
      this.#declared = Math.max(this.#declared, shards);
    } catch (error) {
      if (error instanceof QueueMisconfigured) this.#fail(error);
      throw error;
    }
  }

  publisher(): VotePublisher {
    const publisher = new SqsPublisher((shard) => this.#senderOf(shard));
    this.#publishers.add(publisher);
    return publisher;
  }

  subscribe(shard: number): VoteSubscription {
    return this.#subscribe(sqsQueueName(this.#options.app, shard));
  }

  deadLetters(): VoteSubscription<DeadLetter> {
    return this.#subscribe(sqsDeadLetterQueueName(this.#options.app));
  }

  async depth(): Promise<number> {
    this.#demandOpen();
    const { app } = this.#options;
    const shards = Array.from({ length: this.#declared }, (_, shard) => sqsQueueName(app, shard));
    const names = [...shards, sqsDeadLetterQueueName(app)];
    const depths = await Promise.all(names.map((name) => this.#queues.depth(name)));
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  async ping(): Promise<void> {
    this.#demandOpen();
    const name = sqsQueueName(this.#options.app, 0);
    // An answer of any kind will do while there is no queue to ask for.
    const answered: Promise<unknown> = this.#declared > 0 ? this.#queues.ready(name) : this.#queues.exists(name);
    await within(PING_LIMIT_MS, answered, () => this.#api.unavailable('no answer within 1 s'));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#publishers, ...this.#subscriptions].map((each) => each.close()));
    this.#api.close();
  }

  #demandOpen(): void {
    if (this.#closed !== undefined) throw new QueueUnavailable(this.#failure?.message ?? 'The queue is closed.');
  }

  #senderOf(shard: number): Sender {
    this.#demandOpen();
    const known = this.#senders.get(shard);
    if (known !== undefined) return known;
    const name = sqsQueueName(this.#options.app, shard);
    const { random = Math.random } = this.#options;
    const sender = new Sender({ api: this.#api, queues: this.#queues, name, random });
    this.#senders.set(shard, sender);
    return sender;
  }

  #subscribe(name: string): SqsSubscription {
    const { now = Date.now, random = Math.random } = this.#options;
    const times = this.#internals;
    const subscription = new SqsSubscription({ api: this.#api, queues: this.#queues, name, times, now, random });
    this.#subscriptions.add(subscription);
    if (this.#closed !== undefined) void subscription.close();
    return subscription;
  }

  /** Declares again what somebody has deleted, or publishing would fail until the next start. */
  #restore(queue: string): void {
    if (this.#restoring || this.#declared === 0) return;
    this.#restoring = true;
    this.#log.warn({ queue }, 'A queue is missing; the queues are declared again');
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

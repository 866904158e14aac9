import { setTimeout as sleep } from 'node:timers/promises';

import type { Message } from '@aws-sdk/client-sqs';

import { fitting } from '../fitting.ts';
import { type DeadLetter, QueueUnavailable, type VoteSubscription } from '../port.ts';
import { within } from '../within.ts';
import { decodeMessage } from './message.ts';
import type { Queues } from './queues.ts';
import { BATCH_MESSAGES, type Handed, Receiving } from './receiving.ts';
import type { SqsApi } from './sqs-api.ts';

/** Messages that are here and not acknowledged, at most; those that are asked for count as if they were here. */
const PREFETCH = 200;
/** Requests for messages that are under way at a time while there is a backlog. */
const MAX_RECEIVERS = 8;
/** A message that is here is renewed at every third of this: two may fail. */
const VISIBILITY_S = 30;
const RENEWALS = 3;
/**
 * A subscription that closes waits for the answers: one that nobody hears may carry messages, which would be hidden for
 * VISIBILITY_S. The worker has 10 s to stop.
 */
const WAIT_S = 5;
const GRACE_MS = 1_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** What only tests change. */
export interface SubscriptionTimes {
  readonly visibilityS?: number;
  readonly waitS?: number;
}

export interface SubscriptionOptions {
  readonly api: SqsApi;
  readonly queues: Queues;
  readonly name: string;
  readonly times: SubscriptionTimes;
  readonly now: () => number;
  readonly random: () => number;
}

/** A message that is here: hidden from others until it is deleted or given back. */
interface Held extends Handed {
  readonly id: string;
  readonly delivery: DeadLetter;
  receipt: string;
}

/**
 * Receives the messages of one queue, and keeps them hidden from others for as long as they are here: while the store
 * is away they wait without being received again, which SQS would count.
 */
export class SqsSubscription implements VoteSubscription<DeadLetter> {
  readonly #options: SubscriptionOptions;
  readonly #receiving: Receiving;
  readonly #answerLimitMs: number;
  /** By the ids that SQS gives to messages. */
  readonly #held = new Map<string, Held>();
  /** Those of them that wait to be taken, and those that were taken, in the order in which they were. */
  #waiting: Held[] = [];
  readonly #taken: Held[] = [];
  readonly #receivers = new Set<Promise<void>>();
  readonly #renewal: NodeJS.Timeout;
  readonly #closing = new AbortController();
  readonly #requests = new AbortController();
  /** Resolved at the next change; null while nobody waits for one. */
  #change: PromiseWithResolvers<void> | null = null;
  #closed: Promise<void> | undefined;

  constructor(options: SubscriptionOptions) {
    const { visibilityS = VISIBILITY_S, waitS = WAIT_S } = options.times;
    this.#options = options;
    this.#receiving = new Receiving({ ...options, visibilityS, waitS });
    this.#answerLimitMs = waitS * 1_000 + GRACE_MS;
    this.#renewal = setInterval(() => void this.#renew(), (visibilityS * 1_000) / RENEWALS);
    this.#addReceiver();
  }

  async take(maxVotes: number): Promise<readonly DeadLetter[]> {
    for (;;) {
      if (this.#isClosing) return [];
      const deliveries = this.#waiting.map(({ delivery }) => delivery);
      if (deliveries.length > 0) {
        const taken = this.#waiting.splice(0, fitting(deliveries, maxVotes));
        this.#taken.push(...taken);
        return taken.map(({ delivery }) => delivery);
      }
      await this.#changed();
    }
  }

  async ack(last: DeadLetter): Promise<void> {
    const index = this.#taken.findIndex(({ delivery }) => delivery === last);
    const done = this.#taken.splice(0, index + 1);
    for (const { id } of done) this.#held.delete(id);
    this.#wake();
    const failed = await this.#receiving.delete(done);
    const { api, name } = this.#options;
    if (failed.length > 0) throw api.unavailable(`${failed.length} messages of ${name} were not deleted`);
  }

  async ready(): Promise<number> {
    if (this.#isClosing) throw new QueueUnavailable('The subscription is closed.');
    return (await this.#options.queues.ready(this.#options.name)) + this.#waiting.length;
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    clearInterval(this.#renewal);
    const answered = Promise.all(this.#receivers);
    await within(this.#answerLimitMs, answered, () => new Error('late')).catch(() => this.#requests.abort());
    const held = [...this.#held.values()];
    this.#taken.length = 0;
    await this.#receiving.giveBack(held).catch(() => undefined);
  }

  #addReceiver(): void {
    const receiver = this.#receive();
    this.#receivers.add(receiver);
    void receiver.then(() => this.#receivers.delete(receiver));
  }

  /** Never rejects. The first receiver lasts as long as the subscription; others while there is more to receive. */
  async #receive(): Promise<void> {
    const { random } = this.#options;
    for (let failures = 0; !this.#isClosing;) {
      if (this.#held.size + this.#receivers.size * BATCH_MESSAGES > PREFETCH) {
        if (this.#receivers.size > 1) return;
        await this.#changed();
        continue;
      }
      try {
        const messages = await this.#receiving.receive(this.#requests.signal);
        failures = 0;
        this.#keep(messages);
        if (messages.length === 0 && this.#receivers.size > 1) return;
        if (messages.length === BATCH_MESSAGES && this.#receivers.size < MAX_RECEIVERS) this.#addReceiver();
      } catch {
        const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
        failures += 1;
        await sleep(random() * longest, undefined, this.#closing).catch(() => undefined);
      }
    }
  }

  #keep(messages: readonly Message[]): void {
    for (const message of messages) {
      const { MessageId: id = '', ReceiptHandle: receipt = '' } = message;
      const held = this.#held.get(id);
      if (held !== undefined) {
        // It was not renewed in time, and has come to where it is.
        held.receipt = receipt;
        continue;
      }
      const added = { id, receipt, delivery: decodeMessage(message, this.#options.now()) };
      this.#held.set(id, added);
      this.#waiting.push(added);
    }
    this.#wake();
  }

  async #renew(): Promise<void> {
    const lost = await this.#receiving.renew([...this.#held.values()]).catch((): Held[] => []);
    // One that is taken stays: it is being committed, and whoever else gets it will find that out.
    const dropped = new Set(this.#waiting.filter((held) => lost.includes(held)));
    this.#waiting = this.#waiting.filter((held) => !dropped.has(held));
    for (const { id } of dropped) this.#held.delete(id);
  }

  async #changed(): Promise<void> {
    this.#change ??= Promise.withResolvers();
    await this.#change.promise;
  }

  #wake(): void {
    this.#change?.resolve();
    this.#change = null;
  }
}

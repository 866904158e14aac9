import { type BatchResultErrorEntry, QueueDoesNotExist, SendMessageBatchCommand } from '@aws-sdk/client-sqs';

import type { OutgoingMessage } from './message.ts';
import type { Queues } from './queues.ts';
import type { SqsApi } from './sqs-api.ts';

/** SQS takes no more messages in a request. */
const BATCH_MESSAGES = 10;
/** A quarter of what SQS takes, but all that older servers of its kind take. A larger message goes alone. */
const BATCH_BYTES = 256 * 1024;
const MAX_IN_FLIGHT = 16;
/** How often a message is sent that SQS refuses by no fault of ours, within the 1.5 s that a producer waits. */
const ATTEMPTS = 4;
const FIRST_DELAY_MS = 50;

export interface SenderOptions {
  readonly api: SqsApi;
  readonly queues: Queues;
  readonly name: string;
  readonly random: () => number;
}

interface Waiting extends OutgoingMessage {
  readonly stored: PromiseWithResolvers<void>;
  attempts: number;
}

/** What is published to one queue: messages of the same turn of the event loop share requests. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #waiting: Waiting[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Resolves once SQS has stored it; rejects with QueueUnavailable. */
  add(message: OutgoingMessage): Promise<void> {
    const stored = Promise.withResolvers<void>();
    this.#enqueue({ ...message, stored, attempts: 0 });
    return stored.promise;
  }

  #enqueue(message: Waiting): void {
    this.#waiting.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#inFlight < MAX_IN_FLIGHT) {
      this.#inFlight += 1;
      void this.#sendBatch(this.#takeBatch()).finally(() => {
        this.#inFlight -= 1;
        this.#send();
      });
    }
  }

  #takeBatch(): Waiting[] {
    let room = BATCH_BYTES;
    const over = this.#waiting.findIndex(({ bytes }, index) => (room -= bytes) < 0 || index === BATCH_MESSAGES);
    return this.#waiting.splice(0, over === -1 ? this.#waiting.length : Math.max(over, 1));
  }

  /** Never rejects. Only what SQS names as stored counts as stored. */
  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    const { api, queues, name } = this.#options;
    for (const message of batch) message.attempts += 1;
    try {
      const QueueUrl = await queues.url(name);
      const entries = batch.map(({ body, attributes }, index) => {
        return { Id: String(index), MessageBody: body, MessageAttributes: attributes };
      });
      const { Successful = [], Failed = [] } = await api.call('SendMessageBatch', (client, options) =>
        client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries }), options),
      );
      const stored = new Set(Successful.map(({ Id }) => Id));
      const failures = new Map(Failed.map((failure) => [failure.Id, failure]));
      batch.forEach((message, index) => {
        if (stored.has(String(index))) message.stored.resolve();
        else this.#refused(message, failures.get(String(index)));
      });
    } catch (error) {
      if ((error as Error).cause instanceof QueueDoesNotExist) queues.forget(name);
      for (const { stored } of batch) stored.reject(error);
    }
  }

  /** SQS has taken the request and not this message. */
  #refused(message: Waiting, failure: BatchResultErrorEntry | undefined): void {
    const { api, name, random } = this.#options;
    if (failure?.SenderFault === true || message.attempts === ATTEMPTS) {
      message.stored.reject(api.unavailable(`${name} refused a message: ${failure?.Code ?? 'no reason given'}`));
      return;
    }
    setTimeout(() => this.#enqueue(message), random() * FIRST_DELAY_MS * 2 ** message.attempts);
  }
}

import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

import type { Queues } from './queues.ts';
import type { RequestOptions, SqsApi } from './sqs-api.ts';

/** SQS gives no more messages in an answer, and takes no more in a request. */
export const BATCH_MESSAGES = 10;

export interface ReceivingOptions {
  readonly api: SqsApi;
  readonly queues: Queues;
  readonly name: string;
  /** How long a message stays hidden from others that was received or renewed, in s. */
  readonly visibilityS: number;
  /** How long SQS waits for a message before it answers that there is none, in s. */
  readonly waitS: number;
}

/** A message that SQS has handed out. */
export interface Handed {
  /** Of the last time that it was received: only this one deletes it. */
  readonly receipt: string;
}

type Entry = { readonly Id: string; readonly ReceiptHandle: string };
type BatchRequest = (
  client: SQSClient,
  target: { readonly QueueUrl: string; readonly entries: readonly Entry[] },
  options: RequestOptions,
) => Promise<{ readonly Failed?: BatchResultErrorEntry[] | undefined }>;

/** The requests for and about the messages that one queue hands out. All reject with QueueUnavailable. */
export class Receiving {
  readonly #options: ReceivingOptions;

  constructor(options: ReceivingOptions) {
    this.#options = options;
  }

  /** At most BATCH_MESSAGES; none when there was none for as long as SQS waits. */
  async receive(signal: AbortSignal): Promise<readonly Message[]> {
    const { api, queues, name, visibilityS, waitS } = this.#options;
    const command = new ReceiveMessageCommand({
      QueueUrl: await queues.url(name),
      MaxNumberOfMessages: BATCH_MESSAGES,
      VisibilityTimeout: visibilityS,
      WaitTimeSeconds: waitS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const request = api.call('ReceiveMessage', (client, options) => client.send(command, options), {
      signal,
      waitMs: waitS * 1_000,
    });
    return (await this.#watched(request)).Messages ?? [];
  }

  /** Resolves with those that SQS does not hide any more for whoever has them. */
  async renew<H extends Handed>(messages: readonly H[]): Promise<H[]> {
    return await this.#changeVisibility(messages, this.#options.visibilityS);
  }

  /** They can be received again at once. */
  async giveBack(messages: readonly Handed[]): Promise<void> {
    await this.#changeVisibility(messages, 0);
  }

  /** Resolves with those that were not deleted. */
  async delete<H extends Handed>(messages: readonly H[]): Promise<H[]> {
    return await this.#inBatches('DeleteMessageBatch', messages, (client, { QueueUrl, entries }, options) =>
      client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [...entries] }), options),
    );
  }

  async #changeVisibility<H extends Handed>(messages: readonly H[], seconds: number): Promise<H[]> {
    return await this.#inBatches('ChangeMessageVisibilityBatch', messages, (client, { QueueUrl, entries }, options) => {
      const Entries = entries.map((entry) => ({ ...entry, VisibilityTimeout: seconds }));
      return client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), options);
    });
  }

  /** Resolves with those that SQS names as failed. Where requests fail, the others are made all the same. */
  async #inBatches<H extends Handed>(operation: string, messages: readonly H[], request: BatchRequest): Promise<H[]> {
    if (messages.length === 0) return [];
    const { api, queues, name } = this.#options;
    const QueueUrl = await queues.url(name);
    const starts = Array.from({ length: Math.ceil(messages.length / BATCH_MESSAGES) }, (_, at) => at * BATCH_MESSAGES);
    const outcomes = await Promise.allSettled(
      starts.map(async (start) => {
        const batch = messages.slice(start, start + BATCH_MESSAGES);
        const entries = batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
        const call = api.call(operation, (client, options) => request(client, { QueueUrl, entries }, options));
        const { Failed = [] } = await this.#watched(call);
        const failed = new Set(Failed.map(({ Id }) => Id));
        return batch.filter((_, index) => failed.has(String(index)));
      }),
    );
    const broken = outcomes.find((outcome) => outcome.status === 'rejected');
    if (broken !== undefined) throw broken.reason;
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  }

  async #watched<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if ((error as Error).cause instanceof QueueDoesNotExist) this.#options.queues.forget(this.#options.name);
      throw error;
    }
  }
}

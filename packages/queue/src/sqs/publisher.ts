import type { MessageHeaders } from '@voteapp/contracts/message';

import { QueueUnavailable, type VotePublisher } from '../port.ts';
import { within } from '../within.ts';
import { encodeMessage } from './message.ts';
import type { Sender } from './sender.ts';

const CLOSE_LIMIT_MS = 1_000;

export class SqsPublisher implements VotePublisher {
  readonly #senderOf: (shard: number) => Sender;
  readonly #outstanding = new Set<PromiseWithResolvers<void>>();
  #closed = false;

  constructor(senderOf: (shard: number) => Sender) {
    this.#senderOf = senderOf;
  }

  async publish(shard: number, body: Uint8Array, headers: MessageHeaders): Promise<void> {
    if (this.#closed) throw new QueueUnavailable('The publisher is closed.');
    const confirmation = Promise.withResolvers<void>();
    this.#outstanding.add(confirmation);
    this.#senderOf(shard)
      .add(encodeMessage(shard, body, headers))
      .then(confirmation.resolve, confirmation.reject);
    try {
      await confirmation.promise;
    } finally {
      this.#outstanding.delete(confirmation);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const late = new QueueUnavailable('The publisher was closed before SQS confirmed.');
    const answered = Promise.allSettled([...this.#outstanding].map(({ promise }) => promise));
    await within(CLOSE_LIMIT_MS, answered, () => late).catch(() => {
      for (const { reject } of this.#outstanding) reject(late);
    });
  }
}

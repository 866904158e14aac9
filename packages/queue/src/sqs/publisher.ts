import type { MessageHeaders } from '@voteapp/contracts/message';

import { Outstanding } from '../outstanding.ts';
import type { VotePublisher } from '../port.ts';
import { encodeMessage } from './message.ts';
import type { Sender } from './sender.ts';

export class SqsPublisher implements VotePublisher {
  readonly #senderOf: (shard: number) => Sender;
  readonly #outstanding = new Outstanding('SQS');

  constructor(senderOf: (shard: number) => Sender) {
    this.#senderOf = senderOf;
  }

  async publish(shard: number, body: Uint8Array, headers: MessageHeaders): Promise<void> {
    await this.#outstanding.confirmed(() => {
      const confirmation = Promise.withResolvers<void>();
      this.#senderOf(shard)
        .add(encodeMessage(shard, body, headers))
        .then(confirmation.resolve, confirmation.reject);
      return confirmation;
    });
  }

  async close(): Promise<void> {
    await this.#outstanding.close();
  }
}

import { type ConfirmChannel, IllegalOperationError } from 'amqplib';

import type { MessageHeaders } from '@voteapp/contracts/message';

import { Outstanding } from '../outstanding.ts';
import type { QueueUnavailable, VotePublisher } from '../port.ts';
import type { BrokerChannel, BrokerConnection } from './connection.ts';
import { encodeHeaders } from './headers.ts';
import type { Session } from './reconnecting.ts';

type Confirmation = PromiseWithResolvers<void>;

/** A connection that publishes, for as long as it lasts. */
export class Publishing implements Session {
  readonly connection: BrokerConnection;
  readonly lost: Promise<Error>;
  readonly #channel: ConfirmChannel;
  readonly #onUnroutable: (queue: string) => void;
  readonly #outstanding = new Map<string, Confirmation>();
  #published = 0;
  #blocked = false;

  constructor(
    connection: BrokerConnection,
    { channel, lost }: BrokerChannel<ConfirmChannel>,
    onUnroutable: (queue: string) => void,
  ) {
    this.connection = connection;
    this.lost = Promise.race([connection.lost, lost]);
    this.#channel = channel;
    this.#onUnroutable = onUnroutable;
    channel.on('return', ({ fields, properties }) => this.#returned(fields.routingKey, String(properties.messageId)));
    connection.onBlocked(
      () => this.#block(),
      () => (this.#blocked = false),
    );
  }

  /** Why the broker reads nothing from this connection; null while it does. */
  get refusal(): QueueUnavailable | null {
    return this.#blocked ? this.connection.unavailable('it takes no messages, for want of memory or disk') : null;
  }

  /** Settles with the broker's answer; rejects with QueueUnavailable. */
  publish(queue: string, body: Uint8Array, headers: MessageHeaders): Confirmation {
    const confirmation = Promise.withResolvers<void>();
    const messageId = String((this.#published += 1));
    this.#outstanding.set(messageId, confirmation);
    try {
      this.#channel.publish(
        '',
        queue,
        Buffer.from(body.buffer, body.byteOffset, body.byteLength),
        { messageId, headers: encodeHeaders(headers), persistent: true, mandatory: true },
        (refusal: Error | null) => {
          this.#outstanding.delete(messageId);
          if (refusal === null) confirmation.resolve();
          else confirmation.reject(this.connection.unavailable(refusal));
        },
      );
    } catch (error) {
      this.#outstanding.delete(messageId);
      // The channel is closing, which amqplib tells by throwing.
      confirmation.reject(error instanceof IllegalOperationError ? this.connection.unavailable(error) : error);
    }
    return confirmation;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** No queue has that name. The broker confirms the message nevertheless, just after it has returned it. */
  #returned(queue: string, messageId: string): void {
    this.#outstanding.get(messageId)?.reject(this.connection.unavailable(`there is no queue ${queue}`));
    this.#onUnroutable(queue);
  }

  #block(): void {
    this.#blocked = true;
    for (const { reject } of this.#outstanding.values()) reject(this.refusal);
  }
}

export interface PublisherTarget {
  /** Throws QueueUnavailable while there is none that takes messages. */
  readonly session: () => Publishing;
  readonly queueOf: (shard: number) => string;
}

export class AmqpPublisher implements VotePublisher {
  readonly #target: PublisherTarget;
  readonly #outstanding = new Outstanding('the broker');

  constructor(target: PublisherTarget) {
    this.#target = target;
  }

  async publish(shard: number, body: Uint8Array, headers: MessageHeaders): Promise<void> {
    await this.#outstanding.confirmed(() => this.#target.session().publish(this.#target.queueOf(shard), body, headers));
  }

  async close(): Promise<void> {
    await this.#outstanding.close();
  }
}

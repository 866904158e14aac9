import type { MessageHeaders } from '@voteapp/contracts/message';

import { type Delivery, QueueUnavailable, type VoteSubscription } from '../port.ts';
import { JournalCorrupt } from './errors.ts';
import { decodePayload, scanRecords } from './record.ts';
import type { ShardReader } from './shard-reader.ts';

/** A message with its place in the shard's journal. */
interface Placed {
  readonly body: Uint8Array;
  readonly headers: MessageHeaders;
  readonly start: number;
  readonly end: number;
}

interface Taken {
  readonly delivery: Delivery;
  readonly end: number;
}

/** A subscription that reads when it is the oldest one of its shard, and waits otherwise. */
export class EmbeddedSubscription implements VoteSubscription {
  readonly #shard: ShardReader;
  /** Read from the journal and not taken yet: one chunk at most. */
  #ahead: Placed[] = [];
  /** Taken and not acknowledged. */
  #taken: Taken[] = [];
  /** Where the next chunk begins; undefined until the first one is read. */
  #position: number | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(shard: ShardReader) {
    this.#shard = shard;
    shard.join(this);
  }

  async take(maxVotes: number): Promise<readonly Delivery[]> {
    for (;;) {
      if (this.#closed) return [];
      this.#shard.checkUsable();
      if (this.#ahead.length > 0) return this.#handOut(maxVotes);
      if (this.#shard.isFirst(this) && this.#nextPosition() < this.#shard.end) {
        this.#reading ??= this.#readAhead().finally(() => (this.#reading = undefined));
        await this.#reading;
      } else {
        await this.#shard.changed;
      }
    }
  }

  async ack(last: Delivery): Promise<void> {
    const index = this.#taken.findIndex(({ delivery }) => delivery === last);
    const acknowledged = this.#taken.splice(0, index + 1).at(-1);
    if (acknowledged !== undefined) this.#shard.acknowledge(acknowledged.end);
  }

  async ready(): Promise<number> {
    if (this.#closed) throw new QueueUnavailable('The subscription is closed.');
    this.#shard.checkUsable();
    return this.#shard.waiting;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const unacknowledged = this.#taken;
    this.#taken = [];
    this.#ahead = [];
    this.#shard.leave(this, unacknowledged.length, unacknowledged.at(-1)?.end ?? 0);
  }

  #nextPosition(): number {
    return this.#position ?? this.#shard.acknowledged;
  }

  #handOut(maxVotes: number): readonly Delivery[] {
    let votes = 0;
    const over = this.#ahead.findIndex(({ headers }) => (votes += headers.votes) > maxVotes);
    const placed = this.#ahead.splice(0, over === -1 ? this.#ahead.length : Math.max(over, 1));
    const taken = placed.map(({ body, headers, start, end }) => ({
      delivery: { body, headers, redelivered: this.#shard.wasDelivered(start) },
      end,
    }));
    this.#shard.countTaken(taken.length);
    this.#taken.push(...taken);
    return taken.map(({ delivery }) => delivery);
  }

  async #readAhead(): Promise<void> {
    const position = this.#nextPosition();
    const bytes = await this.#shard.read(position);
    const { records, validBytes } = scanRecords(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (validBytes === 0) {
      const damage = new JournalCorrupt(`A confirmed record at position ${position} of the journal is damaged.`);
      await this.#shard.abandon(damage);
      return;
    }
    if (this.#closed) return;
    let start = position;
    this.#ahead = records.map(({ payload, end }) => {
      const placed = { ...decodePayload(payload), start, end: position + end };
      start = placed.end;
      return placed;
    });
    this.#position = position + validBytes;
  }
}

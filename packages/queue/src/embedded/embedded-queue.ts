import { resolve } from 'node:path';

import type { MessageHeaders } from '@voteapp/contracts/message';

import { QueueUnavailable, type VotePublisher, type VoteQueue, type VoteSubscription } from '../port.ts';
import type { ShardState } from './journal.ts';
import { JournalThread, type Opened } from './journal-thread.ts';
import { encodeRecord } from './record.ts';
import { ShardReader } from './shard-reader.ts';
import { EmbeddedSubscription } from './subscription.ts';

export interface EmbeddedQueueOptions {
  /** Holds a folder for each shard; created when it is missing. Only one queue at a time may use it. */
  readonly directory: string;
  /** Size from which on a journal file is followed by a new one; default 64 MiB. */
  readonly segmentBytes?: number;
  /**
   * The queue is lost for this process: a sync of the disk failed, or the thread died. Every call rejects from now on,
   * so the process has to end; the next one starts from what the disk holds.
   */
  readonly onFailure?: (error: Error) => void;
}

class EmbeddedPublisher implements VotePublisher {
  readonly #thread: JournalThread;
  #closed = false;

  constructor(thread: JournalThread) {
    this.#thread = thread;
  }

  async publish(shard: number, body: Uint8Array, headers: MessageHeaders): Promise<void> {
    if (this.#closed) throw new QueueUnavailable('The publisher is closed.');
    await this.#thread.append(shard, encodeRecord(headers, body));
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A thread that is ending settles everything before it is gone.
    await this.#thread.settle().catch(() => this.#thread.close());
  }
}

/** A queue in a folder of this machine, for one process. */
export class EmbeddedQueue implements VoteQueue {
  /** A sentence about each thing that was repaired when the folder was opened. */
  readonly warnings: readonly string[];
  readonly #thread: JournalThread;
  readonly #shards = new Map<number, ShardReader>();

  /** Use {@link openEmbeddedQueue}. */
  constructor({ thread, shards, warnings }: Opened, onFailure: ((error: Error) => void) | undefined) {
    this.#thread = thread;
    this.warnings = warnings;
    this.#declared(shards);
    thread.listen({
      onCommitted: (shard, records, end) => this.#shard(shard).grew(records, end),
      onFailure: (error) => {
        for (const shard of this.#shards.values()) shard.wake();
        onFailure?.(error);
      },
    });
  }

  /** How often journal files were synced since the queue was opened. */
  get syncs(): number {
    return this.#thread.syncs;
  }

  async declare(shards: number): Promise<void> {
    this.#declared(await this.#thread.declare(shards));
  }

  publisher(): VotePublisher {
    return new EmbeddedPublisher(this.#thread);
  }

  subscribe(shard: number): VoteSubscription {
    return new EmbeddedSubscription(this.#shard(shard));
  }

  ping(): Promise<void> {
    return this.#thread.settle();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#shards.values()].map((shard) => shard.closeMembers()));
    await this.#thread.close();
  }

  #declared(states: readonly ShardState[]): void {
    for (const state of states) this.#shard(state.shard).declared(state);
  }

  #shard(shard: number): ShardReader {
    const known = this.#shards.get(shard);
    if (known !== undefined) return known;
    const reader = new ShardReader(shard, this.#thread);
    this.#shards.set(shard, reader);
    return reader;
  }
}

/**
 * Opens the queue in a folder. Rejects with JournalCorrupt when it is damaged where no crash can have done it, and with
 * {@link QueueUnavailable} when the folder cannot be used.
 */
export async function openEmbeddedQueue(options: EmbeddedQueueOptions): Promise<EmbeddedQueue> {
  const { directory, segmentBytes, onFailure } = options;
  return new EmbeddedQueue(await JournalThread.open({ directory: resolve(directory), segmentBytes }), onFailure);
}

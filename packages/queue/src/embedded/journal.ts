import * as fs from 'node:fs';
import { join } from 'node:path';

import { makeDirectory, type WriteCalls } from './durable-files.ts';
import { JournalFailed } from './errors.ts';
import { ShardJournal } from './shard-journal.ts';

export const SEGMENT_BYTES = 64 * 1024 * 1024;

export interface JournalOptions {
  /** An absolute path; created when it is missing. */
  readonly directory: string;
  readonly segmentBytes?: number | undefined;
  readonly calls?: WriteCalls;
}

export interface ShardState {
  readonly shard: number;
  readonly acknowledged: number;
  /** Position after its last durable record. */
  readonly end: number;
  /** Records between the two. */
  readonly waiting: number;
}

export interface Commit {
  /** Where the shards that took records end now. */
  readonly ends: ReadonlyMap<number, number>;
  /** Shards that took none of theirs, and why. */
  readonly refused: ReadonlyMap<number, string>;
}

/** The journals of all shards, each in a folder `shard-<n>`, written together. Synchronous: it runs in a thread. */
export class Journal {
  /** How often a file of records was synced. */
  syncs = 0;
  readonly #options: JournalOptions;
  readonly #shards = new Map<number, ShardJournal>();
  /** Of each shard, what the next commit writes. */
  #unwritten = new Map<number, Uint8Array[]>();

  /** Opens the shards that are there. Throws JournalCorrupt. */
  constructor(options: JournalOptions) {
    this.#options = options;
    makeDirectory(options.directory);
    const shards = fs.readdirSync(options.directory).flatMap((name) => /^shard-(\d+)$/.exec(name)?.[1] ?? []);
    for (const shard of shards) this.#open(Number(shard));
  }

  get warnings(): readonly string[] {
    return [...this.#shards.values()].flatMap(({ warnings }) => warnings);
  }

  get states(): readonly ShardState[] {
    return [...this.#shards].map(([shard, { acknowledged, end, waiting }]) => ({ shard, acknowledged, end, waiting }));
  }

  /** Creates what is missing of the shards 0 … `shards` − 1. */
  declare(shards: number): void {
    for (let shard = 0; shard < shards; shard++) if (!this.#shards.has(shard)) this.#open(shard);
  }

  /** Takes a record for the next {@link commit}. */
  append(shard: number, record: Uint8Array): void {
    const records = this.#unwritten.get(shard);
    if (records === undefined) this.#unwritten.set(shard, [record]);
    else records.push(record);
  }

  /**
   * Makes everything appended since the last commit durable: one write and one sync per shard. Throws JournalFailed; the
   * journal is not to be used after that.
   */
  commit(): Commit {
    const ends = new Map<number, number>();
    const refused = new Map<number, string>();
    const written: [number, ShardJournal][] = [];
    for (const [shard, records] of this.#unwritten) {
      const journal = this.#shards.get(shard);
      if (journal === undefined) {
        refused.set(shard, `Shard ${shard} is not declared.`);
        continue;
      }
      try {
        journal.write(records);
        written.push([shard, journal]);
      } catch (error) {
        if (error instanceof JournalFailed) throw error;
        refused.set(shard, `The journal of shard ${shard} could not be written: ${(error as Error).message}`);
      }
    }
    this.#unwritten = new Map();
    for (const [shard, journal] of written) {
      journal.sync();
      this.syncs += 1;
      ends.set(shard, journal.end);
    }
    return { ends, refused };
  }

  /** See {@link ShardJournal.read}. */
  read(shard: number, position: number): Buffer<ArrayBuffer> {
    const journal = this.#shards.get(shard);
    if (journal === undefined) throw new RangeError(`Shard ${shard} is not declared.`);
    return journal.read(position);
  }

  acknowledge(shard: number, position: number): void {
    this.#shards.get(shard)?.acknowledge(position);
  }

  close(): void {
    for (const journal of this.#shards.values()) journal.close();
  }

  #open(shard: number): void {
    const { directory, segmentBytes = SEGMENT_BYTES, calls = fs } = this.#options;
    this.#shards.set(shard, new ShardJournal({ directory: join(directory, `shard-${shard}`), segmentBytes, calls }));
  }
}

import * as fs from 'node:fs';
import { join } from 'node:path';

import { AcknowledgedPosition } from './acknowledged-position.ts';
import { makeDirectory, readFully, syncData, type WriteCalls, writeAll } from './durable-files.ts';
import { JournalFailed } from './errors.ts';
import { MAX_RECORD_BYTES } from './record.ts';
import { recoverShard } from './recovery.ts';
import { createSegment, dropAcknowledged, endOf, type Segment } from './segments.ts';

export interface ShardJournalOptions {
  readonly directory: string;
  /** A segment of this size or more is followed by a new one. */
  readonly segmentBytes: number;
  readonly calls: WriteCalls;
}

function cutBack(fd: number, bytes: number): void {
  try {
    fs.ftruncateSync(fd, bytes);
  } catch (error) {
    throw new JournalFailed(`An unfinished write could not be cut off: ${(error as Error).message}`, { cause: error });
  }
}

/** The journal of one shard. Not to be used after a JournalFailed. */
export class ShardJournal {
  readonly warnings: readonly string[];
  /** Records after the acknowledged position when it was opened. */
  readonly waiting: number;
  readonly #options: ShardJournalOptions;
  readonly #segments: Segment[];
  readonly #position: AcknowledgedPosition;
  #acknowledged: number;
  /** The last segment, to which records are appended. */
  #active: { readonly segment: Segment; readonly fd: number };
  #unsyncedBytes = 0;

  /** Throws JournalCorrupt. */
  constructor(options: ShardJournalOptions) {
    const { directory } = options;
    this.#options = options;
    makeDirectory(directory);
    this.#position = new AcknowledgedPosition(join(directory, 'acknowledged'));
    const { segments, acknowledged, waiting, warnings } = recoverShard(directory, this.#position.read());
    this.#segments = segments;
    this.#acknowledged = acknowledged;
    this.waiting = waiting;
    this.warnings = warnings;
    const last = segments.at(-1);
    if (last === undefined) {
      this.#active = createSegment(directory, 0);
      segments.push(this.#active.segment);
    } else {
      this.#active = { segment: last, fd: fs.openSync(last.path, 'r+') };
      this.#writeAgain(Math.max(acknowledged, last.first));
    }
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Where the next record goes: everything before it is on the disk. */
  get end(): number {
    return endOf(this.#active.segment);
  }

  /**
   * Writes records behind the last one, for the next {@link sync}. On an error (disk full, file too large) the file is
   * left as it was, and the error is thrown.
   */
  write(records: readonly Uint8Array[]): void {
    if (this.#active.segment.bytes >= this.#options.segmentBytes) this.#rotate();
    const { segment, fd } = this.#active;
    try {
      writeAll(this.#options.calls, fd, records, segment.bytes);
    } catch (error) {
      cutBack(fd, segment.bytes);
      throw error;
    }
    this.#unsyncedBytes = records.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Makes what was written durable. Throws JournalFailed. */
  sync(): void {
    syncData(this.#options.calls, this.#active.fd);
    this.#active.segment.bytes += this.#unsyncedBytes;
    this.#unsyncedBytes = 0;
  }

  /** Durable bytes from a position on: at least one record unless it is the end, at most about 1 MiB. */
  read(position: number): Buffer<ArrayBuffer> {
    const segment = this.#segments.findLast(({ first }) => first <= position);
    if (segment === undefined) throw new RangeError(`Position ${position} was acknowledged and is gone.`);
    const bytes = Buffer.allocUnsafeSlow(Math.min(endOf(segment) - position, MAX_RECORD_BYTES));
    const fd = segment === this.#active.segment ? this.#active.fd : fs.openSync(segment.path, 'r');
    try {
      readFully(fd, bytes, position - segment.first);
    } finally {
      if (fd !== this.#active.fd) fs.closeSync(fd);
    }
    return bytes;
  }

  /** Everything before the position will not be read again. */
  acknowledge(position: number): void {
    if (position <= this.#acknowledged) return;
    this.#acknowledged = position;
    try {
      this.#position.write(position);
    } catch {
      // A file that lags behind only means that a restart delivers more of it again.
    }
    dropAcknowledged(this.#segments, position);
  }

  close(): void {
    this.#position.close();
    fs.closeSync(this.#active.fd);
  }

  /**
   * Writes what follows a position of the last segment over itself. After a kill it may be in the page cache only; and
   * after a failed sync the cache can take for written what the disk never got, so that a mere sync would skip it.
   */
  #writeAgain(from: number): void {
    const { segment, fd } = this.#active;
    const bytes = Buffer.allocUnsafeSlow(endOf(segment) - from);
    readFully(fd, bytes, from - segment.first);
    if (bytes.length > 0) writeAll(this.#options.calls, fd, [bytes], from - segment.first);
    syncData(this.#options.calls, fd);
  }

  #rotate(): void {
    const next = createSegment(this.#options.directory, this.end);
    fs.closeSync(this.#active.fd);
    this.#active = next;
    this.#segments.push(next.segment);
  }
}

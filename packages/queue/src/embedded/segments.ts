import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { readFully, syncDirectory } from './durable-files.ts';
import { JournalCorrupt } from './errors.ts';
import { MAX_RECORD_BYTES, scanRecords } from './record.ts';

/**
 * One file of a shard's journal. A position is a byte of the whole journal since its first record, so that a segment
 * begins where the one before it ends.
 */
export interface Segment {
  readonly path: string;
  /** Position of its first byte, which is also its name. */
  readonly first: number;
  /** How much of it is whole records that are known to be on the disk. */
  bytes: number;
}

const SEGMENT_PATTERN = /^(\d{20})\.journal$/;

export function endOf(segment: Segment): number {
  return segment.first + segment.bytes;
}

/** Creates an empty segment durably; returns it with its open file. */
export function createSegment(directory: string, first: number): { segment: Segment; fd: number } {
  const path = join(directory, `${String(first).padStart(20, '0')}.journal`);
  // An attempt that failed half-way may have left it, empty.
  const fd = fs.openSync(path, 'w+');
  try {
    syncDirectory(directory);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return { segment: { path, first, bytes: 0 }, fd };
}

/** The segments of a directory, in order, each with the size of its file. */
export function listSegments(directory: string): Segment[] {
  return fs
    .readdirSync(directory)
    .flatMap((name) => {
      const digits = SEGMENT_PATTERN.exec(name)?.[1];
      if (digits === undefined) return [];
      const path = join(directory, name);
      return [{ path, first: Number(digits), bytes: fs.statSync(path).size }];
    })
    .sort((a, b) => a.first - b.first);
}

/** Deletes the segments that lie wholly before `acknowledged`, from the list too. The last one always stays. */
export function dropAcknowledged(segments: Segment[], acknowledged: number): void {
  for (let next = segments[1]; next !== undefined && next.first <= acknowledged; next = segments[1]) {
    const dropped = segments.shift();
    if (dropped === undefined) return;
    fs.unlinkSync(dropped.path);
    // One after the other: a gap between segments would look like a loss after a power cut.
    syncDirectory(dirname(dropped.path));
  }
}

/** Positions where the whole, undamaged records at the beginning of a segment end, in order. */
export function* recordEnds({ path, first, bytes }: Segment): Generator<number> {
  const fd = fs.openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafeSlow(Math.min(bytes, MAX_RECORD_BYTES));
    let offset = 0;
    while (offset < bytes) {
      const part = chunk.subarray(0, Math.min(chunk.length, bytes - offset));
      readFully(fd, part, offset);
      const { records, validBytes } = scanRecords(part);
      if (validBytes === 0) return;
      for (const { end } of records) yield first + offset + end;
      offset += validBytes;
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** Throws {@link JournalCorrupt} unless each segment begins where the one before it ends. */
export function checkNoGap(segments: readonly Segment[]): void {
  segments.reduce((previous, segment) => {
    if (endOf(previous) === segment.first) return segment;
    throw new JournalCorrupt(
      `The journal ${previous.path} ends at ${endOf(previous)}, but the next one is ${basename(segment.path)}: ` +
        'accepted votes are missing. Put back the missing or whole file, or move the folder away to start an empty queue.',
    );
  });
}

/**
 * Cuts a segment at its last whole record. The bytes after it are put aside in `<segment>.torn-<offset>`; returns the
 * path of that file.
 */
export function cutTail(segment: Segment, validBytes: number): string {
  const aside = `${segment.path}.torn-${validBytes}`;
  const fd = fs.openSync(segment.path, 'r+');
  try {
    const tail = Buffer.allocUnsafeSlow(segment.bytes - validBytes);
    readFully(fd, tail, validBytes);
    // Appended: an earlier crash may have left other bytes at the same place.
    fs.appendFileSync(aside, tail, { flush: true });
    syncDirectory(dirname(aside));
    fs.ftruncateSync(fd, validBytes);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  segment.bytes = validBytes;
  return aside;
}

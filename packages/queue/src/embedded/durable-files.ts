import * as fs from 'node:fs';
import { dirname } from 'node:path';

import { JournalFailed } from './errors.ts';

/** The two system calls whose failures a test must be able to cause. */
export type WriteCalls = Pick<typeof fs, 'writevSync' | 'fdatasyncSync'>;

/** Writes all of it, or throws the error of the write that failed; some of it may then be in the file. */
export function writeAll(calls: WriteCalls, fd: number, parts: readonly Uint8Array[], position: number): void {
  let rest = [...parts];
  let at = position;
  while (rest.length > 0) {
    let written = calls.writevSync(fd, rest, at);
    at += written;
    while (rest[0] !== undefined && written >= rest[0].byteLength) {
      written -= rest[0].byteLength;
      rest.shift();
    }
    if (rest[0] !== undefined && written > 0) rest = [rest[0].subarray(written), ...rest.slice(1)];
  }
}

/** Throws {@link JournalFailed}. */
export function syncData(calls: WriteCalls, fd: number): void {
  try {
    calls.fdatasyncSync(fd);
  } catch (error) {
    throw new JournalFailed(`The journal could not be synced: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes the entries of a directory durable. Throws {@link JournalFailed}. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    throw new JournalFailed(`${directory} could not be synced: ${(error as Error).message}`, { cause: error });
  } finally {
    fs.closeSync(fd);
  }
}

/** Creates a directory (an absolute path) and what is missing above it, durably. */
export function makeDirectory(directory: string): void {
  const topmost = fs.mkdirSync(directory, { recursive: true });
  if (topmost === undefined) return;
  for (let made = directory; made.length >= topmost.length; made = dirname(made)) syncDirectory(dirname(made));
}

/** Fills `target` from the file. Throws when the file ends before that. */
export function readFully(fd: number, target: Uint8Array, position: number): void {
  let filled = 0;
  while (filled < target.byteLength) {
    const count = fs.readSync(fd, target, filled, target.byteLength - filled, position + filled);
    if (count === 0) throw new Error(`The file ends at byte ${position + filled}, before what was written to it.`);
    filled += count;
  }
}

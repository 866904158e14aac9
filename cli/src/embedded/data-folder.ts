import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import * as z from 'zod';

import { UsageError } from '../exit-codes.ts';
import { readRunFile, type RunFile, runFileIn } from './run-file.ts';

const keysSchema = z.object({ session_key: z.base64(), round_key: z.base64() });

export type Keys = z.output<typeof keysSchema>;

/** The folder of one poll, held by one process at a time. */
export interface DataFolder {
  readonly path: string;
  readonly store: string;
  readonly queue: string;
  /** What the services read, as a ConfigMap on a cluster. */
  readonly pollFile: string;
  /** What was changed on air. */
  readonly onAir: string;
  readonly keys: Keys;
  /** Tells other programs of this machine where the services are. */
  writeRun(run: RunFile): void;
  release(): void;
}

/** Takes the folder, making it if needed. Throws {@link UsageError} when it is in use or cannot be written. */
export function openDataFolder(path: string): DataFolder {
  try {
    mkdirSync(path, { recursive: true });
    const lock = takeLock(path);
    const runFile = runFileIn(path);
    return {
      path,
      store: join(path, 'store.db'),
      queue: join(path, 'queue'),
      pollFile: join(path, 'poll.json'),
      onAir: join(path, 'on-air.json'),
      keys: loadKeys(join(path, 'keys.json')),
      writeRun: (run) => writeWhole(runFile, JSON.stringify(run)),
      release() {
        rmSync(runFile, { force: true });
        lock.close();
      },
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = (error as Error).message;
    throw new UsageError(`The data folder ${path} cannot be used: ${reason}; choose another with --data.`, {
      cause: error,
    });
  }
}

/** Replaces a file at once: a reader sees the old content or the new. */
export function writeWhole(path: string, content: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  renameSync(draft, path);
}

// An exclusive SQLite transaction is gone with its process, also after kill -9; a file with a pid in it is not.
function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'lock.db'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (!/locked|busy/.test((error as Error).message)) throw error;
    const run = readRunFile(path);
    const holder = run === null ? 'another voteapp' : `another voteapp (process ${run.pid})`;
    throw new UsageError(`The data folder ${path} is in use by ${holder}; stop it, or choose another with --data.`, {
      cause: error,
    });
  }
}

function loadKeys(file: string): Keys {
  if (!existsSync(file)) {
    const key = (): string => randomBytes(32).toString('base64');
    writeWhole(file, JSON.stringify({ session_key: key(), round_key: key() } satisfies Keys));
    chmodSync(file, 0o600);
  }
  const keys = keysSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (keys.success) return keys.data;
  throw new Error(`${file} does not hold the two keys it was made with`);
}

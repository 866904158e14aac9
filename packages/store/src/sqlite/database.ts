import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import { StoreUnavailable } from '../port.ts';

/** How long a statement waits for another process that holds the file, in ms. */
const BUSY_TIMEOUT_MS = 2_000;

/** 64 MiB of pages: the index of a million voters stays in memory. Negative means KiB. */
const CACHE_SIZE = -65_536;

// https://www.sqlite.org/rescode.html: what is wrong with the file, the disk or the machine, never with a statement.
const UNAVAILABLE_CODES = new Set([
  3, // PERM
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  15, // PROTOCOL
  26, // NOTADB
]);

function errcodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  // The upper bytes say more exactly what the lowest says.
  return error.errcode & 0xff;
}

function translated(error: unknown): unknown {
  const code = errcodeOf(error);
  if (code === null || !UNAVAILABLE_CODES.has(code)) return error;
  return new StoreUnavailable(`The database file cannot be used: ${(error as Error).message}`, { cause: error });
}

/** A database file: every method throws {@link StoreUnavailable} for what a later try may not meet. */
export class Database {
  readonly #db: DatabaseSync;

  /** Opens the file or makes it; every commit is on disk when it returns. */
  constructor(path: string) {
    try {
      this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
      this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = ${CACHE_SIZE}`);
    } catch (error) {
      throw translated(error);
    }
  }

  prepare(sql: string): StatementSync {
    return this.#guard(() => this.#db.prepare(sql));
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#guard(() => this.#db.prepare(sql).run(...values));
  }

  /** Everything `work` writes is committed, or nothing is. */
  write<T>(work: () => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  /** Everything `work` reads is of one moment. */
  read<T>(work: () => T): T {
    return this.#transaction('BEGIN', work);
  }

  #transaction<T>(begin: string, work: () => T): T {
    return this.#guard(() => {
      this.#db.exec(begin);
      try {
        const result = work();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        // SQLite has rolled back by itself when the disk is full or fails.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translated(error);
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

import { setTimeout as wait } from 'node:timers/promises';

import { isDuplicateKey, TransactionConflict } from './errors.ts';
import { Pool } from './pool.ts';
import type { MySqlOptions, Session } from './session.ts';
import { BYTES_PER_STATEMENT, type Statement } from './statements.ts';

const MOST_ATTEMPTS = 5;

/** Longest pause before the second attempt; each further one may be twice as long. */
const FIRST_PAUSE_MS = 20;

const ONE_MOMENT = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY';

/**
 * A schema on a server: connections for writing and as many for reading. Every method rejects with StoreUnavailable for
 * what a later call may not meet, an answer to COMMIT that did not arrive included.
 */
export class Database {
  readonly #writing: Pool;
  readonly #reading: Pool;

  constructor(options: MySqlOptions, poolSize: number) {
    this.#writing = new Pool(options, 'writing', poolSize);
    this.#reading = new Pool(options, 'reading', poolSize);
  }

  /**
   * Everything `work` writes is committed, or nothing is. It runs again, on what others have committed since, when the
   * transaction met theirs: it must have no effect but on the session.
   */
  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#writing.use((session) => session.transaction('START TRANSACTION', work));
      } catch (error) {
        const again = error instanceof TransactionConflict || isDuplicateKey(error);
        if (!again || attempt === MOST_ATTEMPTS) throw error;
      }
      await wait(Math.random() * FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }

  /** {@link write} for what decides by the definitions, markers or finals and changes them: one at a time. */
  writeAlone<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.write(async (session) => {
      await session.run('UPDATE identity SET turn = turn + 1');
      return await work(session);
    });
  }

  /** Everything `work` reads is of one moment. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#reading.use((session) => session.transaction(ONE_MOMENT, work));
  }

  /** The rows of each question, all of one moment: {@link read} where no question depends on an answer, in one packet. */
  ask(questions: readonly (readonly Statement[])[]): Promise<readonly (readonly object[])[]> {
    return this.#reading.use((session) => session.askOnce(ONE_MOMENT, questions));
  }

  /** One connection for writing, without a transaction. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#writing.use(work);
  }

  async ping(): Promise<void> {
    await this.#reading.use((session) => session.rows('SELECT 1'));
  }

  /** What the server is set to that weakens the promise of a commit, in sentences. */
  warnings(): Promise<string[]> {
    return this.#reading.use(async (session) => {
      const [set] = await session.rows<Record<'flush' | 'binlog' | 'sync' | 'packet', number>>(
        `SELECT @@innodb_flush_log_at_trx_commit AS flush, @@log_bin AS binlog, @@sync_binlog AS sync,
                @@max_allowed_packet AS packet`,
      );
      if (set === undefined) return [];
      const smallest = 4 * BYTES_PER_STATEMENT;
      return [
        set.flush === 1 ? '' : `innodb_flush_log_at_trx_commit is ${set.flush}, not 1: a crash loses counted votes.`,
        set.binlog === 0 || set.sync === 1
          ? ''
          : `sync_binlog is ${set.sync}, not 1: a crash may cost a replica votes.`,
        set.packet >= smallest ? '' : `max_allowed_packet is ${set.packet}: large messages need ${smallest}.`,
      ].filter((sentence) => sentence !== '');
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#writing.close(), this.#reading.close()]);
  }
}

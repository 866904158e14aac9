import { connect, type Socket } from 'node:net';

import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise';

import { MySqlUnavailable, TransactionConflict, translated } from './errors.ts';
import { packetsOf, type Row, type Statement, type Value, withRows } from './statements.ts';

/** How long a server may take to answer a statement or to take a connection, in ms. */
export const ANSWER_LIMIT_MS = 5_000;

/** Below the answer's limit: the server then gives up first, and says why. */
const LOCK_WAIT_S = 2;

/** What a client leaves locked that vanished without a word is free again after this. */
const SILENCE_LIMIT_S = 30;

/** Idle connections end well before the server would end them. */
const IDLE_MS = 15_000;

/** No connection outlives this, so that nobody stays with a former primary for ever. */
const LIFETIME_MS = 60_000;

export interface MySqlOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Absent: the connection is not encrypted. */
  readonly tls?: {
    /** Certificates in PEM to trust instead of the system's. */
    readonly ca?: string | undefined;
    /** Whether the server must prove that it is `host`. */
    readonly rejectUnauthorized: boolean;
  };
}

/** Between statements of one packet; it cannot be in a value, for there line breaks are written as `\\n`. */
export const SEPARATOR = ';\n';

export type Purpose = 'reading' | 'writing';

const ISOLATION = {
  // One moment for all statements of a transaction.
  reading: 'REPEATABLE READ',
  // What is read after a lock was taken is what its last holder left.
  writing: 'READ COMMITTED',
};

/** One connection, in the mode that all SQL here is written for. After any outage it is not usable any more. */
export class Session {
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #retiresAt = performance.now() + LIFETIME_MS;
  #idleTimer: NodeJS.Timeout | undefined;
  readonly #waiting: Statement[] = [];
  #broken = false;

  private constructor(socket: Socket, connection: Connection) {
    this.#socket = socket;
    this.#connection = connection;
    const breaks = (): void => {
      this.#broken = true;
    };
    connection.on('error', breaks);
    connection.on('end', breaks);
    socket.on('close', breaks);
  }

  /** Rejects with {@link MySqlUnavailable}, also when it is for writing and the server takes no writes. */
  static async open({ host, port, user, password, database, tls }: MySqlOptions, purpose: Purpose): Promise<Session> {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    let session: Session;
    try {
      const connection = await createConnection({
        host,
        user,
        password,
        database,
        stream: () => socket,
        connectTimeout: ANSWER_LIMIT_MS,
        multipleStatements: true,
        charset: 'utf8mb4_bin',
        supportBigNumbers: true,
        decimalNumbers: true,
        ...(tls === undefined
          ? {}
          : {
              ssl: {
                rejectUnauthorized: tls.rejectUnauthorized,
                verifyIdentity: tls.rejectUnauthorized,
                ...(tls.ca === undefined ? {} : { ca: tls.ca }),
              },
            }),
      });
      session = new Session(socket, connection);
    } catch (error) {
      socket.destroy();
      throw translated(error);
    }
    try {
      await session.#prepare(purpose);
    } catch (error) {
      session.drop();
      throw error;
    }
    return session;
  }

  async #prepare(purpose: Purpose): Promise<void> {
    await this.run(
      `SET SESSION sql_mode = 'TRADITIONAL', time_zone = '+00:00', autocommit = 1,
                   innodb_lock_wait_timeout = ${LOCK_WAIT_S}, wait_timeout = ${SILENCE_LIMIT_S}`,
    );
    await this.run(`SET SESSION TRANSACTION ISOLATION LEVEL ${ISOLATION[purpose]}`);
    if (purpose === 'reading') return;
    const [server] = await this.rows<{ readOnly: number }>(
      'SELECT @@global.read_only OR @@global.innodb_read_only AS readOnly',
    );
    if (server?.readOnly !== 0) throw new MySqlUnavailable('READ_ONLY', 'The database server takes no writes.');
  }

  get usable(): boolean {
    return !this.#broken && performance.now() < this.#retiresAt;
  }

  /** Whoever asks names the columns. Rejects with {@link MySqlUnavailable}. */
  async rows<Columns>(
    sql: string,
    values: readonly Value[] = [],
    limitMs = ANSWER_LIMIT_MS,
  ): Promise<readonly Columns[]> {
    return (await this.#last({ sql, values }, limitMs)) as readonly Columns[];
  }

  /**
   * Returns how many rows were meant. Rejects with {@link MySqlUnavailable}, or with the server's error when it is the
   * values that are wrong.
   */
  async run(sql: string, values: readonly Value[] = [], limitMs = ANSWER_LIMIT_MS): Promise<number> {
    return ((await this.#last({ sql, values }, limitMs)) as ResultSetHeader).affectedRows;
  }

  /** The rows of each question, which may take several statements, or none. */
  async ask(questions: readonly (readonly Statement[])[]): Promise<readonly (readonly object[])[]> {
    const results = (await this.#send(questions.flat(), ANSWER_LIMIT_MS)) as object[][];
    let first = 0;
    return questions.map(({ length }) => {
      first += length;
      return results.slice(first - length, first).flat();
    });
  }

  /**
   * Inserts rows but for those whose key is taken; returns how many. `columns` is the table with their names. Throws an
   * Error where the server took a row otherwise than it was given.
   */
  async insertNew(columns: string, rows: readonly Row[]): Promise<number> {
    if (rows.length === 0) return 0;
    const statements = withRows(`INSERT IGNORE INTO ${columns} VALUES`, rows);
    const results = (await this.#send(statements, ANSWER_LIMIT_MS)) as ResultSetHeader[];
    const sumOf = (name: 'affectedRows' | 'warningStatus') => results.reduce((sum, result) => sum + result[name], 0);
    const inserted = sumOf('affectedRows');
    // IGNORE makes a warning of every mistake, a key that is taken among them, and bends values until they fit.
    if (inserted + sumOf('warningStatus') !== rows.length) throw new Error(`Values did not fit ${columns}.`);
    return inserted;
  }

  /** Goes with whatever is sent next, before it, in the same packet; what fails of it fails there. */
  later(statements: readonly Statement[]): void {
    this.#waiting.push(...statements);
  }

  async #last(statement: Statement, limitMs: number): Promise<unknown> {
    return (await this.#send([statement], limitMs)).at(-1);
  }

  /** Results in order, without those of what waited. The server leaves out all that follows a statement that fails. */
  async #send(statements: readonly Statement[], limitMs: number): Promise<unknown[]> {
    const waited = this.#waiting.splice(0);
    const results: unknown[] = [];
    for (const packet of packetsOf([...waited, ...statements])) results.push(...(await this.#query(packet, limitMs)));
    return results.slice(waited.length);
  }

  async #query(packet: readonly Statement[], limitMs: number): Promise<unknown[]> {
    const sql = packet.map((one) => this.#connection.format(one.sql, [...one.values])).join(SEPARATOR);
    try {
      const [result] = await this.#connection.query({ sql, timeout: limitMs });
      return packet.length === 1 ? [result] : (result as unknown[]);
    } catch (thrown) {
      const error = translated(thrown);
      if (error instanceof MySqlUnavailable && !(error instanceof TransactionConflict)) this.drop();
      throw error;
    }
  }

  /** Everything `work` does is committed, or nothing is, or nobody knows: {@link MySqlUnavailable}. */
  async transaction<T>(begin: string, work: (session: Session) => Promise<T>): Promise<T> {
    this.later([{ sql: begin, values: [] }]);
    try {
      const result = await work(this);
      await this.run('COMMIT');
      return result;
    } catch (error) {
      this.#waiting.length = 0;
      if (!this.#broken) await this.run('ROLLBACK').catch(() => this.drop());
      throw error;
    }
  }

  /** {@link ask} as a transaction of its own that writes nothing. */
  async askOnce(begin: string, questions: readonly (readonly Statement[])[]): Promise<readonly (readonly object[])[]> {
    this.later([{ sql: begin, values: [] }]);
    try {
      return (await this.ask([...questions, [{ sql: 'COMMIT', values: [] }]])).slice(0, -1);
    } catch (error) {
      // In the midst of the transaction, perhaps.
      this.drop();
      throw error;
    }
  }

  /** Waits for its next use, and ends when there is none. */
  rest(): void {
    this.#idleTimer = setTimeout(() => this.end(), IDLE_MS);
  }

  wake(): void {
    clearTimeout(this.#idleTimer);
  }

  /** Takes leave of the server, and does not wait for its answer. */
  end(): void {
    if (!this.#broken) void this.#connection.end();
    this.drop();
  }

  drop(): void {
    this.wake();
    this.#broken = true;
    this.#socket.destroy();
  }
}

import { MySqlUnavailable } from './errors.ts';
import { ANSWER_LIMIT_MS, type MySqlOptions, type Purpose, Session } from './session.ts';

interface Waiting {
  readonly proceed: () => void;
  readonly refuse: (error: MySqlUnavailable) => void;
}

/** Lends connections, at most `size` at a time, and makes them when they are needed. */
export class Pool {
  readonly #options: MySqlOptions;
  readonly #purpose: Purpose;
  readonly #size: number;
  readonly #waiting = new Set<Waiting>();
  readonly #idle: Session[] = [];
  #lent = 0;
  #closed: PromiseWithResolvers<void> | null = null;

  constructor(options: MySqlOptions, purpose: Purpose, size: number) {
    this.#options = options;
    this.#purpose = purpose;
    this.#size = size;
  }

  /** Rejects with {@link MySqlUnavailable} when there is no connection to be had, and as `work` does. */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#admit();
    try {
      const session = this.#rested() ?? (await this.#connect());
      try {
        return await work(session);
      } finally {
        this.#takeBack(session);
      }
    } finally {
      this.#lent -= 1;
      const [next] = this.#waiting;
      next?.proceed();
      if (this.#lent === 0) this.#closed?.resolve();
    }
  }

  #admit(): Promise<void> {
    if (this.#closed !== null) return Promise.reject(closedError());
    if (this.#lent < this.#size) {
      this.#lent += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting = {
        proceed: () => {
          leave();
          this.#lent += 1;
          resolve();
        },
        refuse: (error: MySqlUnavailable) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiting.refuse(new MySqlUnavailable('POOL_BUSY', 'No connection to the database became free in time.'));
      }, ANSWER_LIMIT_MS);
      this.#waiting.add(waiting);
    });
  }

  async #connect(): Promise<Session> {
    try {
      return await Session.open(this.#options, this.#purpose);
    } catch (error) {
      // Whoever waits would meet the same, and only then be told.
      if (error instanceof MySqlUnavailable) for (const { refuse } of this.#waiting) refuse(error);
      throw error;
    }
  }

  #rested(): Session | undefined {
    for (;;) {
      const session = this.#idle.pop();
      session?.wake();
      if (session === undefined || session.usable) return session;
      session.end();
    }
  }

  #takeBack(session: Session): void {
    if (session.usable && this.#closed === null) {
      session.rest();
      this.#idle.push(session);
      return;
    }
    session.end();
    // What ended one connection has mostly ended the others, too.
    this.#endIdle();
  }

  #endIdle(): void {
    for (const session of this.#idle.splice(0)) session.end();
  }

  /** Lets what is under way end, refuses what waits, and ends all connections. */
  async close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = Promise.withResolvers();
      for (const { refuse } of this.#waiting) refuse(closedError());
      this.#endIdle();
      if (this.#lent === 0) this.#closed.resolve();
    }
    await this.#closed.promise;
  }
}

function closedError(): MySqlUnavailable {
  return new MySqlUnavailable('CLOSED', 'The store is closed.');
}

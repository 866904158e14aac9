import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { QueueMisconfigured } from '../port.ts';
import { within } from '../within.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
const CLOSE_LIMIT_MS = 1_000;

/** Something on the broker that can be lost at any time. */
export interface Session {
  /** Resolves with the reason once it is lost or closed. */
  readonly lost: Promise<Error>;
  /** Never rejects and takes a bounded time. */
  close(): Promise<void>;
}

export interface ReconnectingOptions<S> {
  /** Rejects when it cannot be had, also when the signal ends the attempt. */
  readonly open: (signal: AbortSignal) => Promise<S>;
  readonly onOpen: (session: S) => void;
  /** Called at a loss and at the first attempt that fails, but not at those that follow it. */
  readonly onOutage: (error: Error) => void;
  /** An attempt met what no further attempt can change: there will be none. */
  readonly onMisconfigured: (error: QueueMisconfigured) => void;
  /** 0 … 1 */
  readonly random: () => number;
  /** Waits that many ms, or until the signal. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Keeps one session open: opens it again whenever it is lost, after pauses that grow from 0.1 s to 5 s and are drawn
 * from the whole of that span, so that clients which lost the same broker do not come back to it together.
 *
 * amqplib's own recovery is not used: it brings back connections but no channels, knows no error that ends the
 * attempts, and never lets go of the socket of a peer that has fallen silent.
 */
export class Reconnecting<S extends Session> {
  readonly #options: ReconnectingOptions<S>;
  readonly #opened = new EventEmitter().setMaxListeners(0);
  readonly #attempted = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #current: S | null = null;
  #closing = false;

  constructor(options: ReconnectingOptions<S>) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** The session of now; null while there is none. */
  get current(): S | null {
    return this.#current;
  }

  /** Resolves when the first attempt has ended, in whatever way. */
  get attempted(): Promise<void> {
    return this.#attempted.promise;
  }

  /** Waits for a session; rejects when the signal is aborted. */
  async next(signal: AbortSignal): Promise<S> {
    while (this.#current === null) await once(this.#opened, 'open', { signal });
    return this.#current;
  }

  /** Never rejects and takes a bounded time. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#current?.close();
    this.#stop.abort();
    // An attempt on a silent broker ends with its connection, which others may still need.
    await within(CLOSE_LIMIT_MS, this.#ended, () => new Error('late')).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { open, onOutage, onMisconfigured, random, pause = wait } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !this.#closing; failures += 1) {
      try {
        const session = await open(signal);
        failures = 0;
        const error = await this.#hold(session);
        if (!this.#closing) onOutage(error);
      } catch (error) {
        if (this.#closing) break;
        if (error instanceof QueueMisconfigured) {
          this.#attempted.resolve();
          onMisconfigured(error);
          return;
        }
        if (failures === 0) onOutage(error as Error);
      }
      this.#attempted.resolve();
      const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
      if (!this.#closing) await pause(random() * longest, signal);
    }
    this.#attempted.resolve();
  }

  /** Resolves with the reason of its loss. */
  async #hold(session: S): Promise<Error> {
    if (!this.#closing) {
      this.#current = session;
      this.#options.onOpen(session);
      this.#attempted.resolve();
      this.#opened.emit('open');
      await session.lost;
      this.#current = null;
    }
    await session.close();
    return session.lost;
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

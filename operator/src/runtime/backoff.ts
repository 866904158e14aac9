/** Lengths of pauses, in ms. */
export interface BackoffMs {
  readonly first: number;
  readonly longest: number;
}

/** Resolves after `ms`, or at once when the signal aborts; it never rejects. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

/** {@link Wait} by the process's own timer. */
export async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/** Pauses that double, each shortened by up to a half at random so that many clients do not come back at one moment. */
export class Backoff {
  readonly #ms: BackoffMs;
  readonly #random: () => number;
  #next: number;

  constructor(ms: BackoffMs, random: () => number = Math.random) {
    this.#ms = ms;
    this.#random = random;
    this.#next = ms.first;
  }

  /** How long to pause now, in ms. */
  next(): number {
    const pause = this.#next;
    this.#next = Math.min(2 * pause, this.#ms.longest);
    return pause * (1 - this.#random() / 2);
  }

  /** Begins anew with the first pause. */
  reset(): void {
    this.#next = this.#ms.first;
  }
}

import { setTimeout as pause } from 'node:timers/promises';

import { EXIT, Failure } from '../exit-codes.ts';

const LOOK_MS = 500;

export interface Waiting {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The sentence of the failure when the time is over: what it waited for, as it was last. */
  readonly late: () => string;
  /** Between two looks. Default: 0.5 s. */
  readonly everyMs?: number;
}

/** Looks until there is something to see. Throws a timeout `Failure` when the time is over, and the signal's reason. */
export async function until<T>(look: () => Promise<T | null>, waiting: Waiting): Promise<T> {
  const { timeoutMs, signal, late, everyMs = LOOK_MS } = waiting;
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() + everyMs > end) throw new Failure(EXIT.timeout, late());
    // The signal has a reason that says more than the timer's.
    await pause(everyMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

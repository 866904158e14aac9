import { QueueUnavailable } from '@voteapp/queue/port';
import { StoreUnavailable } from '@voteapp/store/port';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

export interface UntilAvailable {
  /** Ends the attempts: the promise then rejects. */
  readonly signal: AbortSignal;
  /** 0 … 1: spreads the attempts of several workers. */
  readonly random: () => number;
  /** Called at the first failure only. */
  readonly onOutage: (error: unknown) => void;
  /** Called once it works again. */
  readonly onRecovery: () => void;
  /** Which errors are waited for. Default: those of an unreachable store or queue. */
  readonly isOutage?: (error: unknown) => boolean;
}

/** True for what the same call may overcome later. */
function isUnavailable(error: unknown): boolean {
  return error instanceof StoreUnavailable || error instanceof QueueUnavailable;
}

/** Attempts a task, with growing pauses, until it does not fail because a server is away. */
export async function untilAvailable<T>(task: () => Promise<T>, options: UntilAvailable): Promise<T> {
  const { signal, random, onOutage, onRecovery, isOutage = isUnavailable } = options;
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await task();
      if (failures > 0) onRecovery();
      return result;
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (failures === 0) onOutage(error);
    }
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    await pause(longest * (0.5 + random() / 2), signal);
  }
}

/** Rejects when the signal is or becomes aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort);
  });
}

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';

interface Beats {
  /** ms since the epoch */
  readonly startAt: number;
  readonly everyMs: number;
  /** Not 0: it is over. */
  readonly over: Int32Array;
}

/** Calls `onBeat` every so many ms until it is stopped; returns what stops it. */
export function startMetronome(startAt: number, everyMs: number, onBeat: () => void): () => Promise<void> {
  const over = new Int32Array(new SharedArrayBuffer(4));
  // Timers of the event loop know whole milliseconds only, and come up to one late; a thread that waits does not.
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { startAt, everyMs, over } satisfies Beats });
  worker.on('message', onBeat);
  return async () => {
    const exited = once(worker, 'exit');
    Atomics.store(over, 0, 1);
    Atomics.notify(over, 0);
    await exited;
  };
}

/** Threads of others may load this file, too. */
function isMetronome(data: unknown): data is Beats {
  return typeof data === 'object' && data !== null && 'everyMs' in data;
}

function beat(port: MessagePort, { startAt, everyMs, over }: Beats): void {
  for (let due = startAt; ; due += everyMs) {
    const left = due - (performance.timeOrigin + performance.now());
    if (left > 0) Atomics.wait(over, 0, 0, left);
    if (Atomics.load(over, 0) !== 0) return;
    port.postMessage(null);
  }
}

if (parentPort !== null && isMetronome(workerData)) beat(parentPort, workerData);

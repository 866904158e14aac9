import type { Caller } from './caller.ts';
import type { Load } from './load.ts';
import { startMetronome } from './metronome.ts';
import type { Sending } from './sending.ts';

interface Due {
  readonly vote: number;
  readonly at: number;
}

/**
 * Requests are due at times that do not depend on the answers, those of one tick together. One that finds no connection
 * free waits for one, and its latency counts from when it was due. `start` is by `performance.now()`; `onDue` is told
 * when the generator gets to each request.
 */
export function openLoop(
  load: Load & { readonly rate: number },
  callers: readonly Caller[],
  start: number,
  onDue: (at: number) => void,
): Sending {
  const { first, rate, tickMs, durationMs } = load;
  const ticks = Math.floor(durationMs / tickMs);
  const last = first + Math.floor((ticks * tickMs * rate) / 1_000);
  const idle = [...callers];
  const waiting: Due[] = [];
  let waited = 0;
  let next = first;
  let tick = 0;
  let onAllSent = (): void => {};

  function send(caller: Caller, { vote, at }: Due): void {
    caller.send(vote, at);
    if (next === last && waited === waiting.length) onAllSent();
  }

  function onBeat(): void {
    const now = performance.now();
    for (; tick < ticks && start + tick * tickMs <= now; tick += 1) {
      const at = start + tick * tickMs;
      for (const end = first + Math.floor(((tick + 1) * tickMs * rate) / 1_000); next < end;) {
        onDue(at);
        const due = { vote: next, at };
        next += 1;
        const caller = idle.pop();
        if (caller === undefined) waiting.push(due);
        else send(caller, due);
      }
    }
  }

  return {
    onIdle(caller) {
      const due = waiting[waited];
      if (due === undefined) {
        idle.push(caller);
        return;
      }
      waited += 1;
      send(caller, due);
    },
    async run() {
      if (first === last) return 0;
      const allSent = new Promise<void>((resolve) => {
        onAllSent = resolve;
      });
      const stop = startMetronome(performance.timeOrigin + start, tickMs, onBeat);
      await allSent;
      await stop();
      return last - first;
    },
  };
}

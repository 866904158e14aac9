import { setTimeout as delay } from 'node:timers/promises';

import type { Caller } from './caller.ts';
import type { Load } from './load.ts';
import type { Sending } from './sending.ts';

/** Each connection sends the next request when it has its answer. */
export function closedLoop(load: Load, callers: readonly Caller[]): Sending {
  const deadline = performance.now() + load.durationMs;
  let next = load.first;
  const onIdle = (caller: Caller): void => {
    const now = performance.now();
    if (now < deadline) caller.send(next++, now);
  };
  return {
    onIdle,
    async run() {
      for (const caller of callers) onIdle(caller);
      await delay(load.durationMs);
      return next - load.first;
    },
  };
}

import type { Logger } from './log.ts';

export interface Repeated {
  /** Ends the repetition; resolves once a run under way has ended. */
  stop(): Promise<void>;
}

/**
 * Runs a task, waits `intervalMs` after its end, and so on; the first run starts at once. A failure is logged once
 * until the next success, so that an outage does not fill the log.
 */
export function repeat(task: () => Promise<void>, intervalMs: number, log: Logger, name: string): Repeated {
  let stopped = false;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let run = Promise.resolve();
  const once = async (): Promise<void> => {
    try {
      await task();
      if (failing) log.info({ task: name }, 'Task works again');
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ task: name, err: error }, 'Task failed, will be repeated');
      failing = true;
    }
    if (!stopped) timer = setTimeout(start, intervalMs);
  };
  const start = (): void => {
    run = once();
  };
  start();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await run;
    },
  };
}

import type { Logger } from './log.ts';

export interface Running {
  /** Finishes what was accepted, then releases everything. */
  stop(): Promise<void>;
}

const DRAIN_LIMIT_MS = 10_000;

/**
 * Waits for SIGTERM or SIGINT, drains, and resolves with the exit code: 0 drained, 1 the drain failed or took over
 * 10 s. A second signal ends the process at once with 130.
 */
export function drainOnSignal(running: Running, log: Logger): Promise<number> {
  return new Promise((resolve) => {
    let draining = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (draining) process.exit(130);
      draining = true;
      log.info({ signal }, 'Draining');
      const limit = setTimeout(() => {
        log.error('Drain took over 10 s');
        resolve(1);
      }, DRAIN_LIMIT_MS);
      running
        .stop()
        .then(
          () => resolve(0),
          (error: unknown) => {
            log.error({ err: error }, 'Drain failed');
            resolve(1);
          },
        )
        .finally(() => clearTimeout(limit));
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

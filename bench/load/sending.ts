import type { Caller } from './caller.ts';

/** One way of deciding when which request is sent. */
export interface Sending {
  /** Told of each connection that has no request under way any more. */
  onIdle(caller: Caller): void;
  /** Resolves with the number of requests when all are sent. */
  run(): Promise<number>;
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Shown } from './stream-reader.ts';

export type ViewersOrder = { readonly port: number; readonly viewers: number } | { readonly until: number };

export interface ViewersReport {
  /** By viewer, in the order that the events came. */
  readonly shown: readonly (readonly Shown[])[];
}

const PROGRAM = fileURLToPath(new URL('viewers-process.ts', import.meta.url));
const SHOWN_LIMIT_MS = 30_000;

export interface Viewers {
  /** Resolves when all of them have been shown so many accepted votes; they leave then. */
  until(accepted: number): Promise<ViewersReport>;
  stop(): Promise<void>;
}

/** Connects viewers of the results stream on a port, from a process of their own; resolves when all of them watch. */
export async function startViewers(port: number, viewers: number): Promise<Viewers> {
  const child = fork(PROGRAM, { serialization: 'advanced' });
  const exited = once(child, 'exit');
  const hear = async <T>(order: ViewersOrder): Promise<T> => {
    child.send(order);
    const limit = AbortSignal.timeout(SHOWN_LIMIT_MS);
    const heard = once(child, 'message', { signal: limit });
    const gone = once(child, 'disconnect', { signal: limit });
    const first = await Promise.race([heard, gone.then(() => null)]).catch(() => null);
    // The other one of both is nobody's any more.
    for (const each of [heard, gone]) each.catch(() => {});
    if (first === null) throw new Error('Not all viewers were shown all votes.');
    return first[0] as T;
  };
  await hear({ port, viewers });
  return {
    until: (accepted) => hear({ until: accepted }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

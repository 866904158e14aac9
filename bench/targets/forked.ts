import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Forked {
  readonly pid: number;
  /** Where it listens. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts a server program that tells the port it listens on, and ends when this process lets go of it. `options` is
 * the message that it waits for, if any.
 */
export async function forkServer(program: URL, options?: object): Promise<Forked> {
  const child: ChildProcess = fork(fileURLToPath(program));
  const exited = once(child, 'exit');
  if (options !== undefined) child.send(options);
  const port = await Promise.race([
    once(child, 'message').then(([message]) => message as number),
    exited.then(([code]) => Promise.reject(new Error(`${program.pathname} ended with ${String(code)}.`))),
  ]);
  return {
    pid: child.pid ?? 0,
    port,
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

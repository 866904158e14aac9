import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Target } from './target.ts';

const SERVER = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** A bare `node:http` server: what everything else is a ratio to. */
export async function startBare(): Promise<Target> {
  const child = fork(SERVER);
  const [port] = (await once(child, 'message')) as [number];
  return {
    name: 'bare node:http',
    pid: child.pid ?? 0,
    port,
    path: '/',
    applied: () => Promise.resolve(null),
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

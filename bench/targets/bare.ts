import { forkServer } from './forked.ts';
import { NAMED, type Target } from './target.ts';

/** A bare `node:http` server: what everything else is a ratio to. */
export async function startBare(): Promise<Target> {
  const server = await forkServer(new URL('bare-server.ts', import.meta.url));
  return {
    ...NAMED,
    name: 'bare node:http',
    policy: 'Unlimited',
    port: server.port,
    path: '/',
    parts: { server: [server.pid] },
    counted: null,
    tally: null,
    stop: () => server.stop(),
  };
}

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort, startServer } from '../../test/servers/server-process.ts';
import { findSoftware, type Wanted } from '../../test/servers/software.ts';
import { reasonOf } from '../../test/tools/programs.ts';
import { withProcesses } from '../cpu-time.ts';
import type { Tally } from '../load/ledger.ts';
import { BALLOTS } from '../load/load.ts';
import { optionIds } from '../load/request-writer.ts';
import { NAMED, type Target } from '../targets/target.ts';

const APP = fileURLToPath(new URL('flask-redis/app.py', import.meta.url));
const SHELL = ['bash', 'dash', 'coreutils'];

const REDIS: Wanted = { suite: 'bookworm', packages: ['redis-server', ...SHELL], program: 'redis-server' };
const GUNICORN: Wanted = {
  suite: 'bookworm',
  packages: ['gunicorn', 'python3-flask', 'python3-redis', ...SHELL],
  program: 'gunicorn',
};
const WORKERS = 4;

async function startRedis() {
  const root = await findSoftware(REDIS);
  const port = await freePort();
  return await startServer({
    name: 'redis',
    root,
    port,
    greeting: { hello: 'INFO server\r\n', version: /redis_version:([\d.]+)/ },
    // Each answer waits for the disk, as ours do.
    prepare: (_, seen) => {
      const settings = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--dir', seen];
      return Promise.resolve(['redis-server', '--bind', '127.0.0.1', '--port', String(port), ...settings]);
    },
  });
}

async function startGunicorn(redisPort: number) {
  const root = await findSoftware(GUNICORN);
  const port = await freePort();
  return await startServer({
    name: 'gunicorn',
    root,
    port,
    greeting: { hello: 'GET / HTTP/1.0\r\n\r\n', version: /x-version: flask\/([\d.]+)/ },
    variables: () => ({ REDIS_PORT: String(redisPort), OPTIONS: optionIds(BALLOTS.options).join(',') }),
    async prepare(folder, seen) {
      await copyFile(APP, join(folder, 'app.py'));
      const serving = ['--bind', `127.0.0.1:${port}`, '--workers', String(WORKERS), '--worker-tmp-dir', seen];
      // Threads are what keeps connections alive; without them each vote would need a connection of its own.
      return ['gunicorn', '--chdir', seen, '--worker-class', 'gthread', '--threads', '64', ...serving, 'app:app'];
    },
  });
}

/** Why this machine cannot have it; null: it can. */
export async function missingForFlaskRedis(): Promise<string | null> {
  try {
    await Promise.all([REDIS, GUNICORN].map(findSoftware));
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The usual sample: Flask and Redis, here with every vote on disk before it is answered. */
export async function startFlaskRedis(): Promise<Target> {
  const { started: redis, pids: redisPids } = await withProcesses(startRedis);
  const { started: gunicorn, pids } = await withProcesses(() => startGunicorn(redis.port));
  return {
    ...NAMED,
    name: `Flask ${gunicorn.version} and Redis ${redis.version}, AOF always`,
    policy: 'LastVoteWins',
    port: gunicorn.port,
    path: '/vote',
    parts: { gunicorn: pids, redis: redisPids },
    counted: null,
    async tally() {
      const answer = await fetch(`http://127.0.0.1:${gunicorn.port}/tally`);
      const numbers = (await answer.json()) as Pick<Tally, 'cast' | 'votes' | 'rows'>;
      return { ...numbers, rejected: 0, duplicates: 0 };
    },
    async stop() {
      await gunicorn.stop();
      await redis.stop();
    },
  };
}

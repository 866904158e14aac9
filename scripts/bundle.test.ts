import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startPoll } from '../test/tools/voteapp-process.ts';
import { bundle, PROGRAM_NAMES } from './bundle.ts';

const KEY = Buffer.alloc(32, 'key').toString('base64');
// A port that nothing may listen on: the services wait for their servers, and are alive meanwhile.
const NOWHERE = { RABBITMQ_HOST: '127.0.0.1', RABBITMQ_PORT: '1', MYSQL_HOST: '127.0.0.1', MYSQL_PORT: '1' };
const LOGINS = { RABBITMQ_PASSWORD: 'none', MYSQL_USER: 'none', MYSQL_PASSWORD: 'none' };

describe('a bundle', () => {
  let folder: string;
  beforeAll(async () => {
    // Far from any node_modules.
    folder = await mkdtemp(join(tmpdir(), 'voteapp-bundle-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.for(PROGRAM_NAMES.filter((name) => name !== 'cli'))('of %s says which settings it lacks', async (name) => {
    const main = await bundle(name, folder);
    const run = promisify(execFile)(process.execPath, [main], { cwd: dirname(main), env: { HOME: folder } });
    const lacking = name === 'operator' ? 'KUBECONFIG' : 'APP_NAME';
    await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(lacking) as string });
  });

  // The worker listens when it has its database.
  test.for(['vote', 'front'] as const)('of %s lives in an empty folder', async (name) => {
    const main = await bundle(name, folder);
    const empty = join(folder, `${name}-empty`);
    await mkdir(empty);
    const pollFile = join(folder, `${name}.json`);
    await writeFile(pollFile, '{"name": "poll", "revision": 1, "poll": {"options": [{"id": "a"}, {"id": "b"}]}}');
    const own = { APP_NAME: 'poll', HOST: '127.0.0.1', PORT: '0', POLL_FILE: pollFile };
    const env = { ...own, SESSION_KEY: KEY, ROUND_KEY: KEY, FRONT_URL: 'http://127.0.0.1:9', ...NOWHERE, ...LOGINS };
    const child = spawn(process.execPath, [main], { cwd: empty, env, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const lines: string[] = [];
      createInterface(child.stdout).on('line', (line) => lines.push(line));
      const entry = () => lines.map((line) => JSON.parse(line) as { msg: string; port?: number });
      await expect.poll(() => entry().map(({ msg }) => msg)).toContain('Listening');
      const { port } = entry().find(({ msg }) => msg === 'Listening')!;
      expect(await (await fetch(`http://127.0.0.1:${port}/livez`)).text()).toBe('ok\n');
    } finally {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  });

  test('of the CLI runs a poll with its pages, on threads of its own', async () => {
    const main = await bundle('cli', folder);
    const poll = await startPoll(join(folder, 'data'), { main, cwd: folder });
    const page = await (await fetch(poll.urls.vote)).text();
    const assets = [...page.matchAll(/\/assets\/[^"]+/g)].map(([path]) => path);
    expect(assets.map((path) => path.replace(/.*\//, ''))).toEqual(
      expect.arrayContaining(['style.css', 'vote-page.js']),
    );
    for (const path of assets) expect((await fetch(poll.urls.vote + path)).status, path).toBe(200);
    const vote = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"option":"pepsi"}' };
    expect((await fetch(`${poll.urls.vote}/api/vote`, vote)).status).toBe(202);
    const counted = async () => (await fetch(`${poll.urls.results}/api/votes`)).json();
    await expect.poll(counted).toEqual({ votes: { coca: '0', pepsi: '1' } });
    expect(await poll.stop()).toEqual({ code: 0, signal: null });
  });
});

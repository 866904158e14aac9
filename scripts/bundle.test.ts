import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startPoll } from '../test/tools/voteapp-process.ts';
import { bundle, PROGRAM_NAMES } from './bundle.ts';

describe('a bundle', () => {
  let folder: string;
  beforeAll(async () => {
    // Far from any node_modules.
    folder = await mkdtemp(join(tmpdir(), 'voteapp-bundle-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.for(PROGRAM_NAMES.filter((name) => name !== 'cli'))('of %s says which settings it lacks', async (name) => {
    const main = await bundle(name, folder);
    const run = promisify(execFile)(process.execPath, [main], { cwd: dirname(main), env: {} });
    await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('APP_NAME') as string });
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

import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { freePort } from '../servers/server-process.ts';
import { reasonOf } from '../tools/programs.ts';
import { COMPOSE_FILE } from './compose-file.ts';

const run = promisify(execFile);
const LIMIT_MS = 900_000;

const missing = await run('docker', ['compose', 'version'])
  .then(() => run('docker', ['info']))
  .then(
    () => null,
    (error: unknown) => reasonOf(error),
  );
if (missing !== null) process.stderr.write(`Tests that run compose.yaml by Docker are skipped: ${missing}.\n`);

describe.skipIf(missing !== null)('compose.yaml, run by Docker', { timeout: LIMIT_MS }, () => {
  let folder: string;
  let env: Record<string, string | undefined>;

  const project = dirname(COMPOSE_FILE);
  /** `docker compose`, on secrets and a poll of its own. */
  async function compose(...words: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', ['compose', ...words], { cwd: folder, env, maxBuffer: 64 << 20 });
    return stdout;
  }
  const counted = async (): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${env['RESULTS_PORT']}/api/results`);
    return ((await answer.json()) as { counted?: number }).counted;
  };
  const vote = async (voter: string): Promise<number> => {
    const url = `http://127.0.0.1:${env['VOTE_PORT']}/api/vote`;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ option: 'coca', voter });
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-docker-'));
    const ports = { VOTE_PORT: String(await freePort()), RESULTS_PORT: String(await freePort()) };
    env = { ...process.env, ...ports, COMPOSE_PROJECT_NAME: `voteapp-test-${process.pid}` };
    await run('docker', ['compose', 'build'], { cwd: project, env, maxBuffer: 64 << 20 });
    for (const name of ['compose.yaml', 'compose'])
      await cp(join(project, name), join(folder, name), { recursive: true });
    await run('sh', ['compose/make-secrets.sh'], { cwd: folder });
  }, LIMIT_MS);
  afterAll(async () => {
    await compose('down', '--volumes');
    await rm(folder, { recursive: true });
  }, LIMIT_MS);

  test('counts votes, takes replicas, keeps its data when it is down, and removes it when told', async () => {
    await compose('up', '--wait', '--no-build');
    expect(await vote('ana')).toBe(202);
    await expect.poll(counted).toBe(1);

    await compose('up', '--wait', '--no-build', '--scale', 'vote=3', '--scale', 'worker=2');
    const running = (await compose('ps', '--format', '{{.Service}}')).trim().split('\n');
    expect(running.filter((name) => name === 'vote')).toHaveLength(3);
    expect(await vote('bia')).toBe(202);
    await expect.poll(counted).toBe(2);

    await compose('down');
    await compose('up', '--wait', '--no-build');
    await expect.poll(counted).toBe(2);

    await compose('down', '--volumes');
    await compose('up', '--wait', '--no-build');
    await expect.poll(counted).toBe(0);
  });
});

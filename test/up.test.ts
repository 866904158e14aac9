import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type RunningPoll, startPoll, voteapp } from './tools/voteapp-process.ts';

let folder: string;
let data: string;
let file: string;
let running: RunningPoll | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-up-'));
  data = join(folder, 'data');
  file = join(folder, 'votingapp.yaml');
});
afterEach(async () => {
  if (running?.child.exitCode === null && running.child.signalCode === null) await running.kill();
  running = undefined;
  await rm(folder, { recursive: true });
});

function votingApp(poll: object, rest: object = {}): string {
  const spec = { poll: { options: [{ id: 'coca' }, { id: 'pepsi' }], ...poll }, ...rest };
  return JSON.stringify({ apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', metadata: { name: 'final' }, spec });
}

async function start(poll: object = {}, rest: object = {}): Promise<RunningPoll> {
  await writeFile(file, votingApp(poll, rest));
  running = await startPoll(data, { name: 'final', args: ['-f', file] });
  return running;
}

async function vote(poll: RunningPoll, body: object): Promise<number> {
  const response = await fetch(`${poll.urls.vote}/api/vote`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

async function read(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

function votes(poll: RunningPoll): Promise<unknown> {
  return read(`${poll.urls.results}/api/votes`).then((body) => body['votes']);
}

async function refusedUp(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  const attempt = voteapp([
    'up',
    '--data',
    data,
    '--vote-port',
    '0',
    '--worker-port',
    '0',
    '--front-port',
    '0',
    ...args,
  ]);
  const { code } = await attempt.finished;
  return { code, stderr: attempt.stderr() };
}

describe('voteapp up', () => {
  it('runs the poll of a file, says where, names what it ignores, and drains on Ctrl-C', async () => {
    const poll = await start({}, { database: { type: 'Managed' } });
    expect(poll.stdout()).toContain(poll.urls.vote);
    expect(poll.stdout()).toContain(poll.urls.results);
    expect(poll.stdout()).toContain('Ignored without a cluster: spec.database.');
    expect(await vote(poll, { option: 'coca', voter: 'ana' })).toBe(202);
    await expect.poll(() => votes(poll)).toEqual({ coca: '1', pepsi: '0' });
    expect(await poll.stop()).toEqual({ code: 0, signal: null });
    expect(existsSync(join(data, 'final', 'run.json'))).toBe(false);
    expect(poll.stderr()).toContain('open · 1 vote · coca 1 · pepsi 0');
  });

  it('counts every accepted vote once after kill -9 and a restart', async () => {
    const poll = await start({ policy: 'Unlimited' });
    let accepted = 0;
    const voters = Array.from({ length: 32 }, async () => {
      // Until the process is gone: a refused or broken connection ends the voter.
      while ((await vote(poll, { option: 'coca' }).catch(() => 0)) === 202) accepted += 1;
    });
    await expect.poll(() => accepted, { timeout: 20_000 }).toBeGreaterThan(500);
    await poll.kill();
    await Promise.all(voters);
    running = await startPoll(data, { name: 'final', args: ['-f', file] });
    const again = running;
    const counted = async (): Promise<number> => Number(((await votes(again)) as { coca: string }).coca);
    await expect.poll(counted).toBeGreaterThanOrEqual(accepted);
    // Votes in flight at the kill may be stored although nobody was told: at most one a voter.
    expect(await counted()).toBeLessThanOrEqual(accepted + voters.length);
    const before = await counted();
    expect(await vote(again, { option: 'coca' })).toBe(202);
    await expect.poll(counted).toBe(before + 1);
  });

  it('takes edits up live, and refuses those that the round forbids', async () => {
    const poll = await start({ title: 'Before' });
    const title = (): Promise<unknown> => read(`${poll.urls.vote}/api/poll`).then((body) => body['title']);
    expect(await title()).toBe('Before');

    const options = [{ id: 'coca' }, { id: 'pepsi' }, { id: 'guarana' }];
    await writeFile(file, votingApp({ title: 'After', options }));
    await expect.poll(title, { timeout: 5_000 }).toBe('After');
    expect(await vote(poll, { option: 'guarana', voter: 'ana' })).toBe(202);

    await writeFile(file, votingApp({ title: 'Never', policy: 'Unlimited', options }));
    await expect
      .poll(poll.stderr, { timeout: 5_000 })
      .toContain('spec.poll.policy must stay LastVoteWins within the round "final"; set a new spec.poll.id');

    await writeFile(file, '{');
    await expect.poll(poll.stderr, { timeout: 5_000 }).toContain(`${file}:1:`);
    expect(await title()).toBe('After');

    await writeFile(file, votingApp({ title: 'After', options, closesAt: '2020-01-01T00:00:00Z' }));
    await expect.poll(() => vote(poll, { option: 'coca', voter: 'ana' }), { timeout: 5_000 }).toBe(403);
  });

  it('keeps the definition of a running round over a restart', async () => {
    const poll = await start();
    await vote(poll, { option: 'coca', voter: 'ana' });
    await poll.stop();
    await writeFile(file, votingApp({ options: [{ id: 'pepsi' }, { id: 'coca' }] }));
    const { code, stderr } = await refusedUp('-f', file);
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}: spec.poll.options[0] must stay "coca", for options are never`);
  });

  it('starts a new round under a new id, and the old one stays readable', async () => {
    const poll = await start();
    await vote(poll, { option: 'coca', voter: 'ana' });
    await expect.poll(() => votes(poll)).toEqual({ coca: '1', pepsi: '0' });
    await writeFile(file, votingApp({ id: 'second', policy: 'Unlimited' }));
    await expect
      .poll(() => read(`${poll.urls.vote}/api/poll`).then((body) => body['round']), { timeout: 10_000 })
      .toBe('second');
    await expect.poll(() => vote(poll, { option: 'pepsi', voter: 'ana' }), { timeout: 10_000 }).toBe(202);
    await expect.poll(() => votes(poll)).toEqual({ coca: '0', pepsi: '1' });
    expect(await read(`${poll.urls.results}/api/results?round=final`)).toMatchObject({ counted: 1, round: 'final' });
    await expect
      .poll(() => read(`${poll.urls.results}/api/results?round=final`), { timeout: 20_000 })
      .toMatchObject({ state: 'Final', final: { version: 1 } });
  });

  it('is final after the close, when everything is counted', async () => {
    const poll = await start({ closesAt: new Date(Date.now() + 60_000).toISOString() });
    expect(await vote(poll, { option: 'coca', voter: 'ana' })).toBe(202);
    await writeFile(file, votingApp({ closesAt: new Date().toISOString() }));
    await expect
      .poll(() => read(`${poll.urls.results}/api/results`), { timeout: 20_000 })
      .toMatchObject({ state: 'Final', counted: 1, pending: 0, final: { version: 1 } });
  });
});

describe('voteapp up refuses, with one sentence and exit code 2,', () => {
  it('a busy port, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const option of ['--vote-port', '--worker-port', '--front-port']) {
      const { code, stderr } = await refusedUp(option, String(port));
      expect(code).toBe(2);
      expect(stderr).toContain(`127.0.0.1:${port} is in use by another program; stop it or choose another port.`);
    }
    server.close();
  });

  it('a busy folder', async () => {
    const poll = await start();
    const { code, stderr } = await refusedUp('-f', file);
    expect(code).toBe(2);
    expect(stderr).toContain(`is in use by another voteapp (process ${poll.child.pid})`);
  });

  it.each<[string, string[], string]>([
    ['a file that is not there', ['-f', '/nonexistent/poll.yaml'], '/nonexistent/poll.yaml cannot be read'],
    ['a port that is none', ['--vote-port', '99999'], 'must be a port number'],
    ['an unknown flag, with a suggestion', ['--vote-prt', '1'], 'Did you mean --vote-port?'],
    ['an argument too many', ['poll.yaml'], 'too many arguments'],
  ])('%s', async (_, args, expected) => {
    const { code, stderr } = await refusedUp(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  it('an invalid file', async () => {
    await writeFile(file, votingApp({ policy: 'Whatever' }));
    const { code, stderr } = await refusedUp('-f', file);
    expect(code).toBe(2);
    expect(stderr).toBe(`${file}: spec.poll.policy must be one of LastVoteWins, FirstVoteWins, Unlimited.\n`);
  });
});

it('voteapp up refuses an unknown log level', async () => {
  const attempt = voteapp(['up', '--data', data], { wrapper: ['env', 'LOG_LEVEL=loud'] });
  expect((await attempt.finished).code).toBe(2);
  expect(attempt.stderr()).toContain('LOG_LEVEL: ');
});

describe('the keys of a poll', () => {
  it('stay out of the log and of the answers', async () => {
    const poll = await start();
    const keys = JSON.parse(await readFile(join(data, 'final', 'keys.json'), 'utf8')) as Record<string, string>;
    await vote(poll, { option: 'coca', voter: 'ana-maria' });
    await poll.stop();
    const said = poll.stdout() + poll.stderr();
    for (const secret of [...Object.values(keys), 'ana-maria']) expect(said).not.toContain(secret);
  });
});

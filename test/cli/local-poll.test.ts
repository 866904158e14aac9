import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { readRunFile, type RunFile } from '../../cli/src/embedded/run-file.ts';
import { localPoll, runningPolls } from '../../cli/src/poll/local-poll.ts';
import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { voteappHere } from './here.ts';

function votingApp(poll: object = {}): string {
  const options = [{ id: 'coca' }, { id: 'pepsi' }];
  const spec = { poll: { options, ...poll } };
  return JSON.stringify({ apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', metadata: { name: 'final' }, spec });
}

let data: string;
let file: string;
const running: RunningPoll[] = [];

async function start(content = votingApp()): Promise<RunningPoll> {
  await writeFile(file, content);
  const poll = await startPoll(data, { name: 'final', args: ['-f', file] });
  running.push(poll);
  return poll;
}

async function read(poll: RunningPoll): Promise<Record<string, unknown>> {
  return (await (await fetch(`${poll.urls.vote}/api/poll`)).json()) as Record<string, unknown>;
}

describe('the poll of this machine', { timeout: 120_000 }, () => {
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'voteapp-local-'));
    file = join(data, 'final.yaml');
  });
  afterEach(async () => {
    for (const poll of running.splice(0)) if (poll.child.exitCode === null) await poll.kill().catch(() => {});
    await rm(data, { recursive: true });
  });

  async function on(...args: string[]) {
    return await voteappHere(['poll', ...args, '--data', data, '--local'], {});
  }

  test('is suspended, resumed and closed at once, and says by what votes are judged', async () => {
    const poll = await start();
    expect(await on('suspend', '--wait')).toMatchObject({ code: 0, stdout: 'final is Suspended, by revision 2.\n' });
    expect(await read(poll)).toMatchObject({ state: 'Suspended' });
    expect(await on('resume', 'final', '--wait')).toMatchObject({ code: 0, stdout: 'final is Open, by revision 3.\n' });
    expect((await on('open')).stdout).toBe('final is open already, until somebody closes it.\n');

    const closed = await on('close', '--wait', '-o', 'json');
    expect(closed.code).toBe(0);
    expect(JSON.parse(closed.stdout)).toMatchObject({ local: true, changed: true, revision: 4, judgedRevision: 4 });
    await expect.poll(async () => (await read(poll))['state'], { timeout: 15_000 }).toBe('Final');
    const reopened = await on('open');
    expect(reopened).toMatchObject({ code: 1, stdout: '' });
    expect(reopened.stderr).toBe(
      'The round "final" has closed and cannot be opened again; a new spec.poll.id starts a new count.\n',
    );
    // It stays closed over a restart, although its file says nothing of that.
    await poll.stop();
    const again = await start();
    expect(await read(again)).toMatchObject({ state: 'Final' });
    expect(again.stdout()).toContain('Not as the file says, for it was changed on air: spec.poll.closesAt.');
  });

  test('is as it was asked to be at once, for whoever resumes what he has just suspended', async () => {
    await start();
    const poll = await localPoll(data, undefined);
    for (const suspend of [true, false, true]) {
      const revision = await poll.edit({ suspend });
      expect(await poll.now()).toMatchObject({ suspend, revision });
    }
  });

  test('is edited by its file and on air, and the later word holds', async () => {
    const poll = await start(votingApp({ closesAt: '2037-01-01T00:00:00Z' }));
    const closesAt = async () => (await read(poll))['closesAt'];
    expect((await on('close', '--at', '2036-01-01 12:00', '--wait')).code).toBe(0);
    await writeFile(file, votingApp({ closesAt: '2037-01-01T00:00:00Z', title: 'Other' }));
    await expect.poll(async () => (await read(poll))['title'], { timeout: 5_000 }).toBe('Other');
    expect(await closesAt()).toBe('2036-01-01T12:00:00.000Z');
    await writeFile(file, votingApp({ closesAt: '2038-01-01T00:00:00Z' }));
    await expect.poll(closesAt, { timeout: 5_000 }).toBe('2038-01-01T00:00:00.000Z');
  });

  test('is found by those who look for it, while it runs', async () => {
    await expect(localPoll(data, undefined)).rejects.toThrow(
      /^No poll runs on this machine with its data in .*: start/,
    );
    const poll = await start();
    expect((await runningPolls(data)).map(({ name }) => name)).toEqual(['final']);
    expect(await localPoll(data, undefined)).toMatchObject({ name: 'final', namespace: 'default', isLocal: true });
    await expect(localPoll(data, 'other')).rejects.toThrow('No poll other runs on this machine; final does.');
    await poll.kill();
    // The file of a killed process stays.
    expect(JSON.parse(await readFile(join(data, 'final', 'run.json'), 'utf8'))).toMatchObject({ namespace: 'default' });
    expect(await runningPolls(data)).toEqual([]);
    expect((await on('close')).code).toBe(4);
  });
});

test('a report of the poll of this machine has neither votes nor keys', { timeout: 120_000 }, async () => {
  data = await mkdtemp(join(tmpdir(), 'voteapp-reported-'));
  file = join(data, 'final.yaml');
  const archive = join(data, 'report.tar.gz');
  const poll = await start();
  try {
    await voteappHere(['vote', 'final', 'coca', '--voter', 'ana-in-person', '--local', '--data', data], {});
    const nowhere = { KUBECONFIG: '', HOME: data, KUBERNETES_SERVICE_HOST: '' };
    // Without a cluster it is found without being named.
    const { code, stdout, stderr } = await voteappHere(['report', '--file', archive, '--data', data], nowhere);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${archive}\n` });
    expect(stderr).toMatch(/^Of the poll final of this machine\.\nSecrets are left out; /);
    const read = (...args: string[]): string => execFileSync('tar', [...args, archive], { encoding: 'utf8' });
    const names = read('-tzf')
      .trimEnd()
      .split('\n')
      .map((name) => name.slice(name.indexOf('/') + 1));
    expect(names.toSorted()).toEqual([
      'README.txt',
      'definition.yaml',
      'folder.yaml',
      'health/front.yaml',
      'health/vote.yaml',
      'health/worker.yaml',
      'metrics/front.txt',
      'metrics/vote.txt',
      'metrics/worker.txt',
      'missing.txt',
      'results.yaml',
      'rounds.yaml',
      'status.yaml',
      'versions.yaml',
    ]);
    const whole = read('-xzOf');
    expect(whole).toContain('store.db');
    expect(whole).toContain('voteapp_');
    const keys = JSON.parse(await readFile(join(data, 'final', 'keys.json'), 'utf8')) as Record<string, string>;
    const { control } = readRunFile(join(data, 'final'))!;
    for (const secret of [...Object.values(keys), control.secret, 'ana-in-person']) expect(whole).not.toContain(secret);
    expect(await voteappHere(['report', 'other', '--local', '--data', data], {})).toMatchObject({
      code: 4,
      stdout: '',
    });
  } finally {
    await poll.stop();
    running.splice(0);
    await rm(data, { recursive: true });
  }
});

describe('the control address', { timeout: 120_000 }, () => {
  let control: RunFile['control'];
  let poll: RunningPoll;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'voteapp-control-'));
    file = join(data, 'final.yaml');
    poll = await start(votingApp({ opensAt: '2036-01-01T00:00:00Z' }));
    control = readRunFile(join(data, 'final'))!.control;
  });
  afterAll(async () => {
    await poll?.stop();
    running.splice(0);
    await rm(data, { recursive: true });
  });

  async function send(body: string, { secret = control.secret, method = 'PATCH', path = '' } = {}) {
    const headers = { authorization: `Bearer ${secret}` };
    const response = await fetch(control.url + path, { method, headers, ...(method === 'PATCH' && { body }) });
    return { status: response.status, body: await response.json() };
  }

  test.each<[string, number, Parameters<typeof send>]>([
    ['who has not the secret', 401, ['{"suspend": true}', { secret: 'guessed' }]],
    ['who has none', 401, ['{"suspend": true}', { secret: '' }]],
    ['another path', 404, ['{}', { path: '/other' }]],
    ['another method', 405, ['', { method: 'DELETE' }]],
    ['what is no JSON', 400, ['suspend']],
    ['what is no edit', 400, ['{"policy": "Unlimited"}']],
    ['a time that is none', 400, ['{"closesAt": "tomorrow"}']],
    ['what is too long', 400, [JSON.stringify({ closesAt: '2'.repeat(5_000) })]],
    ['what makes no poll', 409, ['{"closesAt": "2035-01-01T00:00:00Z"}']],
  ])('refuses %s, and the poll stays as it was', async (_, status, [body, how]) => {
    const before = await read(poll);
    expect(await send(body, how)).toMatchObject({ status, body: { problems: [expect.any(String)] } });
    expect(await read(poll)).toMatchObject({ version: before['version'], state: 'Scheduled' });
  });

  test('listens to this machine alone', () => {
    expect(new URL(control.url).hostname).toBe('127.0.0.1');
    expect(Buffer.from(control.secret, 'base64url')).toHaveLength(32);
  });
});

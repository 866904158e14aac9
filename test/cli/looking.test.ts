import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { browseOutput } from '@voteapp/cli/browse/browse-output';
import { logLineOutput } from '@voteapp/cli/logs/logs-output';
import { statusOutput } from '@voteapp/cli/status/status-output';
import { tallyOutput } from '@voteapp/cli/tally/tally-output';
import { voteOutput } from '@voteapp/cli/vote/vote-output';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FIRST_START_MS, installWithImages, knownNode, restrictedNamespace } from '../operator/nodes/cluster.ts';
import { Poll } from '../operator/nodes/poll.ts';
import { type Answer, startVoteapp, type StartedVoteapp } from './voteapp.ts';

const cluster = await knownNode();

describe.skipIf(cluster === null)('the verbs that look, on a node', { timeout: 120_000 }, () => {
  let poll: Poll;
  let folder: string;
  beforeAll(async () => {
    await installWithImages(cluster!);
    folder = await mkdtemp(join(tmpdir(), 'voteapp-looking-'));
    const namespace = await restrictedNamespace(cluster!);
    poll = await Poll.apply(cluster!.client, namespace, 'smallest');
  }, FIRST_START_MS);
  afterAll(async () => {
    await cluster?.leave();
    await rm(folder, { recursive: true, force: true });
  });

  function start(...args: string[]): StartedVoteapp {
    return startVoteapp([...args, '-n', poll.namespace], {
      env: { KUBECONFIG: cluster!.kubeconfig },
      cwd: folder,
    });
  }

  async function on(...args: string[]): Promise<Answer> {
    return await start(...args).answer;
  }

  /** Resolves with what it prints once that holds the text. */
  async function said({ child }: StartedVoteapp, text: string): Promise<string> {
    let stdout = '';
    return await new Promise((resolve, reject) => {
      child.stdout!.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (stdout.includes(text)) resolve(stdout);
      });
      child.once('close', () => reject(new Error(`It ended without ${text}: ${stdout}`)));
    });
  }

  test('vote, and tally as everybody wants it', async () => {
    const many = await on('vote', 'smallest', 'coca', '--count', '50', '-o', 'json');
    expect(many).toMatchObject({ code: 0, stderr: '' });
    expect(voteOutput.parse(JSON.parse(many.stdout))).toMatchObject({
      asked: 50,
      accepted: 50,
      refused: [],
      unknown: 0,
    });
    expect(await on('vote', 'smallest', 'pepsi', '--voter', 'ann')).toEqual({
      code: 0,
      stdout: 'The vote is accepted.\n',
      stderr: '',
    });
    expect(await on('vote', 'smallest', 'tea')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'smallest has no option tea; it has coca, pepsi.\n',
    });

    await expect
      .poll(async () => tallyOutput.parse(JSON.parse((await on('tally', '-o', 'json')).stdout)), { timeout: 30_000 })
      .toMatchObject({
        name: 'smallest',
        counted: 51,
        pending: 0,
        final: null,
        options: [{ votes: 50 }, { votes: 1 }],
      });
    const { stdout: table } = await on('tally', 'smallest');
    expect(table).toMatch(/^coca +50 +98\.0 % +█+$/m);
    expect(table).toContain('Open, not final; no vote waits');
    const csv = await on('tally', 'smallest', '-o', 'csv');
    expect(csv.stdout).toMatch(/^option,label,votes,share,cast\r\ncoca,coca,50,.*\r\npepsi,pepsi,1,.*\r\n$/);
    expect((await on('tally', '--by-hour', '-o', 'csv')).stdout).toMatch(/^hour,local_hour,option,label,cast\r\n/);
    expect((await on('tally', '--by-hour')).stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:00 +5[01] /m);
    expect(await on('tally', '--round', 'gone')).toMatchObject({
      code: 4,
      stderr: 'There is no round gone of smallest; it has smallest.\n',
    });
  });

  test('status, of what its pods do', async () => {
    const status = statusOutput.parse(JSON.parse((await on('status', '-o', 'json')).stdout));
    expect(status).toMatchObject({ name: 'smallest', ready: true, state: 'Open', local: false });
    expect(status.components.map(({ name, ready, desired }) => [name, ready === desired])).toEqual(
      ['vote', 'worker', 'front', 'mysql', 'rabbitmq'].map((name) => [name, true]),
    );
    expect(status.events?.length).toBeGreaterThan(0);
  });

  test('logs, of its pods by time and level, and what they go on to say', async () => {
    const all = await on('logs', 'smallest', '-o', 'json');
    const lines = all.stdout
      .trimEnd()
      .split('\n')
      .map((line) => logLineOutput.parse(JSON.parse(line)));
    expect(new Set(lines.map(({ component }) => component))).toEqual(
      new Set(['vote', 'worker', 'front', 'mysql', 'rabbitmq']),
    );
    const times = lines.map(({ time }) => Date.parse(time));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    const text = (await on('logs', '--component', 'vote,worker', '--level', 'info')).stdout;
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} vote-\w{5} +info {2}/m);
    expect(text).not.toMatch(/ (mysql|front)-/);
    expect((await on('logs', '--component', 'mysql', '--level', 'fatal')).stdout).toBe('');

    const before = new Set((await poll.pods('front')).map(({ name }) => name));
    const following = start('logs', '-f', '--component', 'front', '-o', 'json');
    await said(following, '"front"');
    await poll.edit({ front: { replicas: before.size + 1 } });
    await expect.poll(async () => (await poll.pods('front')).length, { timeout: 30_000 }).toBe(before.size + 1);
    const fresh = (await poll.pods('front')).find(({ name }) => !before.has(name))!;
    await said(following, fresh.name);
    following.child.kill('SIGINT');
    expect(await following.answer).toMatchObject({ code: 0, stderr: '' });
  });

  test('browse leads there until it is ended', async () => {
    const browsing = start('browse', 'smallest', '--forward', '--no-open', '-o', 'json');
    const { urls, forwarded } = browseOutput.parse(JSON.parse(await said(browsing, '}\n}')));
    expect(forwarded).toBe(true);
    expect(await (await fetch(urls.vote)).text()).toContain('pepsi');
    expect((await fetch(`${urls.results}/api/results`)).status).toBe(200);
    browsing.child.kill('SIGINT');
    expect(await browsing.answer).toMatchObject({ code: 0, stderr: 'Ctrl-C ends it.\n' });
    await expect(fetch(urls.vote)).rejects.toThrow('fetch failed');
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { FIRST_START_MS } from '../cluster/shared.ts';
import { Stage, stageCluster } from '../operator/in-process.ts';
import { type Answer, voteapp } from './voteapp.ts';

const cluster = await stageCluster();
const AB = ['--option', 'a=Ana', '--option', 'b'];

describe.skipIf(cluster === null)('voteapp create', { timeout: FIRST_START_MS }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  async function create(...args: string[]): Promise<Answer> {
    return await voteapp(['create', ...args, '--kubeconfig', cluster!.kubeconfig, '-n', stage.namespace]);
  }

  test('makes what was asked for, and nothing more', async () => {
    const { code, stdout } = await create(
      'shop',
      ...AB,
      '--closes-at',
      '2026-12-20 22:30',
      '--time-zone',
      'Asia/Tokyo',
    );
    expect([code, stdout]).toEqual([0, 'votingapp.voteapp.dev/shop created\n']);
    const app = await stage.get('shop');
    expect(app?.spec).toMatchObject({
      poll: {
        options: [{ id: 'a', label: 'Ana' }, { id: 'b' }],
        closesAt: '2026-12-20T22:30:00+09:00',
        timeZone: 'Asia/Tokyo',
      },
    });
    expect(Object.keys(app?.spec ?? {})).toEqual(['poll']);
  });

  test('leaves one that is there as it is, and says how to change it', async () => {
    await create('there', ...AB);
    const before = await stage.get('there');
    for (const dry of [[], ['--dry-run=server']]) {
      expect(await create('there', '--option', 'x', '--option', 'y', ...dry)).toEqual({
        code: 1,
        stdout: '',
        stderr: `There is a VotingApp there in namespace ${stage.namespace} already, and it is left as it is: change it with \`kubectl edit votingapp there\`, or open and close it with \`voteapp poll\`.\n`,
      });
    }
    expect((await stage.get('there'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  test.each(['client', 'server'])('makes nothing in a dry run (%s), and prints what it would make', async (where) => {
    const { code, stdout, stderr } = await create('dry', ...AB, `--dry-run=${where}`, '-o', 'yaml');
    expect([code, stderr]).toEqual([0, '']);
    expect(parse(stdout)).toMatchObject({
      apiVersion: 'voteapp.dev/v1alpha1',
      kind: 'VotingApp',
      metadata: { name: 'dry', namespace: stage.namespace },
      spec: { poll: { options: [{ id: 'a', label: 'Ana' }, { id: 'b' }] } },
    });
    expect(stdout).not.toContain('managedFields');
    expect(await stage.get('dry')).toBeNull();
  });

  test('waits until it is ready; where no operator is, until the time is over', async () => {
    const late = await create('late', ...AB, '--wait', '--timeout', '1s');
    expect(late).toMatchObject({ code: 3, stdout: 'votingapp.voteapp.dev/late created\n' });
    expect(late.stderr).toMatch(/^Waiting: No operator has taken it up yet;.*\nVotingApp late is there and not ready/);
    const operator = await stage.startOperator();
    const ready = await create('ready', ...AB, '--wait', '--timeout', '60s', '-o', 'name');
    expect(ready).toMatchObject({ code: 0, stdout: 'votingapp.voteapp.dev/ready\n' });
    expect(ready.stderr).toMatch(/VotingApp ready is ready\.\n$/);
    await operator.stop();
  });

  test('of a namespace that is not there says so', async () => {
    const answer = await voteapp(['create', 'x', ...AB, '--kubeconfig', cluster!.kubeconfig, '-n', 'nowhere-at-all']);
    expect(answer).toEqual({ code: 4, stdout: '', stderr: 'namespaces "nowhere-at-all" not found.\n' });
  });
});

describe('voteapp create without a cluster', { timeout: 90_000 }, () => {
  test('prints what it would make', async () => {
    const { code, stdout, stderr } = await voteapp(['create', 'shop', ...AB, '--dry-run', '-o', 'json']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ metadata: { name: 'shop' } });
  });

  test.each<[string, string[], RegExp]>([
    ['a cluster', [], /^There is no cluster: /],
    ['two options', ['--option', 'c', '--option', 'c'], /^--option must have distinct ids\.\n$/],
    ['a known flag', ['--colsed-at', 'x'], /unknown option '--colsed-at'/],
    ['a known dry run', ['--dry-run=maybe'], /Allowed choices are client, server\./],
    ['a time', ['--timeout', 'soon'], /It must be a time such as 30s/],
  ])('is a usage error without %s', async (_, args, stderr) => {
    const answer = await voteapp(['create', 'shop', ...AB, ...args]);
    expect(answer).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ANNOTATIONS, objectNames } from '@voteapp/contracts/cluster-objects';
import { actOutput } from '@voteapp/cli/operations/act-output';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { KubeObject } from '../cluster/client.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from '../operator/arbitrary-resource.ts';
import { conditionsOf, Stage, stageCluster } from '../operator/in-process.ts';
import { voteappHere } from './here.ts';
import type { Answer } from './voteapp.ts';

const cluster = await stageCluster();

/** The polls of this stage; those that nobody acts on are there to be looked at. */
const POLLS = {
  bear: {},
  fox: {},
  owl: { closesAt: '2026-01-01T00:00:00Z' },
  elk: { title: 'Kept', opensAt: '2036-01-01T00:00:00Z' },
  lynx: {},
  dormouse: {},
  phoenix: {},
  whale: {},
  yak: {},
};

function stateOf({ status }: KubeObject): string | undefined {
  return (status?.['poll'] as { state?: string } | undefined)?.state;
}

describe.skipIf(cluster === null)('the verbs that act on a cluster', { timeout: 120_000 }, () => {
  let stage: Stage;
  let folder: string;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    folder = await mkdtemp(join(tmpdir(), 'voteapp-acts-'));
    // What a test begins with is so from the first pass on: a later word of the services is heard only at the next look.
    stage.services.say('owl', { state: 'Final', final: true });
    stage.services.say('elk', { state: 'Scheduled' });
    stage.services.say('dormouse', { state: 'Suspended', pending: 0 });
    for (const [name, poll] of Object.entries(POLLS)) await stage.apply(votingApp(name, poll));
    await stage.startOperator();
    await Promise.all(Object.keys(POLLS).map((name) => stage.untilCondition(name, 'Ready')));
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster!.leave();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<Answer> {
    return await voteappHere(args, { KUBECONFIG: cluster!.kubeconfig });
  }

  async function on(...args: string[]): Promise<Answer> {
    return await run(...args, '-n', stage.namespace);
  }

  describe('poll', () => {
    test('suspends, and waits until the services judge by it', async () => {
      const { metadata } = (await stage.get('bear'))!;
      const suspending = on('poll', 'suspend', 'bear', '--wait', '--timeout', '100s');
      await stage.until('bear', ({ spec }) => (spec?.['poll'] as { suspend?: boolean } | undefined)?.suspend === true);
      stage.services.say('bear', { state: 'Suspended' });
      const revision = metadata.generation! + 1;
      expect(await suspending).toEqual({
        code: 0,
        stdout: `bear is Suspended, by revision ${revision}.\n`,
        stderr: `bear takes no votes until it is resumed: revision ${revision}.\n`,
      });
      expect((await on('poll', 'suspend', 'bear')).stdout).toBe('bear is suspended already.\n');
    });

    test('says by what the services judge still, when they do not in time', async () => {
      const { metadata } = (await stage.get('fox'))!;
      stage.services.say('fox', { revision: metadata.generation! });
      const { code, stderr } = await on('poll', 'close', 'fox', '--wait', '--timeout', '2s');
      expect(code).toBe(3);
      expect(stderr).toContain(`its services judge by revision ${metadata.generation} (Open) still, not by`);
    });

    test('opens no round that has closed, and changes nothing then', async () => {
      await stage.until('owl', (app) => stateOf(app) === 'Final');
      const before = await stage.get('owl');
      const { code, stderr } = await on('poll', 'open', 'owl');
      expect(code).toBe(1);
      expect(stderr).toBe(
        'The round "owl" has closed and cannot be opened again; a new spec.poll.id starts a new count.\n',
      );
      expect((await stage.get('owl'))?.metadata.generation).toBe(before?.metadata.generation);
    });

    test('keeps what else is in the spec, and gives the answer as data', async () => {
      const { stdout } = await on('poll', 'open', 'elk', '--at', '2035-01-01 12:00', '--for', '20m', '-o', 'json');
      expect(JSON.parse(stdout)).toMatchObject({
        name: 'elk',
        local: false,
        changed: true,
        opensAt: '2035-01-01T12:00:00.000Z',
        closesAt: '2035-01-01T12:20:00.000Z',
      });
      expect((await stage.get('elk'))?.spec?.['poll']).toMatchObject({ title: 'Kept', suspend: false });
    });
  });

  test('reconcile pauses and resumes the operator', async () => {
    const paused = await on('reconcile', 'pause', 'lynx', '--wait', '-o', 'json');
    expect(paused).toMatchObject({ code: 0, stderr: '' });
    expect(actOutput.parse(JSON.parse(paused.stdout))).toEqual({
      name: 'lynx',
      namespace: stage.namespace,
      act: 'reconcile pause',
      changed: true,
      settled: true,
      message: 'lynx is paused: the operator changes nothing but its status until `voteapp reconcile resume lynx`.',
    });
    expect(conditionsOf((await stage.get('lynx'))!)['Paused']).toMatchObject({ status: 'True' });
    const stuck = await on('poll', 'suspend', 'lynx', '--wait');
    expect(stuck.code).toBe(1);
    expect(stuck.stderr).toContain('The operator leaves lynx as it is: `voteapp reconcile resume lynx` ends that.');
    expect((await on('restart', 'lynx')).stderr).toBe(
      'The operator is asked to change nothing of lynx: `voteapp reconcile resume lynx` first.\n',
    );
    expect(await on('reconcile', 'resume', 'lynx', '--wait')).toMatchObject({ code: 0 });
    expect((await stage.get('lynx'))?.metadata.annotations ?? {}).not.toHaveProperty(ANNOTATIONS.reconcile);
    expect((await on('reconcile', 'resume', 'lynx')).stderr).toBe('Nothing had to be changed of lynx.\n');
    expect(await on('reconcile', 'pause', 'nobody')).toMatchObject({ code: 4, stdout: '' });
  });

  test('hibernate has a poll sleep that takes no votes, and wakes it', async () => {
    const refused = await on('hibernate', 'on', 'whale');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('close it first with `voteapp poll close whale`, or suspend it');
    expect((await stage.get('whale'))?.spec).not.toHaveProperty('hibernate');

    await stage.until('dormouse', (app) => stateOf(app) === 'Suspended');
    expect(await on('hibernate', 'on', 'dormouse', '--wait', '--timeout', '1m')).toMatchObject({
      code: 0,
      stdout: 'dormouse sleeps: no pods run, and its data is kept.\n',
    });
    expect((await on('restart', 'dormouse')).stderr).toContain('sleeps, so nothing runs');
    expect(await on('hibernate', 'off', 'dormouse', '--wait')).toMatchObject({
      code: 0,
      stdout: 'dormouse is awake.\n',
    });
  });

  test('restart replaces the pods of the services, and says how far it is', async () => {
    const { code, stdout, stderr } = await on('restart', 'phoenix', '--wait', '--timeout', '1m');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'phoenix is restarted.\n' });
    expect(stderr).toMatch(/^Waiting: .*vote: /);
    await stage.untilCondition('phoenix', 'Progressing', { status: 'False' });
  });

  test('report writes down all there is, and no secret', async () => {
    const names = objectNames('whale');
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"password":"planted-by-kubectl"}' };
    await stage.patch('whale', { metadata: { annotations } });
    const kind = { apiVersion: 'v1', kind: 'Secret' };
    const planted = Buffer.from('planted-in-the-secret').toString('base64');
    await stage.client.merge(stage.ref(names.secret, kind), { data: { panel_password: planted } });
    const secret = (await stage.client.get(stage.ref(names.secret, kind)))! as unknown as {
      data: Record<string, string>;
    };

    const archive = join(folder, 'whale.tar.gz');
    const { code, stdout, stderr } = await on('report', 'whale', '--file', archive);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${archive}\n` });
    expect(stderr).toContain('Secrets are left out');
    const listed = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
    for (const file of ['votingapp', `deployment-${names.workload('vote')}`, `secret-${names.secret}`]) {
      expect(listed).toContain(`/voting-apps/${stage.namespace}/whale/${file}.yaml\n`);
    }
    expect(listed).toMatch(/\/whale\/events\/.*\n/);
    expect(listed).toMatch(/\/checks\.yaml\n/);
    const whole = execFileSync('tar', ['-xzOf', archive], { encoding: 'utf8' });
    expect(whole).toContain('panel_password: <redacted>');
    expect(whole).not.toContain('planted');
    for (const value of Object.values(secret.data)) {
      expect(whole).not.toContain(value);
      expect(whole).not.toContain(Buffer.from(value, 'base64').toString());
    }
    expect(await on('report', 'whale', '--file', archive)).toMatchObject({ code: 1 });
    expect(await on('report', 'nobody')).toMatchObject({ code: 4, stdout: '' });
    expect(await readFile(archive)).not.toHaveLength(0);
  });

  test('what is typed is completed with what the cluster has', async () => {
    const complete = async (...args: string[]) =>
      (await run('__complete', '--', ...args)).stdout.split('\n').slice(0, -1);
    expect(await complete('poll', 'close', '-n', stage.namespace, 'y')).toEqual(['yak', ':4']);
    expect(await complete('restart', `--namespace=${stage.namespace}`, 'y')).toEqual(['yak', ':4']);
    expect(await complete('poll', 'close', '-n', stage.namespace)).toContain(stage.namespace);
    expect(await complete('create', '-n', stage.namespace, '')).toEqual([':4']);
    const [context] = await complete('reconcile', 'pause', '--context', '');
    expect(context).not.toBe(':4');
    expect(await complete('poll', 'open', '--kubeconfig', '')).toEqual([':0']);
  });
});

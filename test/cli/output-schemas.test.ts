import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from '../operator/arbitrary-resource.ts';
import { Stage, stageCluster } from '../operator/in-process.ts';
import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { voteappHere } from './here.ts';
import { type Answer, startVoteapp } from './voteapp.ts';

const SAMPLES = new URL('../../manifests/samples/', import.meta.url);

/** What is published of an answer, read as any program would. */
async function published(name: string): Promise<z.ZodType> {
  const file = new URL(`../../docs/reference/schemas/${name}.json`, import.meta.url);
  return z.fromJSONSchema(JSON.parse(await readFile(file, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]);
}

/** The schema says something: what it does not know, it refuses. */
async function expectPublished(schema: string, { stdout, stderr }: Pick<Answer, 'stdout' | 'stderr'>): Promise<void> {
  expect(stdout, stderr).not.toBe('');
  const answer = JSON.parse(stdout) as object;
  expect((await published(schema)).safeParse(answer).error).toBeUndefined();
  expect((await published(schema)).safeParse({ ...answer, surprise: 1 }).success).toBe(false);
}

describe('what commands print with -o json is what is published', { timeout: 120_000 }, () => {
  let data: string;
  let poll: RunningPoll;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'voteapp-schemas-'));
    poll = await startPoll(data);
  });
  afterAll(async () => {
    await poll?.stop();
    await rm(data, { recursive: true });
  });

  const sample = (name: string): string => new URL(`${name}.yaml`, SAMPLES).pathname;
  const answers: Readonly<Record<string, readonly [schema: string, args: readonly string[], local?: 'local']>> = {
    'version --client': ['version', ['version', '--client']],
    'analyze of a file with nothing to say': ['analyze', ['analyze', '-f', sample('smallest')]],
    'analyze --explain': ['analyze-explain', ['analyze', '--explain']],
    'analyze of a file with a peak': ['analyze', ['analyze', '-f', sample('smallest'), '--peak', '90000']],
    vote: ['vote', ['vote', 'coca-pepsi', 'pepsi'], 'local'],
    'vote that is refused': ['vote', ['vote', 'coca-pepsi', 'pepsi', '--voter', 'x'.repeat(300)], 'local'],
    tally: ['tally', ['tally'], 'local'],
    status: ['status', ['status'], 'local'],
    'poll suspend': ['poll', ['poll', 'suspend'], 'local'],
    'poll resume': ['poll', ['poll', 'resume', '--wait', '--timeout', '100s'], 'local'],
    'install --dry-run=client': ['changes', ['install', '--dry-run=client']],
  };
  test.each(Object.entries(answers))('%s', async (_, [schema, args, local]) => {
    const here = local === undefined ? [] : ['--local', '--data', data];
    const answer = await voteappHere([...args, ...here, '-o', 'json'], {});
    await expectPublished(schema, answer);
  });

  const watched: Readonly<Record<string, readonly [schema: string, args: readonly string[]]>> = {
    'status -w': ['status', ['status', '-w']],
    'tally --watch': ['tally', ['tally', '--watch']],
  };
  test.each(Object.entries(watched))('%s, in each line', async (_, [schema, args]) => {
    const { child, answer } = startVoteapp([...args, '--local', '--data', data, '-o', 'json']);
    child.stdout!.once('data', () => child.kill('SIGINT'));
    const { code, stdout } = await answer;
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines) await expectPublished(schema, { stdout: line, stderr: '' });
  });

  test('browse', async () => {
    const args = ['browse', '--no-open', '--local', '--data', data, '-o', 'json'];
    const { stdout } = await startVoteapp(args).answer;
    expect((await published('browse')).safeParse(JSON.parse(stdout)).error).toBeUndefined();
  });
});

const cluster = await stageCluster();

describe.skipIf(cluster === null)('and of a cluster', { timeout: FIRST_START_MS }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    await stage.apply(votingApp('lunch'));
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  const answers: Readonly<Record<string, readonly [schema: string, args: readonly string[], inNamespace?: 'here']>> = {
    check: ['check', ['check']],
    'check --pre': ['check', ['check', '--pre']],
    version: ['version', ['version']],
    status: ['status', ['status', 'lunch'], 'here'],
    'status -A': ['status-list', ['status', '-A']],
    'poll close': ['poll', ['poll', 'close', 'lunch', '--in', '1h'], 'here'],
    'reconcile pause': ['act', ['reconcile', 'pause', 'lunch'], 'here'],
    'reconcile resume': ['act', ['reconcile', 'resume', 'lunch'], 'here'],
    'hibernate on': ['act', ['hibernate', 'on', 'lunch'], 'here'],
    'hibernate off': ['act', ['hibernate', 'off', 'lunch'], 'here'],
    restart: ['act', ['restart', 'lunch'], 'here'],
    analyze: ['analyze', ['analyze', 'lunch'], 'here'],
  };
  test.each(Object.entries(answers))('%s', async (_, [schema, args, inNamespace]) => {
    const where = inNamespace === undefined ? [] : ['-n', stage.namespace];
    const answer = await voteappHere([...args, ...where, '-o', 'json'], { KUBECONFIG: cluster!.kubeconfig });
    await expectPublished(schema, answer);
  });
});

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { analyzeOutput } from '@voteapp/cli/analyze/analyze-output';
import { CODES } from '@voteapp/cli/analyze/codes';
import { explainOutput } from '@voteapp/cli/analyze/explain-output';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from '../operator/arbitrary-resource.ts';
import { Stage, stageCluster } from '../operator/in-process.ts';
import { voteapp } from './voteapp.ts';

const SAMPLES = fileURLToPath(new URL('../../manifests/samples/', import.meta.url));
const CLOSED = `apiVersion: voteapp.dev/v1alpha1
kind: VotingApp
metadata: {name: shop}
spec:
  poll:
    options: [{id: a, label: A}, {id: b, label: B}]
    closesAt: '2020-01-01T00:00:00Z'
`;

// Each test starts a process or two, on cores that other suites use.
describe('voteapp analyze of files', { timeout: 90_000 }, () => {
  test('has no error to tell of the samples', async () => {
    const files = readdirSync(SAMPLES).flatMap((file) => ['-f', SAMPLES + file]);
    const { code, stdout } = await voteapp(['analyze', ...files, '--peak', '1000', '-o', 'json']);
    const { counts, failed } = analyzeOutput.parse(JSON.parse(stdout));
    expect({ code, failed, errors: counts.Error }).toEqual({ code: 0, failed: false, errors: 0 });
  });

  test.each<[string, string[], string, number]>([
    ['a warning, by default', [], CLOSED, 0],
    ['a warning, where warnings are to fail', ['--failure-threshold', 'Warning'], CLOSED, 1],
    ['an error', [], CLOSED.replace('2020-01-01', 'soon'), 1],
    ['what is not YAML', [], 'a: [', 1],
  ])('ends well or not for %s', async (_, args, input, code) => {
    expect(await voteapp(['analyze', '-f', '-', ...args], { input })).toMatchObject({ code });
  });

  test('has nothing but hints for the smallest VotingApp', async () => {
    const { stdout } = await voteapp(['analyze', '-f', `${SAMPLES}smallest.yaml`, '-o', 'json']);
    expect(analyzeOutput.parse(JSON.parse(stdout)).counts).toMatchObject({ Error: 0, Warning: 0 });
  });

  test('explains a code, and all of them', async () => {
    const { code, stdout, stderr } = await voteapp(['analyze', '--explain', 'vap0101']);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `VAP0101  Warning: closed already
  The poll closes at a moment that is past, so it takes no votes.
  Set spec.poll.closesAt to a later moment, or leave it out.
`,
      stderr: '',
    });
    const all = await voteapp(['analyze', '--explain', '-o', 'json']);
    expect(explainOutput.parse(JSON.parse(all.stdout)).codes.map((each) => each.code)).toEqual(Object.keys(CODES));
  });

  test('tells each finding in a line that can be searched, with its advice below', async () => {
    const { stdout, stderr } = await voteapp(['analyze', '-f', '-'], { input: CLOSED });
    const [first, advice] = stdout.split('\n');
    expect(first).toBe(
      'Warning [VAP0101] (VotingApp shop standard input:7:5) The poll closed at 2020-01-01T00:00:00Z.',
    );
    expect(advice).toBe('  Set spec.poll.closesAt to a later moment, or leave it out.');
    expect(stderr).toMatch(/^0 errors, 1 warning, \d hints\.\n$/);
  });

  test.each<[string, string[], RegExp]>([
    ['a file that is not there', ['-f', '/nowhere.yaml'], /^\/nowhere\.yaml cannot be read: there is no such file; /],
    ['a name beside a file', ['shop', '-f', '-'], /^Either -f or the name of a VotingApp: shop is one more; /],
    [
      'a code that there is not',
      ['--explain', 'VAP9999'],
      /^There is no code VAP9999: `voteapp analyze --explain` lists/,
    ],
    ['a code of a VotingApp', ['shop', '--explain', 'VAP0101'], /leave shop out/],
    ['a rate that is none', ['-f', '-', '--peak', 'many'], /It must be a whole number of votes per second/],
  ])('is a usage error for %s', async (_, args, stderr) => {
    const answer = await voteapp(['analyze', ...args]);
    expect(answer).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
  });
});

const cluster = await stageCluster();

describe.skipIf(cluster === null)('voteapp analyze of a cluster', { timeout: FIRST_START_MS }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  test('tells of a VotingApp that is there', async () => {
    await stage.apply(votingApp('shop', {}, { deletionPolicy: 'Delete' }));
    const access = ['--kubeconfig', cluster!.kubeconfig, '-n', stage.namespace];
    const { code, stdout } = await voteapp(['analyze', 'shop', ...access, '-o', 'json']);
    const { findings } = analyzeOutput.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'VAP0401',
        path: 'spec.deletionPolicy',
        resource: { kind: 'VotingApp', namespace: stage.namespace, name: 'shop' },
      }),
    );
    expect(await voteapp(['analyze', 'other', ...access])).toMatchObject({ code: 4, stdout: '' });
  });
});

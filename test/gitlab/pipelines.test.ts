import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { Project } from './project.ts';

const ROOT = new URL('../../', import.meta.url);
const shellcheck = process.env['VOTEAPP_TEST_SHELLCHECK'];

interface Scripts {
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
}

async function text(path: string): Promise<string> {
  return await readFile(new URL(path, ROOT), 'utf8');
}

/** What the jobs of a project run, by their names: the whole of a job, as one script. */
async function scriptsOf(project: Project): Promise<ReadonlyMap<string, string>> {
  const definitions = Object.entries(await project.definitions<Scripts>()).filter(
    ([, job]) => job.script !== undefined,
  );
  return new Map(
    definitions.map(([name, job]) => [name, [...(job.before_script ?? []), ...job.script!].join('\n')] as const),
  );
}

async function check(script: string, shell: 'bash' | 'dash'): Promise<void> {
  const parsing = promisify(execFile)('bash', ['-n']);
  parsing.child.stdin?.end(script);
  await parsing;
  if (shellcheck === undefined) return;
  const checking = promisify(execFile)(shellcheck, [`--shell=${shell}`, '-']);
  checking.child.stdin?.end(script);
  await checking.catch((error: { stdout: string }) => expect.fail(error.stdout));
}

describe('the pipeline of this project', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.create({ '.gitlab-ci.yml': await text('.gitlab-ci.yml') });
  });
  afterAll(() => project?.remove());

  const scans = ['scan', 'scan', 'scan', 'scan', 'scan'];
  const BESIDE = ['verify', 'lint', 'test', 'bench', 'images', ...scans];
  // The long suites.
  const EVERY_TIME = ['verify', 'lint', 'test', 'test', 'bench', 'images', ...scans];
  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['a branch', {}, EVERY_TIME],
    ['a branch beside it', { CI_COMMIT_BRANCH: 'other' }, BESIDE],
    ['a tag that is a release', { CI_COMMIT_TAG: 'v1.2.3', CI_COMMIT_BRANCH: '' }, [...EVERY_TIME, 'release']],
    ['a tag that is none', { CI_COMMIT_TAG: 'before-the-show', CI_COMMIT_BRANCH: '' }, EVERY_TIME],
  ])('of %s', async (_, variables, stages) => {
    expect((await project.jobs(variables)).map(({ stage }) => stage)).toEqual(stages);
  });

  test('runs scripts that package.json has', async () => {
    const { scripts } = JSON.parse(await text('package.json')) as { scripts: Record<string, string> };
    const run = [...(await scriptsOf(project)).values()].join('\n');
    const named = [...run.matchAll(/\bnpm (?:run ([\w:]+)|(test))\b/g)].map(([, script, test]) => script ?? test!);
    expect(named).toEqual(expect.arrayContaining(['verify', 'lint', 'test', 'bench', 'images', 'release']));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('has scripts that a shell can read', async () => {
    for (const script of (await scriptsOf(project)).values()) await check(script, 'bash');
  });
});

describe('a pipeline of two environments', () => {
  let project: Project;
  beforeAll(async () => {
    const inputs = { poll: 'lunch', namespace: 'polls', 'vote-for': 'pizza', cli: '/voteapp.tgz' };
    const include = [
      { local: 'ci/gitlab/voteapp-deploy.yml', inputs: { ...inputs, environment: 'staging', when: 'on_success' } },
      { local: 'ci/gitlab/voteapp-deploy.yml', inputs },
    ];
    project = await Project.create({ '.gitlab-ci.yml': stringify({ include }), Dockerfile: '' });
  });
  afterAll(() => project?.remove());

  async function jobs(variables?: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries((await project.jobs(variables)).map(({ name, when }) => [name, when]));
  }
  const LOOKS = {
    'voteapp:build:front': 'on_success',
    'voteapp:diff:staging': 'on_success',
    'voteapp:diff:production': 'on_success',
  };

  test('builds once, tells what changes of each, and waits for a person before production', async () => {
    expect(await jobs()).toEqual({
      ...LOOKS,
      'voteapp:deploy:staging': 'on_success',
      'voteapp:stop:staging': 'manual',
      'voteapp:deploy:production': 'manual',
      'voteapp:stop:production': 'manual',
    });
  });

  test('only looks when it is of a merge request', async () => {
    const variables = { CI_PIPELINE_SOURCE: 'merge_request_event', CI_COMMIT_BRANCH: '' };
    expect(await jobs(variables)).toEqual(LOOKS);
  });

  test('keeps the settings of each to its jobs', async () => {
    const definitions = await project.definitions<object>();
    for (const environment of ['staging', 'production'])
      expect(definitions[`voteapp:deploy:${environment}`]).toMatchObject({
        interruptible: false,
        resource_group: environment,
        environment: { name: environment, on_stop: `voteapp:stop:${environment}` },
        variables: { VOTEAPP_FOLDER: `.voteapp/${environment}` },
      });
  });

  test('has scripts that any shell can read', async () => {
    const scripts = await scriptsOf(project);
    expect(scripts.size).toBe(7);
    for (const script of scripts.values()) await check(script, 'dash');
  });
});

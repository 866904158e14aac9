import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';

import { CHANGED_JOBS, PIPELINE, rowsOf } from './guide.ts';
import { Project } from './project.ts';

interface Input {
  readonly default?: string;
  readonly description: string;
}

const TEMPLATE = new URL('../../ci/gitlab/voteapp-deploy.yml', import.meta.url);

test('the inputs of the template are those of docs/gitlab.md, with their defaults', async () => {
  const [header] = parseAllDocuments(await readFile(TEMPLATE, 'utf8'));
  const { inputs } = (header as { toJS(): { spec: { inputs: Record<string, Input> } } }).toJS().spec;
  const rows = rowsOf('A pipeline for a poll').map(([name = '', preset = '']) => [name, preset]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default ?? ''])),
  );
});

describe('the pipeline of docs/gitlab.md', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.create({ '.gitlab-ci.yml': stringify(PIPELINE), Dockerfile: '' });
  });
  afterAll(() => project?.remove());

  test('has the jobs that the page tells of', async () => {
    const told = rowsOf('What the jobs do').map(([job = '']) => job);
    const jobs = [...(await project.jobs())].map(({ name }) =>
      name.replace(/:(staging|production)$/, ':ENVIRONMENT').replace(/:front$/, ':COMPONENT'),
    );
    expect(new Set(jobs)).toEqual(new Set(told));
  });

  test('has a production of its own stage, where the page says so', async () => {
    await project.commit({ '.gitlab-ci.yml': stringify({ ...PIPELINE, ...CHANGED_JOBS }) });
    const production = async (variables: Readonly<Record<string, string>>) =>
      (await project.jobs(variables)).flatMap(({ name, stage, when }) =>
        stage === 'production' ? [[name, when]] : [],
      );
    expect(await production({})).toEqual([]);
    expect(await production({ CI_COMMIT_TAG: 'v1', CI_COMMIT_BRANCH: '' })).toEqual([
      ['voteapp:deploy:production', 'manual'],
      ['voteapp:stop:production', 'manual'],
    ]);
  });
});

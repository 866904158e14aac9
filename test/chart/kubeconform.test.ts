import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { refOf } from '../cluster/client.ts';
import { waitUntilServed } from '../cluster/conditions.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { goToolUnlessMissing } from '../tools/go-tool.ts';
import { CHART, helmUnlessMissing, POLL_CHART, runHelm, type Values } from './helm.ts';
import { SCHEMA_FILE, writeSchemas } from './openapi-schemas.ts';
import { text } from './renderings.ts';

const GROUPS = [
  'api/v1',
  'apis/apiextensions.k8s.io/v1',
  'apis/apps/v1',
  'apis/networking.k8s.io/v1',
  'apis/policy/v1',
  'apis/rbac.authorization.k8s.io/v1',
  'apis/voteapp.dev/v1alpha1',
];

const RELEASES: Readonly<Record<string, readonly [chart: string, values: Values]>> = {
  'the operator': [CHART, {}],
  'the operator with all that it may have': [
    CHART,
    { replicas: 3, watchNamespaces: ['shop', 'studio'], metrics: { service: { enabled: true } } },
  ],
  'a poll': [POLL_CHART, {}],
  'a poll on a database outside': [
    POLL_CHART,
    {
      database: { type: 'External', external: { host: 'mysql.example.com' } },
      passwords: { MYSQL_PASSWORD: 'secret' },
      expose: { type: 'Ingress', hosts: { vote: 'vote.example.com', front: 'results.example.com' } },
      test: { vote: true },
    },
  ],
};

const [kubeconform, helm] = [await goToolUnlessMissing('kubeconform'), await helmUnlessMissing()];
const cluster = kubeconform === null ? null : await sharedCluster('api');

describe.skipIf(cluster === null)(
  'kubeconform, with the schemas of the API server',
  { timeout: FIRST_START_MS },
  () => {
    let folder: string;

    beforeAll(async () => {
      const { client } = cluster!;
      folder = await mkdtemp(join(tmpdir(), 'voteapp-schemas-'));
      const definition = await text('crds/voteapp.dev_votingapps.yaml');
      for (const applied of await client.applyAll(definition)) await waitUntilServed(client, refOf(applied));
      // A definition that is served is in the OpenAPI document a little later.
      await vi.waitFor(() => writeSchemas(client, GROUPS, folder), { timeout: 60_000, interval: 500 });
    }, FIRST_START_MS);
    afterAll(async () => {
      await cluster?.leave();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    /** What it says of a file; of one that has a fault, or a kind that it does not know, it throws. */
    async function judge(file: string): Promise<string> {
      const args = ['-strict', '-summary', '-schema-location', join(folder, SCHEMA_FILE), file];
      return (await promisify(execFile)(kubeconform!, args)).stdout;
    }
    async function judgeText(yaml: string): Promise<string> {
      const file = join(folder, 'judged.yaml');
      await writeFile(file, yaml);
      return await judge(file);
    }

    test.skipIf(helm === null).each(Object.entries(RELEASES))('finds no fault with %s', async (_, [chart, values]) => {
      const args = ['template', 'voteapp', chart, '--kube-version', '1.34.0', '--values', '-'];
      expect(await judgeText(await runHelm(helm!, args, { values }))).toContain('Invalid: 0, Errors: 0, Skipped: 0');
    });

    const samples = globSync('samples/*.yaml', { cwd: fileURLToPath(new URL('../../manifests', import.meta.url)) });
    test.each(['install.yaml', ...samples])('finds no fault with manifests/%s', async (file) => {
      const path = fileURLToPath(new URL(`../../manifests/${file}`, import.meta.url));
      expect(await judge(path)).toContain('Invalid: 0, Errors: 0, Skipped: 0');
    });

    test.each([
      ['a field that there is not', 'replica: 2', "additional properties 'replica' not allowed"],
      ['a field of another type', 'replicas: two', "at '/spec/vote/replicas'"],
    ])('would find %s', async (_, field, found) => {
      const poll = `apiVersion: voteapp.dev/v1alpha1
kind: VotingApp
metadata: {name: lunch}
spec: {poll: {options: [{id: coca}, {id: pepsi}]}, vote: {${field}}}`;
      await expect(judgeText(poll)).rejects.toMatchObject({ stdout: expect.stringContaining(found) as string });
    });
  },
);

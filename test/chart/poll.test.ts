import { readFile } from 'node:fs/promises';

import { specSchema } from '@voteapp/contracts/resource/spec';
import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import type { KubeObject } from '../cluster/client.ts';
import { blocksIn } from '../tools/document.ts';
import { helmUnlessMissing, POLL_CHART, render, runHelm } from './helm.ts';
import { text, VERSION } from './renderings.ts';
import { REFUSED, RENDERED } from './poll-renderings.ts';
import { Release } from './release.ts';

const helm = await helmUnlessMissing();
const samples = ['coca-pepsi', 'comments', 'gateway', 'ingress', 'prime-time', 'smallest', 'sqs'] as const;

describe('the chart of a poll', () => {
  test('is of the version of the project', async () => {
    const chart = parse(await text('charts/voteapp-poll/Chart.yaml')) as object;
    expect(chart).toMatchObject({ version: VERSION, appVersion: VERSION, kubeVersion: '>=1.33.0-0' });
  });

  test('has a value for each section of a VotingApp', async () => {
    const values = parse(await text('charts/voteapp-poll/values.yaml')) as object;
    expect(Object.keys(values)).toEqual(expect.arrayContaining(Object.keys(specSchema.shape)));
  });
});

describe.skipIf(helm === null)('the chart of a poll, by Helm', () => {
  async function release(values: object, name?: string): Promise<Release> {
    return new Release(await render(helm!, values as Record<string, unknown>, name, POLL_CHART));
  }

  test('passes its strict lint', async () => {
    await expect(runHelm(helm!, ['lint', '--strict', POLL_CHART])).resolves.toContain('0 chart(s) failed');
  });

  test.each(Object.entries(RENDERED))('%s', async (_, [values, check]) => {
    const rendered = await release(values);
    check(rendered);
    expect(resourceSchema.safeParse(rendered.the('VotingApp')).error).toBeUndefined();
  });

  test.each(Object.entries(REFUSED))('refuses %s', async (_, [values, named]) => {
    await expect(release(values)).rejects.toThrow(named);
  });

  test.each(samples)('takes the spec of manifests/samples/%s as values', async (sample) => {
    const manifest = await readFile(new URL(`../../manifests/samples/${sample}.yaml`, import.meta.url), 'utf8');
    const { spec } = manifest
      .split(/^---$/m)
      .map((document) => parse(document) as KubeObject)
      .find(({ kind }) => kind === 'VotingApp')!;
    expect((await release(spec!)).the('VotingApp').spec).toMatchObject(spec!);
  });

  test('takes the values that its README shows', async () => {
    const [values = ''] = blocksIn(await text('charts/voteapp-poll/README.md'), 'yaml');
    expect((await release(parse(values) as object)).the('VotingApp').spec).toMatchObject(parse(values) as object);
  });

  test('refuses a release whose name cannot be that of a poll', async () => {
    await expect(release({}, '2026-final')).rejects.toThrow('"2026-final" cannot name a poll: set fullnameOverride');
    const named = await release({ fullnameOverride: 'final' }, '2026-final');
    expect(named.names()).toEqual(['VotingApp voteapp-system/final']);
  });

  test('refuses a cluster that knows no VotingApps', async () => {
    const args = ['template', 'voteapp', POLL_CHART, '--kube-version', '1.34.0', '--api-versions', 'v1/Namespace'];
    await expect(runHelm(helm!, args)).rejects.toThrow('install the operator first');
    const known = [...args, '--api-versions', 'voteapp.dev/v1alpha1/VotingApp'];
    await expect(runHelm(helm!, known)).resolves.toContain('kind: VotingApp');
  });
});

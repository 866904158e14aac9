import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { installManifest } from '../../scripts/chart/install-manifest.ts';
import { valuesSchema } from '../../scripts/chart/values.ts';
import type { KubeObject } from '../cluster/client.ts';
import { CHART, helmUnlessMissing, runHelm } from './helm.ts';
import { Release } from './release.ts';
import { REFUSED } from './refusals.ts';
import { RENDERED, SELECTOR, text, VERSION } from './renderings.ts';

const helm = await helmUnlessMissing();

describe('the chart', () => {
  test('is of the version of the project', async () => {
    const chart = parse(await text('charts/voteapp/Chart.yaml')) as object;
    expect(chart).toMatchObject({ version: VERSION, appVersion: VERSION, kubeVersion: '>=1.33.0-0' });
  });

  test('has the CRD of crds/, byte by byte', async () => {
    expect(await text('charts/voteapp/generated/crd.yaml')).toBe(await text('crds/voteapp.dev_votingapps.yaml'));
  });

  test('has values that its schema takes', async () => {
    const values = parse(await text('charts/voteapp/values.yaml')) as object;
    expect(valuesSchema.parse(values)).toEqual(values);
  });
});

describe.skipIf(helm === null)('the chart, by Helm', () => {
  test('passes its strict lint', async () => {
    await expect(runHelm(helm!, ['lint', '--strict', CHART])).resolves.toContain('0 chart(s) failed');
  });

  test.each(Object.entries(RENDERED))('%s', async (_, [values, check]) => {
    check(await Release.of(helm!, values));
  });

  test.each(Object.entries(REFUSED))('refuses %s', async (_, [values, named]) => {
    await expect(Release.of(helm!, values)).rejects.toThrow(named);
  });

  test('does not say operator twice', async () => {
    const release = await Release.of(helm!, {}, 'my-operator');
    expect(release.names('Deployment')).toEqual(['Deployment voteapp-system/my-operator']);
  });

  test('puts its labels on every object, and its namespace on every one that has none else', async () => {
    const monitoring = { metrics: { serviceMonitor: { enabled: true } } };
    const { objects } = await Release.of(helm!, { replicas: 2, watchNamespaces: ['shop'], ...monitoring });
    for (const { kind, metadata } of objects) {
      expect(metadata.labels, kind).toMatchObject({
        ...SELECTOR,
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/part-of': 'voteapp',
        'app.kubernetes.io/version': VERSION,
        'helm.sh/chart': `voteapp-${VERSION}`,
      });
      const namespaces = kind === 'CustomResourceDefinition' ? [undefined] : ['voteapp-system', 'shop'];
      expect(namespaces, kind).toContain(metadata.namespace);
    }
  });

  test('changes nothing of the CRD but its metadata', async () => {
    const { metadata: _, ...rendered } = (await Release.of(helm!, {})).the('CustomResourceDefinition');
    const { metadata: __, ...generated } = parse(await text('crds/voteapp.dev_votingapps.yaml')) as KubeObject;
    expect(rendered).toEqual(generated);
  });
});

describe.skipIf(helm === null)('manifests/install.yaml', () => {
  test('is what the chart renders', async () => {
    expect(await text('manifests/install.yaml')).toBe(await installManifest(helm!));
  });

  test('is the chart with its defaults in a namespace of its own, and nothing of Helm', async () => {
    const manifest = await text('manifests/install.yaml');
    const objects = parseAllDocuments(manifest).map((document) => document.toJS() as KubeObject);
    const { objects: rendered } = await Release.of(helm!, {});
    expect(new Release(objects).names()).toEqual(new Release([...rendered, objects[0]!]).names());
    expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'voteapp-system' } });
    expect(manifest).not.toMatch(/helm|managed-by/i);
    expect(objects[0]?.metadata.labels).toEqual({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });
});

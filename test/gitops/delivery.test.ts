import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import type { KubeObject } from '../cluster/client.ts';
import { CHART, helmUnlessMissing, render } from '../chart/helm.ts';
import { Release } from '../chart/release.ts';
import { objectsIn, text } from './manifests.ts';

const duration = z.string().regex(/^([0-9]+(ms|s|m|h))+$/);
const annotations = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string(), namespace: z.string(), annotations: annotations.optional() });
const sourceRef = z.strictObject({ kind: z.literal('GitRepository'), name: z.string() });
const remediation = z.strictObject({ retries: z.int() });

function object<Spec extends z.ZodType>(apiVersion: string, kind: string, spec: Spec) {
  return z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(kind), metadata, spec });
}

const APPLICATION = object(
  'argoproj.io/v1alpha1',
  'Application',
  z.strictObject({
    project: z.string(),
    source: z.strictObject({
      repoURL: z.url(),
      targetRevision: z.string(),
      path: z.string(),
      helm: z.strictObject({ releaseName: z.string(), valuesObject: z.looseObject({}) }).optional(),
    }),
    destination: z.strictObject({ server: z.url(), namespace: z.string() }),
    syncPolicy: z.strictObject({
      automated: z.strictObject({ prune: z.boolean(), selfHeal: z.boolean() }),
      syncOptions: z.array(
        z.enum(['CreateNamespace=true', 'ServerSideApply=true', 'SkipDryRunOnMissingResource=true']),
      ),
      retry: z
        .strictObject({
          limit: z.int(),
          backoff: z.strictObject({ duration, factor: z.int(), maxDuration: duration }),
        })
        .optional(),
    }),
  }),
);

const GIT_REPOSITORY = object(
  'source.toolkit.fluxcd.io/v1',
  'GitRepository',
  z.strictObject({ interval: duration, url: z.url(), ref: z.strictObject({ branch: z.string() }) }),
);

const HELM_RELEASE = object(
  'helm.toolkit.fluxcd.io/v2',
  'HelmRelease',
  z.strictObject({
    interval: duration,
    releaseName: z.string(),
    targetNamespace: z.string(),
    storageNamespace: z.string(),
    chart: z.strictObject({
      spec: z.strictObject({
        chart: z.string(),
        reconcileStrategy: z.enum(['ChartVersion', 'Revision']),
        sourceRef,
      }),
    }),
    install: z.strictObject({ createNamespace: z.boolean(), remediation }),
    upgrade: z.strictObject({ remediation }),
    test: z.strictObject({ enable: z.boolean() }),
    values: z.looseObject({}),
  }),
);

const KUSTOMIZATION = object(
  'kustomize.toolkit.fluxcd.io/v1',
  'Kustomization',
  z.strictObject({
    interval: duration,
    retryInterval: duration,
    timeout: duration,
    path: z.string(),
    prune: z.boolean(),
    wait: z.boolean(),
    sourceRef,
  }),
);

const helm = await helmUnlessMissing();
const applications = objectsIn(await text('manifests/argo-cd/applications.yaml'));
const flux = [
  ...objectsIn(await text('manifests/flux/operator.yaml')),
  ...objectsIn(await text('manifests/flux/poll.yaml')),
];

function isHere(path: string, file: string): boolean {
  return existsSync(fileURLToPath(new URL(`../../${path}/${file}`, import.meta.url)));
}

/** Of another kind, or with fields that the kind has not, it throws. */
function parsed<Schema extends z.ZodType>(schema: Schema, object: KubeObject | undefined): z.output<Schema> {
  return schema.parse(object);
}

describe('the Applications of Argo CD', () => {
  const [operator, poll] = applications.map((application) => parsed(APPLICATION, application));

  test('are the operator, and then a poll', () => {
    expect(applications).toHaveLength(2);
    const waves = applications.map((one) => Number(one.metadata.annotations?.['argocd.argoproj.io/sync-wave']));
    expect(waves).toEqual([0, 1]);
    expect(isHere(operator!.spec.source.path, 'Chart.yaml')).toBe(true);
    expect(isHere(poll!.spec.source.path, 'kustomization.yaml')).toBe(true);
  });

  test('apply the long definition of VotingApps on the server', () => {
    for (const { spec } of [operator!, poll!]) expect(spec.syncPolicy.syncOptions).toContain('ServerSideApply=true');
  });

  test('do not take a poll off the air that is missing in the repository', () => {
    expect(poll!.spec.syncPolicy.automated.prune).toBe(false);
  });

  test.skipIf(helm === null)('have values that the chart takes', async () => {
    const { helm: release } = operator!.spec.source;
    const { container } = new Release(await render(helm!, release!.valuesObject, release!.releaseName, CHART));
    expect(container.image).toContain('registry.example.com/voteapp/voteapp-operator:');
  });
});

describe('the objects of Flux', () => {
  const [repository, release, poll] = [
    parsed(GIT_REPOSITORY, flux[0]),
    parsed(HELM_RELEASE, flux[1]),
    parsed(KUSTOMIZATION, flux[2]),
  ];

  test('lead to what is there', () => {
    expect(flux).toHaveLength(3);
    expect(isHere(release.spec.chart.spec.chart, 'Chart.yaml')).toBe(true);
    expect(isHere(poll.spec.path, 'kustomization.yaml')).toBe(true);
    for (const ref of [release.spec.chart.spec.sourceRef, poll.spec.sourceRef])
      expect(ref.name).toBe(repository.metadata.name);
  });

  test('do not take a poll off the air that is missing in the repository', () => {
    expect(poll.spec.prune).toBe(false);
  });

  test.skipIf(helm === null)('have values that the chart takes', async () => {
    const { container } = new Release(await render(helm!, release.spec.values, release.spec.releaseName, CHART));
    expect(container.image).toContain('registry.example.com/voteapp/voteapp-operator:');
  });
});

import { readdir, readFile } from 'node:fs/promises';

import { desired } from '@voteapp/operator/desired/desired';
import { facts } from '@voteapp/operator/desired/fixtures/voting-app';
import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { KubeError, type KubeObject } from '../cluster/client.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { Stage, stageCluster } from './in-process.ts';
import { installOptionalKinds } from './optional-kinds.ts';

const SAMPLES = new URL('../../manifests/samples/', import.meta.url);
const MARIADB = `
apiVersion: voteapp.dev/v1alpha1
kind: VotingApp
metadata: {name: mariadb}
spec:
  poll: {options: [{id: coca}, {id: pepsi}]}
  database: {type: Managed, managed: {engine: MariaDB}}
`;

const files = (await readdir(SAMPLES)).filter((file) => file.endsWith('.yaml'));
const samples = await Promise.all(
  files.map(async (file) => [file.replace('.yaml', ''), await readFile(new URL(file, SAMPLES), 'utf8')] as const),
);

const cluster = await stageCluster();

describe.skipIf(cluster === null)('in a namespace that enforces the level restricted', { timeout: 60_000 }, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(cluster!, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
    await installOptionalKinds(stage.client);
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  /** Throws what the API server says against a pod. */
  async function admit(spec: unknown, metadata: object = {}): Promise<void> {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, generateName: 'asked-' }, spec };
    const path = `/api/v1/namespaces/${stage.namespace}/pods?dryRun=All&fieldValidation=Strict`;
    await stage.client.raw('POST', path, pod);
  }

  test('a pod that may do more is refused', async () => {
    const refused = admit({ containers: [{ name: 'a', image: 'a', securityContext: { privileged: true } }] });
    await expect(refused).rejects.toThrow(KubeError);
    await expect(refused).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });

  describe.each([...samples, ['mariadb', MARIADB] as const])('%s', (name, text) => {
    let app: KubeObject;
    let children: readonly KubeObject[];

    beforeAll(async () => {
      await stage.client.applyAll(text, { namespace: stage.namespace });
      app = await stage.untilCondition(name, 'Ready');
      children = await stage.children(name);
    });

    test('has the NetworkPolicies that it is to have, to the last peer and port', () => {
      const objects = desired(resourceSchema.parse(app), facts({ operatorNamespace: stage.namespace }));
      const wanted = specsOf(objects);
      expect(Object.keys(wanted).length).toBeGreaterThan(3);
      expect(specsOf(children)).toEqual(wanted);
    });

    test('has pods that are admitted', async () => {
      const pods = children.flatMap(podsOf);
      expect(pods.length).toBeGreaterThanOrEqual(3);
      for (const { metadata, spec } of pods) await admit(spec, metadata);
    });
  });
});

interface Pod {
  readonly metadata: object;
  readonly spec: { readonly volumes?: readonly object[] };
}

/** The pods that controllers make of a Deployment or StatefulSet; of other objects none. */
function podsOf({ spec }: KubeObject): Pod[] {
  const { template, volumeClaimTemplates = [] } = (spec ?? {}) as {
    readonly template?: Pod;
    readonly volumeClaimTemplates?: readonly KubeObject[];
  };
  if (template === undefined) return [];
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-0` },
  }));
  return [{ ...template, spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claims] } }];
}

/** What the NetworkPolicies say, by their names; a list without anything in it is not on the wire. */
function specsOf(objects: readonly KubeObject[]): Readonly<Record<string, unknown>> {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const isSaid = ([, value]: readonly [string, unknown]) => !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    policies.map(({ metadata, spec = {} }) => [metadata.name, Object.fromEntries(Object.entries(spec).filter(isSaid))]),
  );
}

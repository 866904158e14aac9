import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type KubeClient, type KubeObject, refOf } from './client.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { waitUntilGone, waitUntilServed } from './conditions.ts';
import { useExistingCluster } from './existing.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const shared = await sharedCluster('api');
await shared?.leave();
// A cluster of somebody else's is not there to be filled with definitions.
const canStart = shared !== null && shared.source !== 'existing';

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' };

function definition(labels: Readonly<Record<string, string>> = {}): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'votingapps.voteapp.dev', labels },
    spec: {
      group: 'voteapp.dev',
      scope: 'Namespaced',
      names: { plural: 'votingapps', kind: 'VotingApp' },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
}

function role(name: string): KubeObject {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: [] };
}

describe.skipIf(!canStart)('an existing cluster', { timeout: FIRST_START_MS }, () => {
  let host: Cluster;
  let owner: KubeClient;
  beforeAll(async () => {
    host = await startCluster({ level: 'api' });
    owner = host.client;
  }, FIRST_START_MS);
  afterAll(() => host.stop());

  const names = async (kind: { apiVersion: string; kind: string }) =>
    (await owner.list(kind)).map(({ metadata }) => metadata.name).toSorted();

  test('is left as it was found', async () => {
    await owner.apply(role('theirs'));
    const before = [await names(NAMESPACE), await names(role('')), await names(definition())];

    const cluster = await useExistingCluster(host.kubeconfig, 'api');
    expect(cluster).toMatchObject({
      source: 'existing',
      level: 'api',
      version: host.version,
      kubeconfig: host.kubeconfig,
    });
    const namespace = await cluster.createNamespace({ of: 'tests' });
    const another = await cluster.createNamespace();
    expect(another).not.toBe(namespace);
    expect((await owner.get({ ...NAMESPACE, name: namespace }))?.metadata.labels).toMatchObject({ of: 'tests' });
    await cluster.client.apply(definition());
    await waitUntilServed(cluster.client, refOf(definition()));
    const poll = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', metadata: { namespace, name: 'poll' } };
    await cluster.client.apply(poll);
    await cluster.client.apply(role('ours'));
    await cluster.client.create(role('ours-too'));

    await cluster.stop();
    expect([await names(NAMESPACE), await names(role('')), await names(definition())]).toEqual(before);
    await owner.remove(refOf(role('theirs')));
  });

  test('has users beside one another, and definitions until the last has left', async () => {
    const first = await useExistingCluster(host.kubeconfig, 'api');
    await first.client.apply(definition());
    await first.client.apply(role('of-first'));
    const second = await useExistingCluster(host.kubeconfig, 'api');
    await second.client.apply(role('of-second'));
    const theirs = await second.createNamespace();

    await first.stop();
    expect(await owner.get(refOf(definition()))).not.toBeNull();
    expect(await owner.get(refOf(role('of-first')))).toBeNull();
    expect(await owner.get(refOf(role('of-second')))).not.toBeNull();
    expect(await owner.get({ ...NAMESPACE, name: theirs })).not.toBeNull();

    await second.stop();
    expect(await owner.get(refOf(definition()))).toBeNull();
    expect(await owner.get(refOf(role('of-second')))).toBeNull();
  });

  test('is refused where it has a VotingApp definition of its own, which stays', async () => {
    const made = await owner.apply(definition());
    const before = await names(NAMESPACE);
    await expect(useExistingCluster(host.kubeconfig, 'api')).rejects.toThrow(
      'test has a definition of VotingApp that no test made, and tests would change it: name another cluster',
    );
    expect(await names(NAMESPACE)).toEqual(before);
    expect((await owner.get(refOf(made)))?.metadata.uid).toBe(made.metadata.uid);
    await owner.remove(refOf(made));
    await waitUntilGone(owner, refOf(made));
  });

  test('takes no images', async () => {
    const cluster = await useExistingCluster(host.kubeconfig, 'node');
    await expect(cluster.loadImage('/some.tar')).rejects.toThrow('take images from their registries only');
    await cluster.stop();
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type KubeClient, type KubeObject, type ObjectRef, refOf } from './client.ts';
import { waitAmong, waitFor, waitForCondition, waitForRollout, waitUntilGone } from './conditions.ts';
import { type FakePods, startFakePods } from './ready-pods.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';
import { provisionVolumes } from './volumes.ts';

const cluster = await sharedCluster('api');
// Where there are nodes, pods go to them.
const hasNodes = cluster !== null && cluster.source !== 'built' && cluster.source !== 'kubebuilder';

describe.skipIf(cluster === null || hasNodes)('pods without a node', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  let pods: FakePods;
  const stops: (() => Promise<void>)[] = [() => cluster!.leave()];
  beforeAll(async () => {
    client = cluster!.client;
    namespace = await cluster!.createNamespace();
    pods = await startFakePods(client, { namespace, renewalMs: 200 });
    stops.push(() => pods.stop());
    const volumes = await provisionVolumes(client);
    stops.push(() => volumes.stop());
  });
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  function workload(kind: 'Deployment' | 'StatefulSet', name: string, extra: object = {}): KubeObject {
    const labels = { app: name };
    return {
      apiVersion: 'apps/v1',
      kind,
      metadata: { namespace, name },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nowhere/main:1' }] } },
        ...extra,
      },
    };
  }
  const podsOf = (name: string) => ({ namespace, labelSelector: `app=${name}` });
  const POD = { apiVersion: 'v1', kind: 'Pod' };

  test('are ready: a Deployment rolls out, and out again', async () => {
    const deployment = workload('Deployment', 'web');
    await client.apply(deployment);
    await waitForRollout(client, refOf(deployment));
    const first = await client.list(POD, podsOf('web'));
    expect(new Set(first.map(({ status }) => status?.['podIP'])).size).toBe(2);
    const template = { metadata: { annotations: { again: 'yes' } } };
    await client.merge(refOf(deployment), { spec: { template } });
    await waitForRollout(client, refOf(deployment));
    for (const pod of first) await waitUntilGone(client, refOf(pod));
    await client.remove(refOf(deployment));
    await waitAmong(client, POD, podsOf('web'), (seen) => (seen.size === 0 ? true : null));
  });

  test('have volumes: a StatefulSet with claims rolls out; a volume goes with its claim', async () => {
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const set = workload('StatefulSet', 'store', {
      serviceName: 'store',
      volumeClaimTemplates: [claim],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
    });
    await client.apply(set);
    await waitForRollout(client, refOf(set));
    const claimOf = ({ spec }: KubeObject) => spec?.['claimRef'] as ObjectRef | undefined;
    const volumes = async () => {
      const all = await client.list({ apiVersion: 'v1', kind: 'PersistentVolume' });
      return all.filter((volume) => claimOf(volume)?.namespace === namespace);
    };
    const made = await volumes();
    expect(made.map((volume) => claimOf(volume)!.name).toSorted()).toEqual(['data-store-0', 'data-store-1']);
    expect(made[0]).toMatchObject({ spec: { capacity: { storage: '1Gi' }, storageClassName: 'standard' } });
    await client.remove(refOf(set));
    for (const volume of made) await waitUntilGone(client, refOf(volume));
    expect(await volumes()).toEqual([]);
  });

  test('are held back, and let go', async () => {
    await pods.behave(({ metadata }) => (metadata.labels?.['app'] === 'held' ? 'Unready' : 'Ready'));
    const deployment = workload('Deployment', 'held');
    await client.apply(deployment);
    const running = (pod: KubeObject) => pod.status?.['phase'] === 'Running';
    await waitAmong(client, POD, podsOf('held'), (seen) => {
      const all = [...seen.values()];
      return all.length === 2 && all.every(running) ? true : null;
    });
    expect((await client.get(refOf(deployment)))?.status?.['readyReplicas']).toBeUndefined();
    await pods.behave(() => 'Ready');
    await waitForRollout(client, refOf(deployment));
    await pods.behave(({ metadata }) => (metadata.name.startsWith('held-') ? 'Unready' : 'Ready'));
    await waitFor(client, refOf(deployment), ({ status }) => status?.['unavailableReplicas'] === 2);
    await client.remove(refOf(deployment));
  });

  test('wait for what they cannot have, and say why', async () => {
    const message = 'Back-off pulling image "nowhere/main:1"';
    await pods.behave(() => ({ waiting: 'ImagePullBackOff', message }));
    const deployment = workload('Deployment', 'absent');
    await client.apply(deployment);
    const waiting = await waitAmong(client, POD, podsOf('absent'), (seen) => {
      return [...seen.values()].find(({ status }) => status?.['containerStatuses'] !== undefined) ?? null;
    });
    expect(waiting.status).toMatchObject({
      phase: 'Pending',
      containerStatuses: [{ name: 'main', ready: false, state: { waiting: { reason: 'ImagePullBackOff', message } } }],
    });
    const late = waitForRollout(client, refOf(deployment), { timeoutMs: 100 });
    await expect(late).rejects.toThrow(`main waiting ImagePullBackOff: ${message}`);
    await pods.behave(() => 'Ready');
    await waitForRollout(client, refOf(deployment));
    await client.remove(refOf(deployment));
  });

  test.for([
    ['Succeeded', 'Complete'],
    ['Failed', 'Failed'],
  ] as const)('of a Job have %s: it is %s', async ([state, condition]) => {
    await pods.behave(() => state);
    const job: KubeObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace, name: state.toLowerCase() },
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'nowhere/main:1' }] } },
      },
    };
    await client.apply(job);
    await waitForCondition(client, refOf(job), condition);
    await client.remove(refOf(job));
  });

  test('have a node that goes on living', async () => {
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease', name: 'fake-1' };
    const first = (await client.get(lease))?.spec?.['renewTime'];
    await waitFor(client, lease, ({ spec }) => spec?.['renewTime'] !== first);
    const node = await waitForCondition(client, { apiVersion: 'v1', kind: 'Node', name: 'fake-1' }, 'Ready');
    expect(node.spec?.['taints']).toBeUndefined();
  });
});

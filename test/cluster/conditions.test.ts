import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type KubeClient, type KubeObject, refOf } from './client.ts';
import { NotInTime, waitAmong, waitFor, waitForCondition, waitForRollout, waitUntilGone } from './conditions.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const cluster = await sharedCluster('api');

describe.skipIf(cluster === null)('a wait', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  beforeAll(async () => {
    client = cluster!.client;
    namespace = await cluster!.createNamespace();
  });
  afterAll(() => cluster!.leave());

  function configMap(name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
  }

  test('ends when the object is made, changed and removed', async () => {
    const object = configMap('a', { x: '1' });
    const made = waitFor(client, refOf(object), () => true);
    await client.apply(object);
    await expect(made).resolves.toMatchObject({ data: { x: '1' } });
    const changed = waitFor(client, refOf(object), ({ data }) => (data as { x: string }).x === '2');
    await client.merge(refOf(object), { data: { x: '2' } });
    await changed;
    const gone = waitUntilGone(client, refOf(object));
    await client.remove(refOf(object));
    await gone;
  });

  test('ends when there are as many as wanted', async () => {
    const two = waitAmong(client, configMap(''), { namespace, labelSelector: 'of=two' }, (seen) =>
      seen.size === 2 ? [...seen.keys()].toSorted() : null,
    );
    for (const name of ['one', 'two']) {
      await client.apply({ ...configMap(name), metadata: { namespace, name, labels: { of: 'two' } } });
    }
    expect(await two).toEqual([`${namespace}/one`, `${namespace}/two`]);
  });

  test('throws what its own question throws', async () => {
    const object = await client.apply(configMap('b'));
    const asked = waitFor(client, refOf(object), () => {
      throw new TypeError('no such field');
    });
    await expect(asked).rejects.toThrow(new TypeError('no such field'));
  });

  test('for a condition takes none that speaks of an earlier generation', async () => {
    const selector = { matchLabels: { app: 'nothing' } };
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace, name: 'a' } };
    await client.apply({ ...budget, spec: { minAvailable: 1, selector } });
    await client.apply({ ...budget, spec: { minAvailable: 2, selector } });
    const say = (observedGeneration: number) => {
      const said = { reason: 'Said', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
      const conditions = [{ type: 'Ready', status: 'True', observedGeneration, ...said }];
      return client.merge(refOf(budget), { status: { conditions } }, { subresource: 'status' });
    };
    await say(1);
    const late = waitForCondition(client, refOf(budget), 'Ready', { timeoutMs: 200 });
    await expect(late).rejects.toThrow(`PodDisruptionBudget ${namespace}/a was not Ready=True within 0.2 s`);
    await say(2);
    await waitForCondition(client, refOf(budget), 'Ready');
    await expect(waitForCondition(client, refOf(budget), 'Ready', { status: 'False', timeoutMs: 100 })).rejects.toThrow(
      NotInTime,
    );
  });

  test('in vain says what there was at last', async () => {
    const labels = { app: 'held' };
    const deployment: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name: 'held' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          // No node is called so.
          spec: { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' }, containers: [{ name: 'a', image: 'a' }] },
        },
      },
    };
    await client.apply(deployment);
    const pods = { namespace, labelSelector: 'app=held' };
    const isRefused = ({ status }: KubeObject) => JSON.stringify(status).includes('Unschedulable');
    await waitAmong(
      client,
      { apiVersion: 'v1', kind: 'Pod' },
      pods,
      (seen) => [...seen.values()].find(isRefused) ?? null,
    );
    const error = await waitForRollout(client, refOf(deployment), { timeoutMs: 200 }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(NotInTime);
    const { message } = error as Error;
    expect(message.split('\n')[0]).toBe(`Deployment ${namespace}/held was not rolled out within 0.2 s.`);
    expect(message).toContain(
      'Available=False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
    );
    expect(message).toContain('event ScalingReplicaSet: Scaled up replica set held-');
    expect(message).toMatch(/pod held-\S+ Pending; not PodScheduled Unschedulable: /);
    await client.remove(refOf(deployment));
  });

  test('in vain for what there never was says so', async () => {
    const waited = waitFor(client, refOf(configMap('never')), () => true, { timeoutMs: 100, what: 'there' });
    await expect(waited).rejects.toThrow(`ConfigMap ${namespace}/never was not there within 0.1 s.\n  there is none`);
  });
});

import { beforeEach, describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import { NoAnswer } from '../runtime/api-server.ts';
import type { KubeObject } from '../runtime/object.ts';
import { applyObject, isRefusal } from './apply.ts';
import { childOf } from './fixtures/children.ts';
import { MemoryCluster, refusalOf } from './fixtures/memory-cluster.ts';
import { CHILD_KINDS, DEPLOYMENT, OPTIONAL_KINDS, SECRET, STATEFUL_SET } from './kinds.ts';

const APP = votingApp();
const APPLIED = 'voteapp.dev/applied';
const [HTTP_ROUTE] = OPTIONAL_KINDS;
const SERVICE = CHILD_KINDS.find(({ kind }) => kind === 'Service')!;

/** As `desired` makes it: without what only the server knows. */
function wanted(spec: object = { replicas: 2, paused: true }, kind = DEPLOYMENT): KubeObject {
  const { apiVersion, metadata } = childOf(kind, 'shop-vote-server');
  const { uid: _, ...rest } = metadata;
  return { apiVersion, kind: kind.kind, metadata: rest, spec };
}

let cluster: MemoryCluster;
beforeEach(() => {
  cluster = new MemoryCluster();
});

const apply = async (object: KubeObject, fewest?: number) => await applyObject(cluster, APP, object, fewest);
const live = (kind = DEPLOYMENT): KubeObject => cluster.copy.get(kind, 'show', 'shop-vote-server')!;
const edit = (changes: object): void => void cluster.put({ ...live(), ...changes });
const written = () => cluster.writes.map(({ manager, object }) => [manager, object['spec']]);

describe('an object', () => {
  test('that is not there is made, by the operator’s manager, who takes its fields over', async () => {
    expect(await apply(wanted())).toMatchObject({ did: 'created' });
    expect(cluster.writes).toMatchObject([{ verb: 'apply', manager: 'voteapp-operator', options: { force: true } }]);
    expect(live()['spec']).toEqual({ replicas: 2, paused: true });
  });

  test('that is as it should be is not written', async () => {
    await apply(wanted());
    expect(await apply(wanted())).toMatchObject({ did: 'nothing' });
    edit({ status: { replicas: 2 }, spec: { replicas: 2, paused: true, minReadySeconds: 0 } });
    expect(await apply(wanted())).toMatchObject({ did: 'nothing' });
    expect(cluster.writes).toHaveLength(1);
  });

  test('that is to be another is changed', async () => {
    await apply(wanted());
    expect(await apply(wanted({ replicas: 3, paused: true }))).toMatchObject({ did: 'changed' });
    expect(live()['spec']).toMatchObject({ replicas: 3 });
  });

  test('that is to lack a field is changed, though it has all that is asked for', async () => {
    await apply(wanted());
    expect(await apply(wanted({ replicas: 2 }))).toMatchObject({ did: 'changed' });
  });

  test('that somebody changed is corrected, and the field named', async () => {
    await apply(wanted());
    edit({ spec: { replicas: 7, paused: true } });
    expect(await apply(wanted())).toMatchObject({ did: 'corrected', field: 'spec.replicas' });
    expect(live()['spec']).toMatchObject({ replicas: 2 });
  });

  test('whose note of what it was made from was taken away is made anew', async () => {
    await apply(wanted());
    edit({ metadata: { ...live().metadata, annotations: { their: 'own' } } });
    expect(await apply(wanted())).toMatchObject({ did: 'changed' });
    expect(live().metadata.annotations).toMatchObject({ their: 'own', [APPLIED]: expect.any(String) as string });
  });

  test('that is not in the copy is found on the server: it is not the operator’s', async () => {
    cluster.put(
      childOf(DEPLOYMENT, 'shop-vote-server', {
        ownerReferences: [],
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      }),
    );
    const blind = { objects: cluster.objects, copy: { ...cluster.copy, get: () => undefined } };
    expect(await applyObject(blind, APP, wanted())).toMatchObject({
      did: 'failed',
      problem: { reason: 'AdoptionRefused' },
    });
    expect(cluster.writes).toEqual([]);
  });

  test('that would need what never changes is left as it is', async () => {
    const set = (serviceName: string) => wanted({ serviceName }, STATEFUL_SET);
    await apply(set('a'));
    expect(await apply(set('b'))).toMatchObject({ did: 'failed', problem: { reason: 'ImmutableFieldChanged' } });
    expect(cluster.writes).toHaveLength(1);
  });
});

describe('a number of pods', () => {
  const autoscaled = { paused: true };

  test('is handed over before it is let go: there is always somebody who says it', async () => {
    await apply(wanted());
    edit({ spec: { replicas: 5, paused: true } });
    cluster.writes.length = 0;
    expect(await apply(wanted(autoscaled))).toMatchObject({ did: 'changed' });
    expect(written()).toEqual([
      ['voteapp-operator-hand-over', { replicas: 5 }],
      ['voteapp-operator', autoscaled],
    ]);
    expect(cluster.writes[0]?.object).not.toHaveProperty('metadata.labels');
  });

  test('that is none, after a sleep, becomes the fewest: no autoscaler begins with none', async () => {
    await apply(wanted({ replicas: 0 }));
    cluster.writes.length = 0;
    await apply(wanted(autoscaled), 4);
    expect(written()).toEqual([
      ['voteapp-operator-hand-over', { replicas: 4 }],
      ['voteapp-operator', autoscaled],
    ]);
  });

  test('is the fewest at first: an autoscaler has its first look only later', async () => {
    expect(await apply(wanted(autoscaled), 4)).toMatchObject({ did: 'created' });
    expect(live()['spec']).toEqual({ replicas: 4, paused: true });
  });

  test('that an autoscaler sets is left to it', async () => {
    await apply(wanted(autoscaled), 4);
    edit({ spec: { replicas: 40, paused: true } });
    cluster.writes.length = 0;
    expect(await apply(wanted(autoscaled), 4)).toMatchObject({ did: 'nothing' });
    edit({ spec: { replicas: 40, paused: false } });
    expect(await apply(wanted(autoscaled), 4)).toMatchObject({ did: 'corrected', field: 'spec.paused' });
    expect(await apply(wanted({ ...autoscaled, minReadySeconds: 1 }), 4)).toMatchObject({ did: 'changed' });
    expect(written().map(([manager]) => manager)).toEqual(['voteapp-operator', 'voteapp-operator']);
    expect(live()['spec']).toMatchObject({ replicas: 40 });
  });

  test('is taken back at once', async () => {
    await apply(wanted(autoscaled));
    edit({ spec: { replicas: 40, paused: true } });
    cluster.writes.length = 0;
    await apply(wanted());
    expect(live()['spec']).toMatchObject({ replicas: 2 });
    expect(written().map(([manager]) => manager)).toEqual(['voteapp-operator']);
  });
});

describe('a kind that the cluster may not serve', () => {
  const route = wanted({ hostnames: [] }, HTTP_ROUTE);

  test('is said to be needed', async () => {
    cluster.missingKinds.add('HTTPRoute');
    expect(await apply(route)).toMatchObject({
      did: 'failed',
      problem: {
        reason: 'KindNotServed',
        message:
          'HTTPRoute shop-vote-server needs gateway.networking.k8s.io/v1, which this cluster does not serve: install it.',
      },
    });
  });

  test('is applied where it is served', async () => {
    expect(await apply(route)).toMatchObject({ did: 'created' });
  });

  test.each([SERVICE, SECRET, DEPLOYMENT].map((kind) => [kind.kind, kind] as const))(
    'is none of the kinds that every cluster has: %s',
    async (_, kind) => {
      cluster.missingKinds.add('HTTPRoute');
      expect(await apply(wanted({}, kind))).toMatchObject({ did: 'created' });
    },
  );
});

describe('a server', () => {
  test.each([400, 403, 404, 409, 422])('that refuses with %i is told of, and the pass goes on', async (code) => {
    cluster.refusals.set('Deployment shop-vote-server', refusalOf(code, 'denied by a webhook'));
    expect(await apply(wanted())).toMatchObject({
      did: 'failed',
      problem: { reason: 'ApplyFailed', message: 'Deployment shop-vote-server: denied by a webhook' },
    });
  });

  test.each([429, 500, 503])('that answers %i is asked again', async (code) => {
    cluster.refusals.set('Deployment shop-vote-server', refusalOf(code));
    await expect(apply(wanted())).rejects.toMatchObject({ code });
  });

  test('that does not answer is asked again', async () => {
    const silence = new NoAnswer('PATCH /', 'timed out');
    cluster.refusals.set('Deployment shop-vote-server', silence);
    await expect(apply(wanted())).rejects.toBe(silence);
    expect(isRefusal(silence)).toBe(false);
  });
});

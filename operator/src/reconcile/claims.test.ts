import { describe, expect, test } from 'vitest';

import { facts, votingApp } from '../desired/fixtures/voting-app.ts';
import { desired } from '../desired/desired.ts';
import type { KubeObject } from '../runtime/object.ts';
import { growClaims } from './claims.ts';
import { childOf } from './fixtures/children.ts';
import { MemoryCluster, refusalOf } from './fixtures/memory-cluster.ts';
import { CLAIM, STATEFUL_SET } from './kinds.ts';

function brokerOf(size: string, replicas = 3): KubeObject {
  const app = votingApp({ queue: { type: 'RabbitMQ', rabbitmq: { replicas, storage: { size } } } });
  return desired(app, facts()).find(
    ({ kind, metadata }) => kind === STATEFUL_SET.kind && metadata.name === 'shop-rabbitmq',
  )!;
}

function claim(ordinal: number, storage: string): KubeObject {
  return childOf(CLAIM, `data-shop-rabbitmq-${ordinal}`, {}, { spec: { resources: { requests: { storage } } } });
}

const NAMES = [0, 1, 2].map((ordinal) => `data-shop-rabbitmq-${ordinal}`);

describe('the claims of a StatefulSet', () => {
  test.each<[string, string, readonly KubeObject[], readonly string[]]>([
    ['grow, each of them', '20Gi', [claim(0, '8Gi'), claim(1, '8Gi'), claim(2, '8Gi')], NAMES],
    [
      'grow where they are too small',
      '20Gi',
      [claim(0, '20Gi'), claim(1, '8Gi'), claim(2, '20480Mi')],
      NAMES.slice(1, 2),
    ],
    ['never shrink', '8Gi', [claim(0, '20Gi')], []],
    ['are not made', '20Gi', [], []],
    ['of nodes that are no more stay as they are', '20Gi', [claim(3, '8Gi')], []],
  ])('%s', async (_, size, claims, grown) => {
    const cluster = new MemoryCluster(...claims);
    expect(await growClaims(cluster, brokerOf(size))).toBeNull();
    expect(cluster.writes.map(({ object }) => object.metadata.name)).toEqual(grown);
    for (const name of grown) {
      expect(cluster.copy.get(CLAIM, 'show', name)).toMatchObject({
        spec: { resources: { requests: { storage: size } } },
      });
    }
    expect(await growClaims(cluster, brokerOf(size))).toBeNull();
    expect(cluster.writes).toHaveLength(grown.length);
  });

  test('are only ever the very ones that are there', async () => {
    const cluster = new MemoryCluster(claim(0, '8Gi'));
    await growClaims(cluster, brokerOf('20Gi', 1));
    expect(cluster.writes).toMatchObject([{ object: { metadata: { uid: 'uid-of-data-shop-rabbitmq-0' } } }]);
  });

  test('of a class that cannot grow are told of', async () => {
    const cluster = new MemoryCluster(claim(0, '8Gi'));
    cluster.refusals.set('PersistentVolumeClaim data-shop-rabbitmq-0', refusalOf(403, 'only dynamically provisioned'));
    expect(await growClaims(cluster, brokerOf('20Gi'))).toEqual({
      reason: 'ApplyFailed',
      message: 'PersistentVolumeClaim data-shop-rabbitmq-0 cannot grow to 20Gi: only dynamically provisioned',
    });
  });

  test('wait for a server that is away', async () => {
    const cluster = new MemoryCluster(claim(0, '8Gi'));
    cluster.refusals.set('PersistentVolumeClaim data-shop-rabbitmq-0', refusalOf(503));
    await expect(growClaims(cluster, brokerOf('20Gi'))).rejects.toMatchObject({ code: 503 });
  });
});

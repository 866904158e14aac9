import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { KubeObject, Metadata } from '../runtime/object.ts';
import { concernedBy } from './concerned.ts';
import { childOf, podOf, workloadOf } from './fixtures/children.ts';
import { MemoryCluster } from './fixtures/memory-cluster.ts';
import { CLAIM, DEPLOYMENT, SECRET } from './kinds.ts';

const external = { type: 'External', external: { host: 'db', secretRef: { name: 'db' } } };
const stored = (name: string, sections: object = {}, metadata: Partial<Metadata> = {}) =>
  votingApp(sections, { name, uid: `uid-of-${name}`, ...metadata }) as unknown as KubeObject;

const SHOP = stored('shop');
const changed = (metadata: Partial<Metadata>, more: object = {}): KubeObject => ({
  ...SHOP,
  ...more,
  metadata: { ...SHOP.metadata, ...metadata },
});

describe('a change of a VotingApp', () => {
  test.each<[string, KubeObject, KubeObject | null, boolean]>([
    ['that is new', SHOP, null, true],
    ['of its spec', changed({ generation: 2 }), SHOP, true],
    ['of an annotation', changed({ annotations: { 'voteapp.dev/reconcile': 'disabled' } }), SHOP, true],
    ['that is its deletion', changed({ deletionTimestamp: '2026-11-20T21:00:00Z' }), SHOP, true],
    ['that makes another of it', changed({ uid: 'of-the-next' }), SHOP, true],
    [
      'of its status, which is the operator’s own doing',
      changed({ resourceVersion: '9' }, { status: { version: 'x' } }),
      SHOP,
      false,
    ],
    ['of nothing', SHOP, SHOP, false],
  ])('%s', (_, object, before, isConcerned) => {
    expect(concernedBy(new MemoryCluster().copy, object, before)).toEqual(isConcerned ? ['show/shop'] : []);
  });
});

function secret(name: string, namespace = 'show'): KubeObject {
  return { apiVersion: 'v1', kind: SECRET.kind, metadata: { name, namespace } };
}

describe('a change of something else', () => {
  const { copy } = new MemoryCluster(
    stored('shop', { database: external }),
    stored('kiosk', {
      database: external,
      queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { host: 'mq', secretRef: { name: 'mq' } } },
    }),
    stored('plain'),
    stored('cloud', { queue: { type: 'SQS', sqs: { region: 'local', secretRef: { name: 'aws' } } } }),
    stored('far', { database: external }, { namespace: 'elsewhere' }),
    { ...stored('broken'), spec: { database: external } },
  );

  test.each<[string, KubeObject, readonly string[]]>([
    ['of a Deployment of its own', workloadOf('vote', 1), ['show/shop']],
    ['of a pod of its own', podOf('vote', 'x'), ['show/shop']],
    ['of a volume of its own', childOf(CLAIM, 'data-shop-mysql-0'), ['show/shop']],
    ['of its own Secret', childOf(SECRET, 'shop-voteapp-secret'), ['show/shop']],
    [
      'of a Deployment of somebody else’s',
      childOf(DEPLOYMENT, 'x', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }),
      [],
    ],
    ['of a Secret that several name', secret('db'), ['show/shop', 'show/kiosk']],
    ['of a Secret that one names', secret('mq'), ['show/kiosk']],
    ['of a Secret with an access key', secret('aws'), ['show/cloud']],
    ['of a Secret that nobody names', secret('other'), []],
    ['of a Secret of another namespace', secret('db', 'elsewhere'), ['elsewhere/far']],
  ])('%s', (_, object, keys) => {
    expect(concernedBy(copy, object, object)).toEqual(keys);
  });

  test.each<[string, KubeObject, KubeObject, readonly string[]]>([
    [
      'that takes its labels away',
      workloadOf('vote', 1),
      { ...workloadOf('vote', 1), metadata: { name: 'x', namespace: 'show' } },
      ['show/shop'],
    ],
    [
      'that gives it to another',
      workloadOf('vote', 1),
      childOf(DEPLOYMENT, 'x', { labels: { 'app.kubernetes.io/instance': 'kiosk' } }),
      ['show/shop', 'show/kiosk'],
    ],
  ])('%s', (_, before, object, keys) => {
    expect(concernedBy(copy, object, before)).toEqual(keys);
  });
});

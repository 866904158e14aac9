import { describe, expect, test } from 'vitest';

import { facts, votingApp } from '../desired/fixtures/voting-app.ts';
import { desired } from '../desired/desired.ts';
import type { KubeObject } from '../runtime/object.ts';
import { childOf, OWNER, podOf } from './fixtures/children.ts';
import { MemoryCluster, refusalOf } from './fixtures/memory-cluster.ts';
import { CHILD_KINDS, CLAIM, DEPLOYMENT, OPTIONAL_KINDS, SECRET, STATEFUL_SET } from './kinds.ts';
import { nameOf } from './ownership.ts';
import { prune } from './prune.ts';

const APP = votingApp();
const WANTED = desired(APP, facts());
const STRANGER = { ...OWNER, name: 'kiosk', uid: 'uid-of-kiosk' };

async function removed(...objects: readonly KubeObject[]): Promise<string[]> {
  const cluster = new MemoryCluster(...objects);
  const gone = (await prune(cluster, APP, WANTED)).removed.map(nameOf);
  expect(cluster.writes.map(({ verb, object }) => `${verb} ${nameOf(object)}`)).toEqual(
    gone.map((name) => `remove ${name}`),
  );
  return gone;
}

test.each([...CHILD_KINDS, ...OPTIONAL_KINDS].map((kind) => [kind.kind, kind] as const))(
  'a %s that is no longer to be there goes',
  async (_, kind) => {
    expect(await removed(childOf(kind, 'shop-old'))).toEqual([`${kind.kind} shop-old`]);
  },
);

test('it is this very object that goes, and no other of its name', async () => {
  const cluster = new MemoryCluster(childOf(DEPLOYMENT, 'shop-old', { uid: 'this-one' }));
  await prune(cluster, APP, WANTED);
  expect(cluster.writes).toMatchObject([{ verb: 'remove', options: { uid: 'this-one' } }]);
});

test.each([403, 409])('what the server will not delete (%i) is told of, and the rest goes', async (code) => {
  const cluster = new MemoryCluster(childOf(DEPLOYMENT, 'shop-held'), childOf(STATEFUL_SET, 'shop-old'));
  cluster.refusals.set('Deployment shop-held', refusalOf(code, 'denied by a webhook'));
  expect(await prune(cluster, APP, WANTED)).toMatchObject({
    removed: [{ kind: 'StatefulSet' }],
    refused: [{ reason: 'DeleteFailed', message: 'Deployment shop-held: denied by a webhook' }],
  });
});

test('a server that is too busy is asked again', async () => {
  const cluster = new MemoryCluster(childOf(DEPLOYMENT, 'shop-held'));
  cluster.refusals.set('Deployment shop-held', refusalOf(429));
  await expect(prune(cluster, APP, WANTED)).rejects.toMatchObject({ code: 429 });
});

describe('what stays', () => {
  test.each<[string, KubeObject]>([
    ['what is to be there', childOf(DEPLOYMENT, 'shop-vote-server')],
    ['what another resource controls', childOf(DEPLOYMENT, 'shop-old', { ownerReferences: [STRANGER] })],
    [
      'what an earlier resource of the name controls',
      childOf(DEPLOYMENT, 'shop-old', { ownerReferences: [{ ...OWNER, uid: 'before' }] }),
    ],
    ['what nobody controls', childOf(DEPLOYMENT, 'shop-old', { ownerReferences: [] })],
    [
      'what it does not control',
      childOf(DEPLOYMENT, 'shop-old', { ownerReferences: [{ ...OWNER, controller: false }] }),
    ],
    [
      'what is labelled as another’s',
      childOf(DEPLOYMENT, 'shop-old', { labels: { 'app.kubernetes.io/instance': 'kiosk' } }),
    ],
    [
      'what is not labelled as the operator’s',
      childOf(DEPLOYMENT, 'shop-old', { labels: { 'app.kubernetes.io/managed-by': 'me' } }),
    ],
    ['what is in another namespace', childOf(DEPLOYMENT, 'shop-old', { namespace: 'elsewhere' })],
    ['what is going already', childOf(DEPLOYMENT, 'shop-old', { deletionTimestamp: '2026-11-20T21:00:00Z' })],
    ['Secrets', childOf(SECRET, 'shop-voteapp-secret')],
    ['volumes', childOf(CLAIM, 'data-shop-mysql-0')],
    ['pods', podOf('vote', 'shop-vote-server-x')],
  ])('%s', async (_, object) => {
    expect(await removed(object)).toEqual([]);
  });

  test('what has the name of something else that is to be there', async () => {
    expect(await removed(childOf(STATEFUL_SET, 'shop-vote-server'))).toEqual(['StatefulSet shop-vote-server']);
  });
});

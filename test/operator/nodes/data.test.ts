import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Kind, KubeObject } from '../../cluster/client.ts';
import { waitAmong, waitFor } from '../../cluster/conditions.ts';
import { FIRST_START_MS, installWithImages, knownNode, restrictedNamespace } from './cluster.ts';
import { Poll } from './poll.ts';

const SECRET = { apiVersion: 'v1', kind: 'Secret' };
const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const OF_ITS_OWN = 'app.kubernetes.io/instance=smallest';
// What tells of things that were, not what they left.
const RECORDS = ['Event', 'PodMetrics'];
const GONE = { timeoutMs: 120_000 };

const cluster = await knownNode();

describe.skipIf(cluster === null)('votes and passwords', { timeout: FIRST_START_MS }, () => {
  let namespace: string;
  beforeAll(async () => {
    await installWithImages(cluster!);
    namespace = await restrictedNamespace(cluster!);
  }, FIRST_START_MS);
  afterAll(() => cluster?.leave());

  async function untilGone(kind: Kind, what: string): Promise<void> {
    let left: unknown[] = [];
    const selection = { namespace, labelSelector: OF_ITS_OWN };
    const none = (seen: ReadonlyMap<string, KubeObject>): true | null => {
      left = [...seen.values()].map(({ metadata }) => metadata);
      return left.length === 0 ? true : null;
    };
    await waitAmong(cluster!.client, kind, selection, none, { ...GONE, what }).catch((error: unknown) => {
      throw new Error(`Left: ${JSON.stringify(left)}`, { cause: error });
    });
  }
  const secret = async (): Promise<KubeObject | null> =>
    await cluster!.client.get({ ...SECRET, namespace, name: 'smallest-voteapp-secret' });

  test('outlive a poll that retains them, and go with one that does not', async () => {
    const { client } = cluster!;
    const first = await Poll.apply(client, namespace, 'smallest');
    for (const option of ['coca', 'coca', 'pepsi']) await first.askService('vote', '/api/vote', { option });
    await expect.poll(() => first.askService('front', '/api/votes')).toBe('{"votes":{"coca":"2","pepsi":"1"}}');
    const before = await secret();
    expect(before).toHaveProperty('data.mysql_password');
    await client.remove(first.ref);
    await untilGone({ apiVersion: 'v1', kind: 'Pod' }, 'pods to end');
    expect(await client.list(CLAIM, { namespace, labelSelector: OF_ITS_OWN })).toHaveLength(2);

    const again = await Poll.apply(client, namespace, 'smallest');
    expect((await secret())?.['data']).toEqual(before?.['data']);
    await expect.poll(() => again.askService('front', '/api/votes')).toBe('{"votes":{"coca":"2","pepsi":"1"}}');
    await again.askService('vote', '/api/vote', { option: 'pepsi' });
    await expect.poll(() => again.askService('front', '/api/votes')).toBe('{"votes":{"coca":"2","pepsi":"2"}}');

    await again.edit({ deletionPolicy: 'Delete' });
    await waitFor(client, again.ref, ({ metadata, status }) => status?.['observedGeneration'] === metadata.generation);
    await client.remove(again.ref);
    await untilGone(CLAIM, 'claims to go');
    const kinds = (await client.kinds({ namespaced: true })).filter(({ kind }) => !RECORDS.includes(kind));
    for (const kind of kinds) await untilGone(kind, `${kind.kind}s to go`);
  });
});

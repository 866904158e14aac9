import { beforeEach, describe, expect, test } from 'vitest';

import { facts, votingApp } from '../desired/fixtures/voting-app.ts';
import { desired } from '../desired/desired.ts';
import type { KubeObject, Metadata } from '../runtime/object.ts';
import { podOf } from './fixtures/children.ts';
import { MemoryCluster, refusalOf } from './fixtures/memory-cluster.ts';
import { POD } from './kinds.ts';
import { hastenDefinition } from './poll-revision.ts';

const REVISION = 'voteapp.dev/poll-revision';
const APP = votingApp({}, { generation: 7 });

function pollOf(app: typeof APP): KubeObject {
  return desired(app, facts()).find(({ metadata }) => metadata.name === 'shop-poll')!;
}

let cluster: MemoryCluster;
beforeEach(() => {
  cluster = new MemoryCluster(pollOf(APP));
});

const worker = (name: string, metadata: Partial<Metadata> = {}) => podOf('worker', name, {}, metadata);
const hasten = async () => await hastenDefinition(cluster, APP, pollOf(APP));
const touched = () => cluster.writes.map(({ object }) => object.metadata.name);

test('every worker is told of an edit, once', async () => {
  cluster.put(worker('w-1'));
  cluster.put(worker('w-2', { annotations: { [REVISION]: '6', their: 'own' } }));
  await hasten();
  await hasten();
  expect(touched()).toEqual(['w-1', 'w-2']);
  expect(cluster.copy.get(POD, 'show', 'w-2')?.metadata.annotations).toEqual({ [REVISION]: '7', their: 'own' });
  expect(cluster.writes.map(({ object }) => object.metadata.uid)).toEqual(['uid-of-w-1', 'uid-of-w-2']);
});

describe('nobody is told', () => {
  test.each<[string, KubeObject]>([
    ['who knows', worker('w', { annotations: { [REVISION]: '7' } })],
    ['who is ending', worker('w', { deletionTimestamp: '2026-11-20T21:00:00Z' })],
    ['who has no file to read', podOf('vote', 'v')],
    ['who is another’s worker', worker('w', { labels: { 'app.kubernetes.io/instance': 'kiosk' } })],
  ])('%s', async (_, pod) => {
    cluster.put(pod);
    await hasten();
    expect(touched()).toEqual([]);
  });

  test.each<[string, KubeObject | null]>([
    ['before the file is there', null],
    ['before it is this one', pollOf(votingApp({}, { generation: 6 }))],
  ])('%s', async (_, there) => {
    cluster = there === null ? new MemoryCluster() : new MemoryCluster(there);
    cluster.put(worker('w'));
    await hasten();
    expect(touched()).toEqual([]);
  });
});

test.each([403, 404, 409])('a pod that may not be told (%i) keeps the others from nothing', async (code) => {
  cluster.put(worker('w-1'));
  cluster.put(worker('w-2'));
  cluster.refusals.set('Pod w-1', refusalOf(code));
  await hasten();
  expect(touched()).toEqual(['w-2']);
});

test('a server that is away is asked again', async () => {
  cluster.put(worker('w-1'));
  cluster.refusals.set('Pod w-1', refusalOf(503));
  await expect(hasten()).rejects.toMatchObject({ code: 503 });
});

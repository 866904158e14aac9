import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import { ApiServer } from '../runtime/api-server.ts';
import type { Kind, KubeObject } from '../runtime/object.ts';
import { Objects } from '../runtime/objects.ts';
import { recordedLog } from '../runtime/testing/log.ts';
import { type Exchange, startWire } from '../runtime/testing/wire.ts';
import { ClusterCopy } from './cluster-copy.ts';
import { childOf, podOf, workloadOf } from './fixtures/children.ts';
import { CHILD_KINDS, CLAIM, DEPLOYMENT, OPTIONAL_KINDS, POD, SECRET, VOTING_APP } from './kinds.ts';

const [HTTP_ROUTE, POD_MONITOR] = OPTIONAL_KINDS as [Kind, Kind];
const OURS = 'app.kubernetes.io/managed-by=voteapp-operator';
const MINUTE = 60_000;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** What the server has, by the plural of its kind. */
let stored: Record<string, readonly KubeObject[]>;
/** Groups that the server serves beside those of every cluster. */
let served: Set<string>;
let told: string[];
let now: number;
beforeEach(() => {
  stored = {
    votingapps: [votingApp() as unknown as KubeObject],
    deployments: [workloadOf('vote', 2)],
    pods: [{ ...podOf('vote', 'v-1', { phase: 'Running' }), spec: { containers: [] } }],
  };
  served = new Set();
  told = [];
  now = 0;
});

function answer(exchange: Exchange): void {
  const [, resource = '', group = ''] = /^\/apis\/(?:[^/]+)\/[^/]+(?:\/namespaces\/[^/]+)?\/([a-z]+)$/.exec(
    exchange.path,
  ) ??
    /^\/api\/v1(?:\/namespaces\/[^/]+)?\/([a-z]+)$/.exec(exchange.path) ?? [null, '', exchange.path];
  if (group !== '') {
    const kinds = OPTIONAL_KINDS.filter(({ apiVersion }) => group === `/apis/${apiVersion}`);
    const resources = kinds.map(({ plural }) => ({ name: plural }));
    if (served.has(group)) exchange.answer({ resources });
    else exchange.refuse(404);
  } else if (exchange.isWatch) exchange.send();
  else {
    const items = (stored[resource] ?? []).map(({ metadata, ...object }) => ({
      ...object,
      metadata: { ...metadata, resourceVersion: '1' },
    }));
    exchange.answer({ metadata: { resourceVersion: '1' }, items });
  }
}

async function start(namespaces: readonly string[] = []) {
  const wire = await startWire(answer);
  closers.push(() => wire.close());
  const server = new ApiServer({ config: wire.config, userAgent: 'test/1', wait: async () => {} });
  closers.push(() => server.close());
  const copy = new ClusterCopy({
    server,
    objects: new Objects(server),
    namespaces,
    log: recordedLog().log,
    onChange: ({ kind, metadata }, _, isDeleted) => void told.push(`${isDeleted ? '-' : '+'}${kind} ${metadata.name}`),
    now: () => now,
  });
  closers.push(() => copy.stop());
  return { wire, copy };
}

async function started(namespaces?: readonly string[]) {
  const bench = await start(namespaces);
  expect(bench.copy.isSynced).toBe(false);
  await bench.copy.start();
  expect(bench.copy.isSynced).toBe(true);
  return bench;
}

describe('a copy', () => {
  test('has what the server has once it has started', async () => {
    const { copy } = await started();
    expect(copy.get(VOTING_APP, 'show', 'shop')).toMatchObject({ kind: 'VotingApp', spec: { poll: {} } });
    expect(copy.get(DEPLOYMENT, 'show', 'shop-vote-server')).toMatchObject({ kind: 'Deployment' });
    expect(copy.get(DEPLOYMENT, 'elsewhere', 'shop-vote-server')).toBeUndefined();
    expect(copy.get(SECRET, 'show', 'shop-vote-server')).toBeUndefined();
    expect(told.toSorted()).toEqual(['+Deployment shop-vote-server', '+Pod v-1', '+VotingApp shop']);
  });

  test('keeps of a pod what it is, not how it was made', async () => {
    const { copy } = await started();
    expect(copy.get(POD, 'show', 'v-1')).toMatchObject({ metadata: { name: 'v-1' }, status: { phase: 'Running' } });
    expect(copy.get(POD, 'show', 'v-1')).not.toHaveProperty('spec');
  });

  test('knows what is of a VotingApp, by its labels', async () => {
    stored['deployments'] = [
      workloadOf('vote', 2),
      childOf(DEPLOYMENT, 'of-kiosk', { labels: { 'app.kubernetes.io/instance': 'kiosk' } }),
      childOf(DEPLOYMENT, 'of-helm', { labels: { 'app.kubernetes.io/managed-by': 'Helm' } }),
      childOf(DEPLOYMENT, 'far', { namespace: 'elsewhere' }),
    ];
    const { copy } = await started();
    const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name);
    expect(names(copy.listOf(DEPLOYMENT, 'show', 'shop'))).toEqual(['shop-vote-server']);
    expect(names(copy.list(DEPLOYMENT, 'show'))).toEqual(['shop-vote-server', 'of-kiosk', 'of-helm']);
    expect(names(copy.list(DEPLOYMENT))).toHaveLength(4);
  });

  test('asks for nothing but its own, and never for what is in Secrets', async () => {
    const { wire } = await started();
    const lists = wire.lists.filter(({ query }) => query.has('limit'));
    expect(lists).toHaveLength(4 + CHILD_KINDS.length);
    for (const { path, query, headers } of lists) {
      const isSecrets = path.endsWith('/secrets');
      const isOpen = isSecrets || path.endsWith('/votingapps');
      expect([path, query.get('labelSelector')]).toEqual([path, isOpen ? null : OURS]);
      expect([path, headers.accept?.includes('PartialObjectMetadata')]).toEqual([path, isSecrets]);
    }
  });

  test('is of the namespaces that are named, and of no other', async () => {
    const { wire, copy } = await started(['show', 'north']);
    const paths = wire.lists.map(({ path }) => path).filter((path) => path.startsWith('/api/'));
    expect(paths.toSorted()).toEqual(
      ['configmaps', 'persistentvolumeclaims', 'pods', 'secrets', 'serviceaccounts', 'services']
        .flatMap((plural) => [`/api/v1/namespaces/north/${plural}`, `/api/v1/namespaces/show/${plural}`])
        .toSorted(),
    );
    expect(copy.get(VOTING_APP, 'show', 'shop')).toBeDefined();
    expect(copy.get(CLAIM, 'show', 'none')).toBeUndefined();
  });

  test('asks nothing more once it is stopped', async () => {
    const { wire, copy } = await started();
    await vi.waitFor(() => expect(wire.watches).toHaveLength(4 + CHILD_KINDS.length), 30_000);
    await copy.stop();
    await vi.waitFor(() => expect(wire.watches.every(({ response }) => response.closed)).toBe(true), 30_000);
  });
});

describe('a kind that the cluster may not have', () => {
  const GATEWAY = '/apis/gateway.networking.k8s.io/v1';
  const asked = (wire: { exchanges: readonly Exchange[] }) =>
    wire.exchanges.filter(({ path }) => path === GATEWAY).length;

  test('is not followed where it is not installed, nor asked for again at once', async () => {
    const { wire, copy } = await started();
    expect(await copy.serves(HTTP_ROUTE)).toBe(false);
    now = 29_999;
    expect(await copy.serves(HTTP_ROUTE)).toBe(false);
    expect(asked(wire)).toBe(1);
    expect(wire.exchanges.some(({ path }) => path.endsWith('/httproutes'))).toBe(false);
  });

  test('is followed once somebody has installed it', async () => {
    const { copy } = await started();
    served.add(GATEWAY);
    stored['httproutes'] = [childOf(HTTP_ROUTE, 'shop-vote-route')];
    now = MINUTE;
    expect(await Promise.all([copy.serves(HTTP_ROUTE), copy.serves(HTTP_ROUTE)])).toEqual([true, true]);
    expect(copy.get(HTTP_ROUTE, 'show', 'shop-vote-route')).toBeDefined();
    expect(told.filter((each) => each === '+HTTPRoute shop-vote-route')).toHaveLength(1);
  });

  test('is followed from the start where it is there, and then never asked for', async () => {
    served.add(GATEWAY);
    stored['httproutes'] = [childOf(HTTP_ROUTE, 'shop-vote-route')];
    const { wire, copy } = await started();
    expect(copy.list(HTTP_ROUTE)).toHaveLength(1);
    now = MINUTE;
    expect(await copy.serves(HTTP_ROUTE)).toBe(true);
    expect(asked(wire)).toBe(1);
    expect(await copy.serves(POD_MONITOR)).toBe(false);
  });

  test('is followed by nobody who has stopped', async () => {
    const { wire, copy } = await started();
    await copy.stop();
    served.add(GATEWAY);
    now = MINUTE;
    expect(await copy.serves(HTTP_ROUTE)).toBe(false);
    expect(wire.exchanges.some(({ path }) => path.endsWith('/httproutes'))).toBe(false);
  });
});

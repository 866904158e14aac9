import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { requestsBy } from './audit.ts';
import { type KubeClient, KubeError, type KubeObject, type ObjectRef, type OwnerReference, refOf } from './client.ts';
import { startCluster } from './cluster.ts';
import { waitUntilGone, waitUntilServed } from './conditions.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const cluster = await sharedCluster('api');
// Somebody else's cluster has the admission that its owner wants.
const isOurs = cluster !== null && cluster.source !== 'existing';
const isBuilt = cluster?.source === 'built' || cluster?.source === 'kubebuilder';

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { min: { type: 'integer' }, max: { type: 'integer' }, name: { type: 'string', maxLength: 20 } },
      'x-kubernetes-validations': [
        { rule: '!has(self.min) || !has(self.max) || self.min <= self.max', message: 'min must not be above max' },
        { rule: 'has(self.name) == has(oldSelf.name)', message: 'name is there from the start or never' },
      ],
    },
  },
};

describe.skipIf(cluster === null)('the API server', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  const clients: KubeClient[] = [];
  beforeAll(async () => {
    client = cluster!.client;
    clients.push(client);
    namespace = await cluster!.createNamespace();
  });
  afterAll(async () => {
    for (const one of clients) await one.close();
  });

  function configMap(name: string, data: Readonly<Record<string, string>> = {}, owner?: OwnerReference): KubeObject {
    const ownerReferences = owner === undefined ? {} : { ownerReferences: [owner] };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, ...ownerReferences }, data };
  }
  function owned({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
    return { apiVersion, kind, name: metadata.name, uid: metadata.uid! };
  }
  /** Somebody who may do just this in the namespace. */
  async function somebody(name: string, rules: readonly object[]): Promise<KubeClient> {
    const api = 'rbac.authorization.k8s.io';
    const metadata = { namespace, name };
    const roleRef = { apiGroup: api, kind: 'Role', name };
    const subjects = [{ apiGroup: api, kind: 'User', name }];
    await client.apply({ apiVersion: `${api}/v1`, kind: 'Role', metadata, rules });
    await client.apply({ apiVersion: `${api}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects });
    const made = client.as(name);
    clients.push(made);
    // The authorizer hears of a role a moment later.
    const resources = { verb: 'create', resource: 'configmaps', namespace };
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: resources },
    };
    const ask = () => made.raw('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
    await expect.poll(ask).toMatchObject({ status: { allowed: true } });
    return made;
  }

  test('rejects what the rules of a definition forbid, in their words', async () => {
    const group = `${namespace}.example`;
    const definition: KubeObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `ranges.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'ranges', kind: 'Range' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: SCHEMA } }],
      },
    };
    await client.apply(definition);
    await waitUntilServed(client, refOf(definition));
    const range = (spec: Readonly<Record<string, unknown>>): KubeObject => ({
      apiVersion: `${group}/v1`,
      kind: 'Range',
      metadata: { namespace, name: 'a' },
      spec,
    });
    expect(await client.apply(range({ min: 1, max: 2 }))).toMatchObject({ spec: { min: 1, max: 2 } });
    const refusal = (sentence: string) => ({
      code: 422,
      reason: 'Invalid',
      message: expect.stringContaining(sentence) as string,
    });
    await expect(client.apply(range({ min: 3, max: 2 }))).rejects.toMatchObject(refusal('min must not be above max'));
    await expect(client.apply(range({ name: 'late' }))).rejects.toMatchObject(
      refusal('name is there from the start or never'),
    );
    await expect(client.apply(range({ minimum: 1 }))).rejects.toThrow('.spec.minimum: field not declared in schema');
    await client.remove(refOf(definition));
    await waitUntilGone(client, refOf(definition));
  });

  test('tells two managers of their conflict, and lets one take over by force', async () => {
    const object = (x: string) => configMap('shared', { x });
    await client.apply(object('1'), { fieldManager: 'first' });
    const conflict = await client.apply(object('2'), { fieldManager: 'second' }).catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(KubeError);
    expect(conflict).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "first": .data.x',
    });
    expect(await client.apply(object('2'), { fieldManager: 'second', force: true })).toMatchObject({
      data: { x: '2' },
    });
    await expect(client.apply(object('1'), { fieldManager: 'first' })).rejects.toThrow('conflict with "second"');
  });

  test.for(['Background', 'Foreground'] as const)('removes what an object owned: %s', async (propagationPolicy) => {
    const owner = await client.create(configMap(`owner-${propagationPolicy.toLowerCase()}`));
    const child = await client.create(configMap(`child-${propagationPolicy.toLowerCase()}`, {}, owned(owner)));
    await client.remove(refOf(owner), { propagationPolicy });
    await waitUntilGone(client, refOf(child));
    await waitUntilGone(client, refOf(owner));
  });

  test('gives a Lease that lapsed to one of two, and not back', async () => {
    const lease: ObjectRef = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: 'leader' };
    const time = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z');
    const held = (holderIdentity: string, renewedAt: number, leaseTransitions: number) => ({
      holderIdentity,
      leaseDurationSeconds: 15,
      renewTime: time(renewedAt),
      leaseTransitions,
    });
    const { apiVersion, kind } = lease;
    const lapsed = await client.create({
      apiVersion,
      kind,
      metadata: { namespace, name: lease.name },
      spec: held('a', Date.now() - 60_000, 0),
    });
    const take = (who: string) =>
      client.merge(lease, {
        metadata: { resourceVersion: lapsed.metadata.resourceVersion },
        spec: held(who, Date.now(), 1),
      });
    const tries = await Promise.allSettled([take('b'), take('c'), take('a')]);
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const lost of tries.filter((tried) => tried.status === 'rejected')) {
      expect(lost.reason).toMatchObject({ code: 409, reason: 'Conflict' });
    }
    const winner = ['b', 'c', 'a'][tries.findIndex(({ status }) => status === 'fulfilled')];
    expect(await client.get(lease)).toMatchObject({ spec: { holderIdentity: winner, leaseTransitions: 1 } });
  });

  test.skipIf(!isOurs)('lets nobody block the removal of an owner whose finalizers they may not set', async () => {
    const make = { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'get', 'patch'] };
    const finalize = { apiGroups: [''], resources: ['configmaps/finalizers'], verbs: ['update'] };
    const without = await somebody('without', [make]);
    const having = await somebody('having', [make, finalize]);
    const owner = owned(await client.create(configMap('owner')));
    const blocked = (name: string) => configMap(name, {}, { ...owner, blockOwnerDeletion: true });

    await expect(without.apply(blocked('a'))).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining(
        "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
      ) as string,
    });
    await expect(without.apply(configMap('b', {}, owner))).resolves.toBeDefined();
    await expect(having.apply(blocked('c'))).resolves.toBeDefined();
  });

  test.skipIf(cluster?.auditLog === undefined)('keeps a log of who asked for what, and got what', async () => {
    const clerk = `clerk-${namespace}`;
    const jane = await somebody(clerk, [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'patch', 'get'] },
    ]);
    await jane.apply(configMap('seen'));
    await jane.get(refOf(configMap('seen')));
    await jane.remove(refOf(configMap('seen'))).catch(() => {});
    const log = async (verbs: readonly string[]) =>
      (await requestsBy(cluster!.auditLog!, clerk, { verbs })).map(({ at, ...entry }) => {
        expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
        return entry;
      });
    const entry = { group: '', resource: 'configmaps', namespace, name: 'seen', subresource: '' };
    await expect
      .poll(() => log(['patch', 'delete']))
      .toEqual([
        { ...entry, verb: 'patch', code: 201 },
        { ...entry, verb: 'delete', code: 403 },
      ]);
    expect(
      (await requestsBy(cluster!.auditLog!, clerk, { verbs: ['get'] })).filter(({ name }) => name === 'seen'),
    ).toHaveLength(1);
    expect(await requestsBy(cluster!.auditLog!, clerk, { since: Date.now() + 60_000 })).toEqual([]);
  });
});

test.skipIf(!isBuilt)(
  'several are there at once, soon, know nothing of each other and leave nothing',
  { timeout: FIRST_START_MS },
  async () => {
    const started = performance.now();
    const [first, second] = await Promise.all([startCluster({ level: 'api' }), startCluster({ level: 'api' })]);
    // 15 s each, should they share a core; the programs are there, for the shared one runs them.
    expect(performance.now() - started).toBeLessThan(30_000);
    const namespace = await first.createNamespace();
    expect(await second.client.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeNull();
    const stranger = second.client.as('stranger');
    await Promise.all([first.stop(), second.stop()]);
    for (const { kubeconfig } of [first, second]) expect(existsSync(dirname(kubeconfig))).toBe(false);
    await expect(stranger.raw('GET', '/readyz')).rejects.toThrow();
  },
);

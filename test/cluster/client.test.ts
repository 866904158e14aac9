import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { KubeClient, KubeError, type KubeObject, refOf } from './client.ts';
import { waitUntilServed } from './conditions.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const cluster = await sharedCluster('api');

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

const CUPS = (group: string) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: cups.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: cups, singular: cup, kind: Cup}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {millilitres: {type: integer}}}}}
`;

describe.skipIf(cluster === null)('the client', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  beforeAll(async () => {
    client = cluster!.client;
    namespace = await cluster!.createNamespace();
  });
  afterAll(() => cluster!.leave());

  test('applies, reads, patches, lists and removes', async () => {
    const object = configMap(namespace, 'a', { x: '1' });
    await client.apply({ ...object, metadata: { ...object.metadata, labels: { of: 'a' } } });
    expect(await client.get(refOf(object))).toMatchObject({ data: { x: '1' } });
    await client.merge(refOf(object), { data: { y: '2' } });
    const listed = await client.list(object, { namespace, labelSelector: 'of=a' });
    expect(listed.map((item) => [item.kind, item['data']])).toEqual([['ConfigMap', { x: '1', y: '2' }]]);
    await client.remove(refOf(object));
    expect(await client.get(refOf(object))).toBeNull();
    await client.remove(refOf(object));
  });

  test('leaves nothing of a dry run', async () => {
    const object = configMap(namespace, 'dry', { x: '1' });
    expect(await client.apply(object, { dryRun: true })).toMatchObject({ data: { x: '1' } });
    expect(await client.get(refOf(object))).toBeNull();
  });

  test('sends an object as it is: no field of a network policy is lost', async () => {
    const ingress = [
      { from: [{ podSelector: { matchLabels: { app: 'a' } } }], ports: [{ port: 80, protocol: 'TCP' }] },
    ];
    const policy = await client.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name: 'a' },
      spec: { podSelector: {}, ingress, policyTypes: ['Ingress'] },
    });
    expect(policy.spec).toEqual({ podSelector: {}, ingress, policyTypes: ['Ingress'] });
  });

  test.for([
    [
      'a field that the schema does not know',
      (): KubeObject => ({ ...configMap(namespace, 'b'), daten: {} }),
      500,
      'daten',
    ],
    [
      'a name that is none',
      () => configMap(namespace, 'No_Name'),
      422,
      'a lowercase RFC 1123 subdomain must consist of',
    ],
    ['a namespace that is none', () => configMap('nowhere', 'b'), 404, 'namespaces "nowhere" not found'],
    ['a kind that is none', () => ({ ...configMap(namespace, 'b'), kind: 'Konfig' }), 404, 'serves no Konfig of v1'],
  ] as const)("throws the server's sentence about %s", async ([, object, code, sentence]) => {
    const refusal = await client.apply(object()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(KubeError);
    expect(refusal).toMatchObject({ code, message: expect.stringContaining(sentence) as string });
  });

  test('removes only the object that it is told to', async () => {
    const ref = refOf(await client.apply(configMap(namespace, 'c')));
    await expect(client.remove(ref, { uid: 'another' })).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
    expect(await client.get(ref)).not.toBeNull();
  });

  test('acts as somebody else', async () => {
    const jane = client.as('jane', ['voters']);
    try {
      await expect(jane.get(refOf(configMap(namespace, 'a')))).rejects.toMatchObject({
        code: 403,
        reason: 'Forbidden',
        message: expect.stringContaining('User "jane" cannot get resource "configmaps"') as string,
      });
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const told = await jane.raw('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review);
      expect(told).toMatchObject({
        status: { userInfo: { username: 'jane', groups: ['voters', 'system:authenticated'] } },
      });
    } finally {
      await jane.close();
    }
  });

  test('applies every document of a text, those of a kind that the text defines too', async () => {
    const group = `${namespace}.example`;
    const [definition] = await client.applyAll(CUPS(group));
    await waitUntilServed(client, refOf(definition!));
    const cups = `
apiVersion: ${group}/v1
kind: Cup
metadata: {name: small}
spec: {millilitres: 60}
---
# nothing
---
apiVersion: v1
kind: ConfigMap
metadata: {name: beside}
data: {of: cups}
`;
    expect(await client.applyAll(cups, { namespace })).toHaveLength(2);
    expect(await client.list({ apiVersion: `${group}/v1`, kind: 'Cup' })).toMatchObject([
      { kind: 'Cup', metadata: { namespace, name: 'small' }, spec: { millilitres: 60 } },
    ]);
    await client.remove(refOf(definition!));
  });

  test('says what is wrong with a text that is no YAML', async () => {
    await expect(client.applyAll('a: [1')).rejects.toThrow('Flow sequence');
  });

  test('labels what it makes without a namespace, where it is to', async () => {
    const own = new KubeClient(client.kubeconfig, { clusterLabels: { of: namespace } });
    try {
      const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: namespace },
        rules: [],
      };
      expect((await own.apply(role)).metadata.labels).toEqual({ of: namespace });
      expect((await own.apply(configMap(namespace, 'd'))).metadata.labels).toBeUndefined();
      await own.remove(refOf(role));
    } finally {
      await own.close();
    }
  });

  test('ends its watches when it is closed', async () => {
    const other = client.as('system:admin', ['system:masters']);
    const { resourceVersion } = await other.listing({ apiVersion: 'v1', kind: 'ConfigMap' });
    const events = other.watch({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace }, resourceVersion);
    const next = events.next();
    await client.apply(configMap(namespace, 'e'));
    expect((await next).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'e' } } });
    const after = expect(events.next()).rejects.toThrow();
    await other.close();
    await after;
  });
});

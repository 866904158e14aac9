import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { KubeConfig } from '@kubernetes/client-node';
import { WATCHED_RULES } from '@voteapp/operator/rbac';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { type KubeClient, KubeError, type KubeObject, refOf } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitUntilGone, waitUntilServed } from '../cluster/conditions.ts';
import { type FakePods, startFakePods } from '../cluster/ready-pods.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { CHART, helmUnlessMissing, render, runHelm, TAKING_OVER, testPod, type Values } from './helm.ts';
import { Release } from './release.ts';

const NAMESPACE = 'voteapp-system';
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'votingapps.voteapp.dev',
};
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'voteapp-operator' };

const POD = { apiVersion: 'v1', kind: 'Pod' };

async function text(file: string): Promise<string> {
  return await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
}

const helm = await helmUnlessMissing();
const shared = helm === null ? null : await sharedCluster('api');
await shared?.leave();
// A cluster that is somebody else's may have VotingApps, which this suite would delete.
const canStart = shared !== null && shared.source !== 'existing';

describe.skipIf(!canStart)('a release on the API server', { timeout: FIRST_START_MS }, () => {
  let cluster: Cluster;
  let client: KubeClient;
  let home: string;
  let shop: string;
  let poll: KubeObject;
  const clients: KubeClient[] = [];
  let pods: FakePods;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'voteapp-helm-'));
    cluster = await startCluster({ level: 'api' });
    client = cluster.client;
    shop = await cluster.createNamespace();
    poll = { ...(parse(await text('manifests/samples/smallest.yaml')) as KubeObject) };
    poll = { ...poll, metadata: { ...poll.metadata, namespace: shop } };
    await client.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    const behaviour = ({ metadata }: KubeObject) => (metadata.name.endsWith('-test') ? 'Succeeded' : 'Ready');
    pods = await startFakePods(client, { namespace: NAMESPACE, behaviour });
  }, FIRST_START_MS);
  afterAll(async () => {
    for (const one of clients) await one.close();
    await pods?.stop();
    await cluster?.stop();
    await rm(home, { recursive: true, force: true });
  });

  async function inCluster(args: readonly string[], values: Values = {}): Promise<string> {
    // Helm keeps what it found out of an API server in the home.
    const env = { HOME: home, KUBECONFIG: cluster.kubeconfig };
    return await runHelm(helm!, [...args, '--namespace', NAMESPACE], { values, env });
  }
  async function install(release: string, values: Values = {}, ...flags: readonly string[]): Promise<string> {
    return await inCluster(['install', release, CHART, '--values', '-', ...flags], values);
  }
  async function upgrade(values: Values): Promise<string> {
    return await inCluster(['upgrade', 'voteapp', CHART, '--values', '-'], values);
  }
  async function uninstall(release = 'voteapp'): Promise<void> {
    await inCluster(['uninstall', release]);
    await waitUntilGone(client, DEPLOYMENT);
  }
  /** A client with the rights of the operator. */
  function operator(): KubeClient {
    const user = `system:serviceaccount:${NAMESPACE}:voteapp-operator`;
    const made = client.as(user, ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`]);
    clients.push(made);
    return made;
  }
  /** What the pod of the test says that runs against this API server. */
  async function asked(values: Values): Promise<string> {
    const { spec } = await testPod(helm!, CHART, values);
    type Container = { command: string[]; args: string[]; env: { name: string; value: string }[] };
    const [{ command, args, env }] = spec!['containers'] as [Container];
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/voteapp-operator/token`;
    const { status } = (await client.raw('POST', path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    })) as { readonly status: { readonly token: string } };
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const { server = '', caData = '' } = config.getCurrentCluster() ?? {};
    const [TOKEN_FILE, NODE_EXTRA_CA_CERTS] = [join(home, 'token'), join(home, 'ca.crt')];
    await writeFile(TOKEN_FILE, status.token);
    await writeFile(NODE_EXTRA_CA_CERTS, Buffer.from(caData, 'base64'));
    const named = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const here = { API_SERVER: server, NAMESPACE, TOKEN_FILE, NODE_EXTRA_CA_CERTS };
    const options = { env: { ...process.env, ...named, ...here } };
    const node = [...command.slice(1), ...args];
    return (await promisify(execFile)(process.execPath, node, options)).stdout;
  }
  async function missing(objects: readonly KubeObject[]): Promise<string[]> {
    const absent: KubeObject[] = [];
    for (const object of objects) if ((await client.get(refOf(object))) === null) absent.push(object);
    return new Release(absent).names();
  }

  test('brings all that the chart renders, and serves VotingApps', async () => {
    const notes = await install('voteapp');
    expect(notes).toContain(`kubectl -n ${NAMESPACE} rollout status deployment/voteapp-operator`);
    await waitUntilServed(client, CRD);
    expect(await missing(await render(helm!, {}))).toEqual([]);
    poll = await client.create(poll);
  });

  test('has pods that the level restricted admits', async () => {
    const { metadata, spec } = (await Release.of(helm!, {})).pod;
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, generateName: 'operator-' }, spec };
    await client.raw('POST', `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All&fieldValidation=Strict`, pod);
  });

  test('gives the operator its rights and no others', async () => {
    const account = operator();
    const polls = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp' };
    expect(await account.list(polls)).toMatchObject([{ metadata: { name: poll.metadata.name } }]);
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    await account.create({ ...lease, metadata: { namespace: NAMESPACE, name: 'voteapp-operator' } });
    await expect(account.create({ ...lease, metadata: { namespace: shop, name: 'voteapp-operator' } })).rejects.toThrow(
      KubeError,
    );
    await expect(account.list({ apiVersion: 'v1', kind: 'Node' })).rejects.toThrow(KubeError);
  });

  test('is tested by a pod that the level restricted admits, and that is gone afterwards', async () => {
    expect(await inCluster(['test', 'voteapp'])).toMatch(/Phase:\s+Succeeded/);
    await waitUntilGone(client, { ...POD, namespace: NAMESPACE, name: 'voteapp-operator-test' });
  });

  test('is asked by its test, with the rights of the operator, who leads', async () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace: NAMESPACE,
      name: 'voteapp-operator',
    };
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    await client.merge(lease, { spec: { holderIdentity: 'pod-1', leaseDurationSeconds: 600, renewTime } });
    expect(await asked({})).toBe('pod-1 leads.\n');
    expect(await asked({ watchNamespaces: [shop] })).toBe('pod-1 leads.\n');
  });

  test('lets people edit polls who may edit what is in a namespace', async () => {
    const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' };
    await client.create({
      ...binding,
      metadata: { namespace: shop, name: 'editor' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'editor' }],
    });
    const editor = client.as('editor');
    clients.push(editor);
    // A controller adds up the roles in its own time.
    await expect
      .poll(() => editor.merge(refOf(poll), { metadata: { labels: { edited: 'yes' } } }).catch(String))
      .toMatchObject({ metadata: { labels: { edited: 'yes' } } });
  });

  test('is upgraded: to one namespace, with two replicas', async () => {
    await upgrade({ replicas: 2, watchNamespaces: [shop], logLevel: 'debug' });
    expect(await missing(await render(helm!, { replicas: 2, watchNamespaces: [shop] }))).toEqual([]);
    expect(await client.get(DEPLOYMENT)).toMatchObject({ spec: { replicas: 2 } });
    const gone = await render(helm!, {});
    expect(await missing(gone.filter(({ kind }) => kind.startsWith('Cluster')))).toHaveLength(5);
    const account = operator();
    await expect(account.list({ apiVersion: 'v1', kind: 'Secret' })).rejects.toThrow(KubeError);
    expect(await account.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace: shop })).toEqual([]);
  });

  test('is rolled back: to all namespaces, with one replica', async () => {
    await inCluster(['rollback', 'voteapp', '1']);
    expect(await missing(await render(helm!, {}))).toEqual([]);
    expect(await client.get(DEPLOYMENT)).toMatchObject({ spec: { replicas: 1 } });
  });

  test('brings the CRD back to its form', async () => {
    await client.merge(CRD, { spec: { names: { shortNames: ['stale'] } } });
    await inCluster(['upgrade', 'voteapp', CHART, '--values', '-', ...TAKING_OVER], { replicas: 2 });
    const { spec } = parse(await text('crds/voteapp.dev_votingapps.yaml')) as KubeObject;
    expect((await client.get(CRD))?.spec).toMatchObject({
      names: { shortNames: (spec!['names'] as Record<string, unknown>)['shortNames'] },
    });
  });

  test('leaves the CRD and the polls behind, and the next takes them up', async () => {
    const before = await client.get(CRD);
    await uninstall();
    expect(await missing((await render(helm!, {})).filter(({ kind }) => kind === CRD.kind))).toEqual([]);
    await install('voteapp');
    expect((await client.get(CRD))?.metadata.uid).toBe(before?.metadata.uid);
    expect((await client.get(refOf(poll)))?.metadata.uid).toBe(poll.metadata.uid);
    expect(await missing(await render(helm!, {}))).toEqual([]);
  });

  test('of another name takes them up when it is told to', async () => {
    await uninstall();
    await expect(install('other', { fullnameOverride: 'voteapp-operator' })).rejects.toThrow('cannot be imported');
    await install('other', { fullnameOverride: 'voteapp-operator' }, '--take-ownership');
    expect((await client.get(refOf(poll)))?.metadata.uid).toBe(poll.metadata.uid);
    expect((await client.get(CRD))?.metadata.annotations).toMatchObject({ 'meta.helm.sh/release-name': 'other' });
  });

  test('takes the CRD and the polls with it where that is wanted', async () => {
    await inCluster(['upgrade', 'other', CHART, '--values', '-'], {
      fullnameOverride: 'voteapp-operator',
      crds: { keep: false },
    });
    await uninstall('other');
    await waitUntilGone(client, CRD);
  });

  test('for one namespace is made by those who have rights over it and no other', async () => {
    const subject = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'tenant' };
    for (const namespace of [shop, NAMESPACE]) {
      await client.create({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { namespace, name: 'tenant' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [subject],
      });
    }
    const asTenant = ['--kube-as-user', subject.name];
    await expect(install('voteapp', { watchNamespaces: [shop] }, ...asTenant)).rejects.toThrow('forbidden');
    await install('tenant', { watchNamespaces: [shop], crds: { enabled: false } }, ...asTenant);
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', namespace: shop, name: 'tenant-operator' };
    expect(await client.get(role)).toMatchObject({ rules: WATCHED_RULES });
    await uninstall('tenant');
  });

  test('is not needed: manifests/install.yaml brings the same, and again changes nothing', async () => {
    const manifest = await text('manifests/install.yaml');
    await client.remove({ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE });
    await waitUntilGone(client, { apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE });
    const applied = await client.applyAll(manifest);
    await waitUntilServed(client, CRD);
    expect(await missing(await render(helm!, {}))).toEqual([]);
    const again = await client.applyAll(manifest);
    expect(again.map(({ metadata }) => metadata.generation)).toEqual(
      applied.map(({ metadata }) => metadata.generation),
    );
  });
});

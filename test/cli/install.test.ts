import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { helmUnlessMissing, render } from '../chart/helm.ts';
import { type KubeClient, type KubeObject, refOf } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitUntilGone } from '../cluster/conditions.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { type Answer, startVoteapp, voteapp } from './voteapp.ts';

const NAMESPACE = 'voteapp-system';
const OPERATOR = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'voteapp-operator' };
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'votingapps.voteapp.dev',
};
const POLL: KubeObject = {
  apiVersion: 'voteapp.dev/v1alpha1',
  kind: 'VotingApp',
  metadata: { name: 'coca-pepsi' },
  spec: { poll: { options: [{ id: 'coca' }, { id: 'pepsi' }] } },
};
const BY_HELM = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/name': 'voteapp-operator' },
  annotations: { 'meta.helm.sh/release-name': 'polls', 'meta.helm.sh/release-namespace': NAMESPACE },
};

function objectsOf(yaml: string): KubeObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubeObject);
}

/** What was made of each object, as "created Namespace voteapp-system". */
function rows(stdout: string): string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));
}

function outcomes(stdout: string): string[] {
  return [...new Set(rows(stdout).map((row) => row.split(' ')[0] ?? ''))];
}

describe('install --generate', () => {
  test('needs no cluster, and prints nothing but YAML', async () => {
    const { code, stdout, stderr } = await voteapp(['install', '--generate']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(objectsOf(stdout).map(({ kind }) => kind)).toContain('Deployment');
  });

  test('prints what the chart makes of the same values', async ({ skip }) => {
    const helm = await helmUnlessMissing();
    if (helm === null) return skip();
    const args = ['install', '--generate', '--watch-namespace', 'shop,news', '--replicas', '2'];
    const { stdout } = await voteapp([...args, '--image', 'registry.example.com/operator:9']);
    const rendered = await render(helm, {
      watchNamespaces: ['shop', 'news'],
      replicas: 2,
      image: { registry: 'registry.example.com', repository: 'operator', tag: '9' },
    });
    const plain = (objects: readonly KubeObject[]) => {
      const text = JSON.stringify(objects, (key, value: unknown) =>
        key.startsWith('helm.sh/') || key === 'app.kubernetes.io/managed-by' ? undefined : value,
      );
      const all = (JSON.parse(text) as KubeObject[]).filter(({ kind }) => kind !== 'Namespace');
      return Object.fromEntries(
        all.map((object) => {
          const { annotations = {}, ...metadata } = object.metadata;
          const left = Object.keys(annotations).length === 0 ? metadata : object.metadata;
          return [`${object.kind} ${metadata.namespace} ${metadata.name}`, { ...object, metadata: left }];
        }),
      );
    };
    expect(plain(objectsOf(stdout))).toEqual(plain(rendered));
  });
});

const shared = await sharedCluster('api');
await shared?.leave();
// A cluster that is somebody else's may have an operator, which this suite would remove.
const canStart = shared !== null && shared.source !== 'existing';

describe.skipIf(!canStart)('an installation', { timeout: FIRST_START_MS }, () => {
  let cluster: Cluster;
  let client: KubeClient;
  let home: string;
  let shop: string;

  async function run(...args: readonly string[]): Promise<Answer> {
    return await voteapp(args, { env: { KUBECONFIG: cluster.kubeconfig, HOME: home } });
  }

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'voteapp-cli-'));
    cluster = await startCluster({ level: 'api' });
    client = cluster.client;
  }, FIRST_START_MS);
  afterAll(async () => {
    await cluster?.stop();
    await rm(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    shop = await cluster.createNamespace();
  });
  afterEach(async () => {
    const { code, stderr } = await run('uninstall', '--delete-polls', '--delete-data', '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    expect(await client.get(CRD)).toBeNull();
    expect(await client.get({ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE })).toBeNull();
  });

  test('is made, again is unchanged, and is brought back to its form', async () => {
    const first = await run('install');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('voteapp check') as string });
    expect(outcomes(first.stdout)).toEqual(['created']);
    await client.create({ ...POLL, metadata: { ...POLL.metadata, namespace: shop } });

    const again = await run('install');
    expect(outcomes(again.stdout)).toEqual(['unchanged']);

    await client.merge(OPERATOR, { spec: { replicas: 3 } });
    const third = await run('install');
    expect(rows(third.stdout).filter((row) => !row.startsWith('unchanged'))).toEqual([
      'configured Deployment voteapp-operator',
    ]);
    expect(await client.get(OPERATOR)).toMatchObject({ spec: { replicas: 1 } });
  });

  test('is tried without a trace', async () => {
    const trial = await run('install', '--dry-run=server');
    expect(trial).toMatchObject({ code: 0 });
    expect(trial.stdout).toContain('CustomResourceDefinition votingapps.voteapp.dev (dry run)');
    expect(await client.get(CRD)).toBeNull();
    expect(await client.get({ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE })).toBeNull();
  });

  test('takes the rights away that other settings needed', async () => {
    await run('install');
    const { code, stdout } = await run('install', '--watch-namespace', shop);
    expect(code).toBe(0);
    expect(rows(stdout)).toContain(`created Role ${shop}/voteapp-operator`);
    expect(rows(stdout)).toContain('removed ClusterRoleBinding voteapp-operator');
    expect(rows(stdout)).toContain('removed ClusterRole voteapp-operator');
    const back = await run('install');
    expect(rows(back.stdout)).toContain(`removed RoleBinding ${shop}/voteapp-operator`);
  });

  test('is refused beside another operator, and for a namespace that is not there', async () => {
    await run('install', '--watch-namespace', shop);
    expect(await run('install', '--namespace', 'other', '--watch-namespace', shop)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${NAMESPACE}/voteapp-operator watches ${shop}`) as string,
    });
    expect(await run('install', '--watch-namespace', 'nowhere')).toMatchObject({
      code: 4,
      stderr: 'There is no namespace nowhere to watch: create it first.\n',
    });
    expect(await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'other' })).toBeNull();
  });

  test('leaves somebody’s namespace as it is, when it comes and when it goes', async () => {
    const { code } = await run('install', '--namespace', shop);
    expect(code).toBe(0);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: shop };
    expect((await client.get(namespace))?.metadata.labels).not.toHaveProperty('pod-security.kubernetes.io/enforce');
    const { stderr } = await run('uninstall', '--namespace', shop);
    expect(stderr).toContain(`Stays: Namespace ${shop}, which \`voteapp install\` did not make.`);
    expect(await client.get(namespace)).toMatchObject({ status: { phase: 'Active' } });
    expect(await client.get({ ...OPERATOR, namespace: shop })).toBeNull();
  });

  test('waits, says why it waited in vain, and can be interrupted', async () => {
    const late = await run('install', '--wait', '--timeout', '2s');
    expect(late).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('The operator is not ready after 2 s.') as string,
    });
    expect(late.stderr).toContain('0/1 ready');

    const { child, answer } = startVoteapp(['install', '--wait'], { env: { KUBECONFIG: cluster.kubeconfig } });
    child.stderr?.on('data', (chunk: Buffer) => chunk.includes('Waiting') && child.kill('SIGINT'));
    expect(await answer).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('Interrupted. The operator') as string,
    });
  });

  test('is refused while Helm has it', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE };
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const release = { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: 'sh.helm.release.v1.polls.v1' };
    const labels = { owner: 'helm', name: 'polls' };
    await client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: release.name, namespace: NAMESPACE, labels },
    });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: NAMESPACE, name: 'voteapp-operator' };
    await client.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: account.name, namespace: NAMESPACE, ...BY_HELM },
    });
    for (const verb of ['upgrade', 'uninstall']) {
      const { code, stderr } = await run(verb === 'upgrade' ? 'install' : 'uninstall');
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`\`helm ${verb} polls`) as string });
    }
    expect(await client.get(CRD)).toBeNull();

    // What Helm has left behind is nobody's.
    await client.remove(release);
    expect(await run('install')).toMatchObject({ code: 0 });
    const { metadata } = (await client.get(account))!;
    expect({ ...metadata.labels, ...metadata.annotations }).not.toHaveProperty('meta.helm.sh/release-name');
    await run('uninstall');
    await client.remove(namespace);
    await waitUntilGone(client, namespace);
  });

  test('is refused to whoever lacks a right, before anything is made', async () => {
    const { code, stderr } = await run('install', '--as', 'nobody');
    expect(code).toBe(5);
    expect(stderr).toContain('Nothing was changed, for you may not get namespaces');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(await client.get({ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE })).toBeNull();
  });

  test('does not go while there are polls, but with them, or without', async () => {
    await run('install');
    const poll = await client.create({ ...POLL, metadata: { ...POLL.metadata, namespace: shop } });
    expect(await run('uninstall')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`there are VotingApps: ${shop}/coca-pepsi.`) as string,
    });
    expect(await run('uninstall', '--delete-polls', '--delete-data')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('add --yes') as string,
    });
    expect(await client.get(OPERATOR)).not.toBeNull();

    const kept = await run('uninstall', '--keep-polls');
    expect(kept).toMatchObject({ code: 0, stderr: expect.stringContaining('Stays: the type VotingApp.') as string });
    expect(await client.get(OPERATOR)).toBeNull();
    expect((await client.get(refOf(poll)))?.metadata.uid).toBe(poll.metadata.uid);

    await run('install');
    expect(await run('uninstall', '--delete-polls')).toMatchObject({ code: 0 });
    expect(await client.get(refOf(poll))).toBeNull();
  });

  test('keeps the data of polls, and deletes it where that is said', async () => {
    await run('install');
    const labels = { 'app.kubernetes.io/managed-by': 'voteapp-operator' };
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace: shop, name: 'coca-pepsi-voteapp-secret' };
    const theirs = { ...secret, name: 'somebodys' };
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: secret.name, namespace: shop, labels } });
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: theirs.name, namespace: shop } });
    const kept = await run('uninstall');
    expect(kept.stderr).toContain('Stays: 1 Secret with the data of polls.');
    expect(await client.get(secret)).not.toBeNull();

    expect(await run('uninstall', '--delete-data', '--yes')).toMatchObject({ code: 0 });
    expect(await client.get(secret)).toBeNull();
    expect(await client.get(theirs)).not.toBeNull();
  });

  test('that was half made can be removed', async () => {
    const objects = objectsOf((await voteapp(['install', '--generate'])).stdout);
    for (const object of objects.slice(0, 3)) await client.apply(object, { fieldManager: 'voteapp-cli' });
    const { code, stdout } = await run('uninstall');
    expect({ code, rows: rows(stdout) }).toEqual({
      code: 0,
      rows: [
        'removed ServiceAccount voteapp-operator',
        'removed NetworkPolicy voteapp-operator',
        `removed Namespace ${NAMESPACE}`,
      ],
    });
  });
});

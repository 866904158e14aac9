import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ChangesOutput, changesOutput } from '@voteapp/cli/install/changes-output';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { helmUnlessMissing, render } from '../chart/helm.ts';
import { type KubeClient, type KubeObject, refOf } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { voteappHere } from './here.ts';
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
const HOME = { apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE };
/** Who may do anything in one namespace, and nothing elsewhere. */
const TENANT = 'tenant-of-one-namespace';

function byHelm(namespace: string): Pick<KubeObject['metadata'], 'labels' | 'annotations'> {
  return {
    labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/name': 'voteapp-operator' },
    annotations: { 'meta.helm.sh/release-name': 'polls', 'meta.helm.sh/release-namespace': namespace },
  };
}

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

  const some = {
    args: ['--watch-namespace', 'shop,news', '--replicas', '2', '--image', 'registry.example.com/operator:9'],
    values: {
      watchNamespaces: ['shop', 'news'],
      replicas: 2,
      image: { registry: 'registry.example.com', repository: 'operator', tag: '9' },
    },
  };
  const mirrored = {
    args: ['--image-registry', 'mirror.example.com:5000/voteapp'],
    values: { global: { imageRegistry: 'mirror.example.com:5000/voteapp' } },
  };

  test.each([some, mirrored])('prints what the chart makes of the same values: $args', async ({ args, values }) => {
    const helm = await helmUnlessMissing();
    if (helm === null) return;
    const { stdout } = await voteapp(['install', '--generate', ...args]);
    const rendered = await render(helm, values);
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

// A namespace and a type take seconds to go, so each test begins with what the one before it has left. Polls are deleted
// late, for a new type is known to the garbage collector only after half a minute.
describe.skipIf(!canStart)('an installation', { timeout: FIRST_START_MS }, () => {
  let cluster: Cluster;
  let client: KubeClient;
  let home: string;
  let shop: string;

  async function run(...args: readonly string[]): Promise<Answer> {
    return await voteappHere(args, { KUBECONFIG: cluster.kubeconfig, HOME: home });
  }
  const inShop = (): string[] => ['--namespace', shop, '--watch-namespace', shop];
  async function changes(...args: readonly string[]): Promise<ChangesOutput> {
    return changesOutput.parse(JSON.parse((await run(...args, '-o', 'json')).stdout));
  }

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'voteapp-cli-'));
    cluster = await startCluster({ level: 'api' });
    client = cluster.client;
    shop = await cluster.createNamespace();
  }, FIRST_START_MS);
  afterAll(async () => {
    await cluster?.stop();
    await rm(home, { recursive: true, force: true });
  });

  test('is tried without a trace', async () => {
    const trial = await run('install', '--dry-run=server');
    expect(trial).toMatchObject({ code: 0 });
    expect(trial.stdout).toContain('CustomResourceDefinition votingapps.voteapp.dev (dry run)');
    expect(await client.get(CRD)).toBeNull();
    expect(await client.get(HOME)).toBeNull();
  });

  test('is refused to whoever lacks a right, before anything is made', async () => {
    const { code, stdout, stderr } = await run('install', '--as', 'nobody', '-o', 'json');
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain('Nothing was changed, for you may not get ');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(await client.get(HOME)).toBeNull();
  });

  test('is made, again is unchanged, and is brought back to its form', async () => {
    const first = await run('install');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('voteapp check') as string });
    expect(outcomes(first.stdout)).toEqual(['created']);

    const again = await changes('install');
    expect(again).toMatchObject({ namespace: NAMESPACE, dryRun: null, ready: null, stays: [] });
    expect(new Set(again.objects.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']));

    await client.merge(OPERATOR, { spec: { replicas: 3 } });
    const third = await run('install');
    expect(rows(third.stdout).filter((row) => !row.startsWith('unchanged'))).toEqual([
      'configured Deployment voteapp-operator',
    ]);
    expect(await client.get(OPERATOR)).toMatchObject({ spec: { replicas: 1 } });
  });

  test('waits, says why it waited in vain, and can be interrupted', async () => {
    const late = await run('install', '--wait', '--timeout', '1s', '-o', 'json');
    expect(late).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('The operator is not ready after 1 s.') as string,
    });
    expect(late.stderr).toContain('0/1 ready');
    expect(changesOutput.parse(JSON.parse(late.stdout))).toMatchObject({ ready: false });

    const { child, answer } = startVoteapp(['install', '--wait'], { env: { KUBECONFIG: cluster.kubeconfig } });
    child.stderr?.on('data', (chunk: Buffer) => chunk.includes('Waiting') && child.kill('SIGINT'));
    expect(await answer).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('Interrupted. The operator') as string,
    });
  });

  test('takes the rights away that other settings needed, and is refused beside another operator', async () => {
    const { code, stdout } = await run('install', '--watch-namespace', shop);
    expect(code).toBe(0);
    expect(rows(stdout)).toContain(`created Role ${shop}/voteapp-operator`);
    expect(rows(stdout)).toContain('removed ClusterRoleBinding voteapp-operator');
    expect(rows(stdout)).toContain('removed ClusterRole voteapp-operator');

    expect(await run('install', '--namespace', 'other', '--watch-namespace', shop)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${NAMESPACE}/voteapp-operator watches ${shop}`) as string,
    });
    expect(await run('install', '--watch-namespace', 'nowhere')).toMatchObject({
      code: 4,
      stderr: 'There is no namespace nowhere to watch: create it first.\n',
    });
    expect(await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'other' })).toBeNull();

    const back = await run('install');
    expect(rows(back.stdout)).toContain(`removed RoleBinding ${shop}/voteapp-operator`);
  });

  test('that was half made can be removed', async () => {
    const objects = objectsOf((await run('install', '--generate', '--namespace', shop)).stdout);
    const some = objects.filter(({ kind }) => kind === 'ServiceAccount' || kind === 'NetworkPolicy');
    for (const object of some) await client.apply(object, { fieldManager: 'voteapp-cli' });
    const { code, stdout } = await run('uninstall', '--namespace', shop);
    const removed = ['removed ServiceAccount voteapp-operator', 'removed NetworkPolicy voteapp-operator'];
    expect({ code, rows: rows(stdout).slice(0, 2) }).toEqual({ code: 0, rows: removed });
  });

  test('of one with rights in a namespace alone needs the type, and not the right to write it', async () => {
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    const own = { name: 'tenant', namespace: shop };
    const rbac = 'rbac.authorization.k8s.io';
    await client.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: own, rules });
    await client.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: own,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'tenant' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: TENANT }],
    });
    const before = await client.get(CRD);
    const first = await run('install', ...inShop(), '--as', TENANT);
    expect(first).toMatchObject({ code: 0 });
    expect(rows(first.stdout).filter((row) => row.startsWith('unchanged'))).toEqual([
      `unchanged Namespace ${shop}`,
      'unchanged CustomResourceDefinition votingapps.voteapp.dev',
    ]);
    expect(outcomes((await run('install', ...inShop(), '--as', TENANT)).stdout)).toEqual(['unchanged']);
    expect((await client.get(CRD))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
    const gone = await run('uninstall', '--namespace', shop, '--as', TENANT);
    expect({ code: gone.code, outcomes: outcomes(gone.stdout) }).toEqual({ code: 0, outcomes: ['removed'] });
    expect(await client.get({ ...OPERATOR, namespace: shop })).toBeNull();
  });

  test('does not go while there are polls, but without them, and they stay', async () => {
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
    expect(await client.get(HOME)).toBeNull();
    expect((await client.get(refOf(poll)))?.metadata.uid).toBe(poll.metadata.uid);
  });

  test('leaves somebody’s namespace as it is, when it comes and when it goes with the polls', async () => {
    expect(await run('install', '--namespace', shop)).toMatchObject({ code: 0 });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: shop };
    expect((await client.get(namespace))?.metadata.labels).not.toHaveProperty('pod-security.kubernetes.io/enforce');
    const gone = await changes('uninstall', '--namespace', shop, '--delete-polls');
    expect(gone.objects).toContainEqual({ outcome: 'removed', kind: 'VotingApp', namespace: shop, name: 'coca-pepsi' });
    expect(gone.stays).toContain(`Namespace ${shop}, which \`voteapp install\` did not make`);
    expect(await client.get(namespace)).toMatchObject({ status: { phase: 'Active' } });
    expect(await client.get({ ...OPERATOR, namespace: shop })).toBeNull();
    expect(await client.get({ ...refOf(POLL), namespace: shop })).toBeNull();
  });

  test('keeps the data of polls, and deletes it and the type where that is said', async () => {
    await run('install', '--namespace', shop);
    const labels = { 'app.kubernetes.io/managed-by': 'voteapp-operator' };
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace: shop, name: 'coca-pepsi-voteapp-secret' };
    const theirs = { ...secret, name: 'somebodys' };
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: secret.name, namespace: shop, labels } });
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: theirs.name, namespace: shop } });
    const kept = await run('uninstall', '--namespace', shop);
    expect(kept.stderr).toContain('Stays: 1 Secret with the data of polls.');
    expect(await client.get(secret)).not.toBeNull();

    expect(await run('uninstall', '--namespace', shop, '--delete-data', '--yes')).toMatchObject({ code: 0 });
    expect(await client.get(secret)).toBeNull();
    expect(await client.get(theirs)).not.toBeNull();
    expect(await client.get(CRD)).toBeNull();
    expect(await run('install', ...inShop(), '--as', TENANT)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('create customresourcedefinitions.apiextensions.k8s.io') as string,
    });
  });

  test('is refused while Helm has it', async () => {
    const release = { apiVersion: 'v1', kind: 'Secret', namespace: shop, name: 'sh.helm.release.v1.polls.v1' };
    const { name, namespace } = release;
    const labels = { owner: 'helm', name: 'polls' };
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels } });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'voteapp-operator' };
    const metadata = { name: account.name, namespace, ...byHelm(shop) };
    await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    for (const [verb, instead] of Object.entries({ install: 'upgrade', uninstall: 'uninstall' })) {
      const { code, stderr } = await run(verb, '--namespace', shop);
      const says = expect.stringContaining(`\`helm ${instead} polls`) as string;
      expect({ code, stderr }).toEqual({ code: 1, stderr: says });
    }
    expect(await client.get(CRD)).toBeNull();

    // What Helm has left behind is nobody's.
    await client.remove(release);
    expect(await run('install', '--namespace', shop)).toMatchObject({ code: 0 });
    const taken = (await client.get(account))!.metadata;
    expect({ ...taken.labels, ...taken.annotations }).not.toHaveProperty('meta.helm.sh/release-name');
  });
});

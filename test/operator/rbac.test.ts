import { readdir, readFile } from 'node:fs/promises';

import { FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';
import { OWN_RULES, type PolicyRule, WATCHED_RULES } from '@voteapp/operator/rbac';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type AuditEntry, requestsBy } from '../cluster/audit.ts';
import { type Kind, type KubeClient, type KubeObject, type ObjectRef, refOf } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitAmong, waitFor, waitUntilGone } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { Stage, stageCluster, VOTING_APP } from './in-process.ts';
import { CLUSTER_ROLE, type OperatorProcess, OperatorProcesses } from './operator-process.ts';
import { installOptionalKinds } from './optional-kinds.ts';

const SAMPLES = new URL('../../manifests/samples/', import.meta.url);
const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' };
const POD = { apiVersion: 'v1', kind: 'Pod' };
const SECRET = { apiVersion: 'v1', kind: 'Secret' };
const STORAGE_CLASS = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'standard' };
const SERVICE = { apiVersion: 'v1', kind: 'Service' };

/** What an admission plugin asks about where the operator names an owner; nobody else ever does. */
const ASKED_BY_ADMISSION = {
  'voteapp.dev votingapps/finalizers update': 'cannot set blockOwnerDeletion',
  'secrets delete': "cannot set an ownerRef on a resource you can't delete",
} as const;

/** A VotingApp that has an object of every kind and whatever may be removed of it again. */
const EVERYTHING = {
  expose: { type: 'Ingress', hosts: { vote: 'vote.example.com', front: 'results.example.com' } },
  front: { replicas: 2 },
  vote: { autoscaling: { mode: 'HPA', minReplicas: 2, maxReplicas: 4 } },
  database: { type: 'Managed', managed: { storage: { size: '1Gi' } } },
  monitoring: { enabled: true },
};
const LESS = {
  expose: { type: 'None', hosts: null },
  front: { replicas: 1 },
  vote: { autoscaling: { mode: 'None', minReplicas: null, maxReplicas: null } },
  networkPolicy: { enabled: false },
  monitoring: { enabled: false },
};

/** What an earlier release has left, of kinds that no edit of a VotingApp removes. */
const LEFT_OVER: readonly (Kind & { readonly [field: string]: unknown })[] = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { ...SERVICE, spec: { ports: [{ port: 80 }] } },
  ...(['Deployment', 'StatefulSet'] as const).map((kind) => ({
    apiVersion: 'apps/v1',
    kind,
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'left-over' } },
      template: { metadata: { labels: { app: 'left-over' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    },
  })),
];

function permissions(rules: readonly PolicyRule[]): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${group} ${resource} ${verb}`.trimStart())),
    ),
  );
}

/** The rules but for one right. */
function without(rules: readonly PolicyRule[], right: string): PolicyRule[] {
  const single = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => ({ apiGroups: [group], resources: [resource], verbs: [verb] })),
      ),
    ),
  );
  return single.filter((rule) => permissions([rule])[0] !== right);
}

/** What a request needed: an apply that made the object was allowed to make it, too. */
function needed({ verb, group, resource, subresource, code }: AuditEntry): string[] {
  if (resource === '') return [];
  const verbs = verb === 'patch' && code === 201 ? ['patch', 'create'] : [verb];
  const target = subresource === '' ? resource : `${resource}/${subresource}`;
  return verbs.map((each) => `${group} ${target} ${each}`.trimStart());
}

const shared = await stageCluster();
await shared?.leave();

describe.skipIf(shared === null)('with exactly the rights that it declares', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  let client: KubeClient;
  let stage: Stage;
  let processes: OperatorProcesses;
  let operator: OperatorProcess;

  beforeAll(async () => {
    cluster = await startCluster({ level: 'api' });
    ({ client } = cluster);
    stage = await Stage.set(cluster);
    await installOptionalKinds(client);
    await client.merge(STORAGE_CLASS, { allowVolumeExpansion: true });
    processes = await OperatorProcesses.on(cluster, stage.services);
    operator = await processes.start('exact');
  }, FIRST_START_MS);
  afterAll(async () => {
    await processes?.stop();
    await stage?.stop();
    await cluster?.stop();
  });

  const ref = (kind: Kind, name: string): ObjectRef => stage.ref(name, kind);

  async function asked(): Promise<AuditEntry[]> {
    return await requestsBy(cluster.auditLog!, operator.user);
  }

  /** A pod of the worker that has an annotation. */
  async function workerWithRevision(app: string, revision: number): Promise<KubeObject> {
    const labelSelector = `${LABELS.instance}=${app},${LABELS.component}=worker`;
    return await waitAmong(client, POD, { namespace: stage.namespace, labelSelector }, (seen) => {
      const pods = [...seen.values()];
      return (
        pods.find(({ metadata }) => metadata.annotations?.['voteapp.dev/poll-revision'] === String(revision)) ?? null
      );
    });
  }

  test('the operator makes what every sample asks for', async () => {
    for (const file of await readdir(SAMPLES)) {
      const text = await readFile(new URL(file, SAMPLES), 'utf8');
      await client.applyAll(text, { namespace: stage.namespace });
      await stage.untilCondition(file.replace('.yaml', ''), 'Ready');
    }
  });

  test('it finds a RabbitmqCluster', async () => {
    const queue = { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'queue' } };
    await stage.apply(votingApp('cluster', {}, { queue }));
    await stage.untilCondition('cluster', 'Ready', { status: 'False', reason: 'QueueNotFound' });
    const made = await stage.apply({
      apiVersion: 'rabbitmq.com/v1beta1',
      kind: 'RabbitmqCluster',
      metadata: { name: 'queue' },
    });
    const secretReference = { name: 'queue-default-user', namespace: stage.namespace, keys: {} };
    const serviceReference = { name: 'queue', namespace: stage.namespace };
    const status = { defaultUser: { secretReference, serviceReference } };
    await client.merge(refOf(made), { status }, { subresource: 'status' });
    const stringData = { username: 'someone', password: 'something' };
    await stage.apply({ ...SECRET, metadata: { name: 'queue-default-user' }, stringData });
    await stage.untilCondition('cluster', 'Ready');
  });

  test('it puts right what somebody changes, and tells of it', async () => {
    const service = ref(SERVICE, 'smallest-vote-service');
    const before = await client.get(service);
    await client.remove(service);
    await waitFor(client, service, ({ metadata }) => metadata.uid !== before?.metadata.uid);
    const deployment = ref(DEPLOYMENT, 'smallest-front-server');
    await client.merge(deployment, { spec: { replicas: 3 } });
    await waitFor(client, deployment, ({ spec }) => spec?.['replicas'] !== 3);
    await stage.untilEvent('smallest', /DriftCorrected Deployment smallest-front-server/);
  });

  test('it lets volumes grow, hastens a new definition, and removes what is not asked for any more', async () => {
    await stage.apply(votingApp('everything', {}, EVERYTHING));
    await stage.untilCondition('everything', 'Ready');
    await waitFor(client, ref(CLAIM, 'data-everything-mysql-0'), ({ status }) => status?.['phase'] === 'Bound');
    const { metadata } = await stage.patch('everything', {
      spec: { ...LESS, database: { managed: { storage: { size: '2Gi' } } } },
    });
    await waitFor(client, ref(CLAIM, 'data-everything-mysql-0'), ({ spec }) =>
      JSON.stringify(spec?.['resources']).includes('2Gi'),
    );
    await waitUntilGone(client, ref(INGRESS, 'everything-vote-ingress'));
    await workerWithRevision('everything', metadata.generation!);
    // Its route, which an Ingress has no need of.
    await stage.patch('gateway', { spec: { expose: null, monitoring: null } });
    await waitUntilGone(
      client,
      ref({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' }, 'gateway-vote-route'),
    );
  });

  test('it removes what an earlier release has left', async () => {
    const owner = await stage.get('smallest');
    const ownerReferences = [{ ...VOTING_APP, name: 'smallest', uid: owner!.metadata.uid!, controller: true }];
    const labels = { [LABELS.managedBy]: FIELD_MANAGERS.objects, [LABELS.instance]: 'smallest' };
    for (const object of LEFT_OVER)
      await stage.apply({ ...object, metadata: { name: 'left-over', labels, ownerReferences } });
    for (const kind of LEFT_OVER) await waitUntilGone(client, ref(kind, 'left-over'));
  });

  test.for([
    ['keeps', 'Retain'],
    ['gives away', 'Delete'],
  ] as const)('it %s the passwords of a VotingApp whose policy is %s', async ([, deletionPolicy]) => {
    const name = deletionPolicy.toLowerCase();
    await stage.apply(votingApp(name, {}, { deletionPolicy }));
    await stage.untilCondition(name, 'Ready');
    await stage.remove(name);
    await waitUntilGone(client, ref(DEPLOYMENT, `${name}-vote-server`));
    const secret = ref(SECRET, `${name}-voteapp-secret`);
    if (deletionPolicy === 'Delete') await waitUntilGone(client, secret);
    else expect(await client.get(secret)).not.toBeNull();
  });

  test('it has not been refused anything', async () => {
    expect((await asked()).filter(({ code }) => code === 403)).toEqual([]);
  });

  test('it has needed every right', async () => {
    const used = new Set((await asked()).flatMap(needed));
    const unused = permissions([...WATCHED_RULES, ...OWN_RULES]).filter((right) => !used.has(right));
    expect(unused).toEqual(Object.keys(ASKED_BY_ADMISSION));
  });

  test.for(Object.entries(ASKED_BY_ADMISSION))('without the right %s it is refused', async ([right, why]) => {
    await client.merge(CLUSTER_ROLE, { rules: without(WATCHED_RULES, right) });
    const name = `without-${right.split(' ').at(-1)}`;
    await stage.apply(votingApp(name, {}, { deletionPolicy: 'Delete' }));
    const { status } = await stage.untilCondition(name, 'Ready', { status: 'False', reason: 'ApplyFailed' });
    expect(JSON.stringify(status)).toContain(why);
  });
});

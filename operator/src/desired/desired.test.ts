import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { SECRET_KEYS } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { desired, managedServers, partsOf } from './desired.ts';
import type { Facts } from './facts.ts';
import { arbitraryFacts, arbitraryPoll, arbitraryVotingApp } from './fixtures/arbitrary.ts';
import { Objects, objectsOf, type PodTemplate } from './fixtures/objects.ts';
import { brokenControls } from './fixtures/pod-security.ts';
import { votingApp } from './fixtures/voting-app.ts';

const LABEL_NAME = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** Kinds whose names become labels, or names of hosts: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const SHORT_NAMES = new Set(['Service', 'Deployment', 'StatefulSet']);

const external = { type: 'External', external: { host: 'db.example.com', secretRef: { name: 'db' } } };
const externalRabbitmq = { host: 'mq.example.com', secretRef: { name: 'mq' } };

test.each<[string, object, readonly string[]]>([
  ['everything runs where nothing is said', {}, ['vote', 'worker', 'front', 'mysql', 'rabbitmq']],
  ['a database of somebody else’s does not run', { database: external }, ['vote', 'worker', 'front', 'rabbitmq']],
  [
    'a broker of somebody else’s does not run',
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq } },
    ['vote', 'worker', 'front', 'mysql'],
  ],
  [
    'SQS runs elsewhere',
    { queue: { type: 'SQS', sqs: { region: 'eu-west-1' } } },
    ['vote', 'worker', 'front', 'mysql'],
  ],
  [
    'a RabbitmqCluster is its own operator’s',
    { database: external, queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq' } } },
    ['vote', 'worker', 'front'],
  ],
])('%s', (_, sections, parts) => {
  const app = votingApp(sections);
  expect(partsOf(app)).toEqual(parts);
  expect(Object.keys(new Objects(app).pods).sort()).toEqual(parts.toSorted());
  expect(managedServers(app)).toEqual({ database: parts.includes('mysql'), queue: parts.includes('rabbitmq') });
});

test('the smallest resource becomes these objects, and no Secret', () => {
  expect(objectsOf().all.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toMatchInlineSnapshot(`
    [
      "ServiceAccount shop-vote-server",
      "PodDisruptionBudget shop-vote-server",
      "ServiceAccount shop-worker-server",
      "ServiceAccount shop-front-server",
      "PodDisruptionBudget shop-front-server",
      "ServiceAccount shop-mysql",
      "ServiceAccount shop-rabbitmq",
      "NetworkPolicy shop-default-deny",
      "NetworkPolicy shop-vote-server",
      "NetworkPolicy shop-front-server",
      "NetworkPolicy shop-worker-server",
      "NetworkPolicy shop-mysql",
      "NetworkPolicy shop-rabbitmq",
      "ConfigMap shop-poll",
      "StatefulSet shop-mysql",
      "Service shop-mysql-service",
      "Service shop-mysql-nodes",
      "ConfigMap shop-rabbitmq-settings",
      "StatefulSet shop-rabbitmq",
      "Service shop-rabbitmq-service",
      "Service shop-rabbitmq-nodes",
      "Deployment shop-vote-server",
      "Service shop-vote-service",
      "Deployment shop-worker-server",
      "Service shop-worker-service",
      "Deployment shop-front-server",
      "Service shop-front-service",
    ]
  `);
});

test('before the VotingApp is on a cluster, nobody owns what it would become, and no namespace holds it', () => {
  const { all } = new Objects(votingApp({}, { uid: undefined, namespace: undefined }));
  expect(all.filter(({ metadata }) => 'ownerReferences' in metadata || 'namespace' in metadata)).toEqual([]);
});

/** Holds a sentence against any VotingApp there may be, at any time. */
function always(sentence: string, holds: (app: VotingApp, known: Facts) => void): void {
  test(sentence, () => {
    fc.assert(fc.property(arbitraryVotingApp, arbitraryFacts, holds), { numRuns: 150 });
  });
}

/** What of a workload Kubernetes never lets change, the size of volumes aside. */
function immutable(objects: Objects): Record<string, unknown> {
  const claims = (templates: readonly V1PersistentVolumeClaim[] = []) =>
    templates.map(({ metadata, spec }) => ({ metadata, accessModes: spec?.accessModes }));
  const deployments = objects
    .ofKind('Deployment')
    .map(({ metadata, spec }) => [metadata?.name ?? '', spec?.selector] as const);
  const sets = objects.ofKind('StatefulSet').map(({ metadata, spec }) => {
    const { selector, serviceName, podManagementPolicy, volumeClaimTemplates } = spec ?? {};
    const fixed = { selector, serviceName, podManagementPolicy, claims: claims(volumeClaimTemplates) };
    return [metadata?.name ?? '', fixed] as const;
  });
  return Object.fromEntries<unknown>([...deployments, ...sets]);
}

/** Every string in an object, keys included. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsIn(inner)]);
}

describe('whatever a valid VotingApp says', () => {
  always('the same input gives the same bytes, and is left as it was', (app, known) => {
    const before = structuredClone({ app, known });
    const [one, other] = [desired(app, known), desired(app, known)].map((objects) => JSON.stringify(objects));
    expect(other).toBe(one);
    expect({ app, known }).toEqual(before);
  });

  always('every pod keeps to the restricted Pod Security Standard', (app, known) => {
    const { pods } = new Objects(app, known);
    const broken = Object.entries(pods).map(([part, pod]) => [part, brokenControls(pod)]);
    expect(Object.fromEntries(broken)).toEqual(Object.fromEntries(partsOf(app).map((part) => [part, []])));
  });

  always('no two objects are the same one', (app, known) => {
    const keys = desired(app, known).map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  always('every object is in its namespace, owned, and named and labelled as its kind may be', (app, known) => {
    const { name, namespace, uid } = app.metadata;
    const owner = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', name, uid };
    for (const { kind, metadata } of desired(app, known)) {
      expect(metadata.namespace).toBe(namespace);
      expect(metadata.ownerReferences).toEqual([{ ...owner, controller: true, blockOwnerDeletion: true }]);
      expect(metadata.name).toMatch(SUBDOMAIN);
      expect(metadata.name.startsWith(`${name}-`)).toBe(true);
      expect(metadata.name.length).toBeLessThanOrEqual(SHORT_NAMES.has(kind) ? 63 : 253);
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'voteapp',
        'app.kubernetes.io/instance': name,
        'app.kubernetes.io/version': app.spec.version ?? known.release.version,
        'app.kubernetes.io/part-of': 'voteapp',
        'app.kubernetes.io/managed-by': 'voteapp-operator',
      });
    }
  });

  always('every label is one that Kubernetes takes', (app, known) => {
    const objects = new Objects(app, known);
    const templates = Object.values(objects.pods) as readonly PodTemplate[];
    for (const { metadata } of [...objects.all, ...templates]) {
      for (const [key, value] of Object.entries(metadata?.labels ?? {})) {
        expect(key).toMatch(LABEL_NAME);
        expect(value).toMatch(LABEL_VALUE);
      }
    }
  });

  always('every workload selects its own pods, and no others', (app, known) => {
    const objects = new Objects(app, known);
    const pods = Object.values(objects.pods) as readonly PodTemplate[];
    for (const { spec } of [...objects.ofKind('Deployment'), ...objects.ofKind('StatefulSet')]) {
      const wanted = Object.entries(spec?.selector.matchLabels ?? {});
      const selected = pods.filter(({ metadata }) => wanted.every(([key, value]) => metadata?.labels?.[key] === value));
      expect(selected).toEqual([spec?.template]);
    }
  });

  always('what Kubernetes never lets change is as in the smallest resource of the name', (app, known) => {
    const smallest = immutable(new Objects(votingApp({}, app.metadata)));
    expect(smallest).toMatchObject(immutable(new Objects(app, known)));
  });

  always('every port and volume that is named is there', (app, known) => {
    for (const { spec } of Object.values(new Objects(app, known).pods) as readonly PodTemplate[]) {
      const [{ ports = [], volumeMounts = [], livenessProbe, readinessProbe, startupProbe }] = spec.containers;
      const names = ports.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const probe of [livenessProbe, readinessProbe, startupProbe]) {
        const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
        if (port !== undefined) expect(names).toContain(port);
      }
      const volumes = [...(spec.volumes ?? []).map(({ name }) => name), 'data'];
      expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map(({ name }) => name)));
      const paths = volumeMounts.map(({ mountPath }) => mountPath);
      expect(new Set(paths).size).toBe(paths.length);
    }
  });

  always('no object holds a secret: each is read from its Secret where it is used', (app, known) => {
    const objects = desired(app, known);
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const variables = Object.values(new Objects(app, known).pods).flatMap(({ spec }) => spec.containers[0].env ?? []);
    const secret = /PASS(WORD)?$|_KEY$|COOKIE$|_CA$/;
    const given = variables.filter(({ name, value }) => secret.test(name) && value !== undefined);
    expect(given).toEqual([]);
    const keys = variables.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.key ?? []);
    expect(SECRET_KEYS).toEqual(expect.arrayContaining(keys));
    expect(objects.flatMap(stringsIn).filter((text) => text.includes('PRIVATE KEY'))).toEqual([]);
  });

  test('an edit of the poll changes the file with it, and nothing else', () => {
    const edit = fc.tuple(arbitraryVotingApp, arbitraryPoll, arbitraryFacts);
    fc.assert(
      fc.property(edit, ([app, changes, known]) => {
        const { metadata, spec } = app;
        const edited = votingApp({ ...spec, poll: { ...spec.poll, ...changes } }, { ...metadata, generation: 77 });
        const withoutFile = (of: VotingApp) =>
          desired(of, known).map((object) =>
            object.kind === 'ConfigMap' && object.metadata.name.endsWith('-poll') ? { ...object, data: null } : object,
          );
        expect(withoutFile(edited)).toEqual(withoutFile(app));
        const file = (of: VotingApp) => new Objects(of, known).get('ConfigMap', `${metadata.name}-poll`).data;
        expect(JSON.parse(file(edited)?.['poll.json'] ?? '')).toMatchObject({ revision: 77, poll: edited.spec.poll });
      }),
      { numRuns: 100 },
    );
  });
});

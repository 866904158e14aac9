import { isDeepStrictEqual } from 'node:util';

import type { V1Volume } from '@kubernetes/client-node';
import { SECRET_KEYS, SERVICES, type ServiceName } from '@voteapp/contracts/cluster-objects';
import { frontProcessEnv } from '@voteapp/contracts/env/front';
import { voteProcessEnv } from '@voteapp/contracts/env/vote';
import { workerProcessEnv } from '@voteapp/contracts/env/worker';
import { parsePollFile } from '@voteapp/contracts/poll-file';
import { describe, expect, it, test } from 'vitest';
import type * as z from 'zod';

import { Objects, objectsOf } from './fixtures/objects.ts';
import { facts, votingApp } from './fixtures/voting-app.ts';

const SCHEMAS: Readonly<Record<ServiceName, z.ZodObject>> = {
  vote: voteProcessEnv,
  worker: workerProcessEnv,
  front: frontProcessEnv,
};

const KEY = Buffer.alloc(32, 7).toString('base64');
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
/** What Secrets hold, by their keys. */
const SECRETS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(SECRET_KEYS.map((key) => [key, key.endsWith('_key') ? KEY : 'letters-and-digits'])),
  username: 'somebody',
  password: 'a password',
  'ca.crt': PEM,
  'root.pem': PEM,
  aws_access_key: 'AKIAEXAMPLE',
  aws_secret_key: 'a/secret+key',
};

/** What is in a volume of a service's pods, by the paths in it. */
function contentOf(objects: Objects, { configMap, projected }: V1Volume): [path: string, text: string][] {
  const secrets = (projected?.sources ?? []).flatMap(({ secret }) => secret?.items ?? []);
  const settings = configMap?.name === undefined ? undefined : objects.get('ConfigMap', configMap.name).data;
  return [
    ...secrets.map(({ key, path }): [string, string] => [path, SECRETS[key] ?? '']),
    ...Object.entries(settings ?? {}),
  ];
}

/** The files that a container of a service finds, by their paths. */
function filesOf(objects: Objects, service: ServiceName): ReadonlyMap<string, string> {
  const { volumes = [], containers } = objects.pod(service).spec;
  const mounts = containers[0].volumeMounts ?? [];
  return new Map(
    mounts.flatMap(({ name, mountPath }) =>
      volumes
        .filter((volume) => volume.name === name)
        .flatMap((volume) => contentOf(objects, volume))
        .map(([path, text]) => [`${mountPath}/${path}`, text] as const),
    ),
  );
}

/** What a service reads at its start: its variables, in the place of those that name files what is in them. */
function environmentOf(objects: Objects, service: ServiceName): Record<string, string | undefined> {
  const files = filesOf(objects, service);
  const variables = objects.container(service).env ?? [];
  const given = variables.map(({ name, value, valueFrom }) => {
    if (valueFrom?.fieldRef?.fieldPath === 'metadata.namespace') return [name, 'show'] as const;
    return name.endsWith('_FILE') && name !== 'POLL_FILE'
      ? ([name.slice(0, -'_FILE'.length), files.get(value ?? '')] as const)
      : ([name, value] as const);
  });
  expect(new Set(given.map(([name]) => name)).size).toBe(given.length);
  return Object.fromEntries(given);
}

const hosts = { vote: 'vote.example.com', front: 'results.example.com' };
const tls = { enabled: true, caSecretRef: { name: 'authorities' } };
const database = { type: 'External', external: { host: 'fd00::1', secretRef: { name: 'db' }, tls } };
const externalRabbitmq = {
  host: 'mq.example.com',
  secretRef: { name: 'mq' },
  tls: { enabled: true, caSecretRef: { name: 'authorities', key: 'root.pem' } },
};

const RESOURCES: Readonly<Record<string, Parameters<typeof objectsOf>[0]>> = {
  'nothing but options': {},
  MariaDB: { database: { type: 'Managed', managed: { engine: 'MariaDB' } } },
  'servers outside': { database, queue: { type: 'ExternalRabbitMQ', externalRabbitmq } },
  'one login for both servers': {
    database: { type: 'External', external: { host: 'db.example.com', secretRef: { name: 'both' } } },
    queue: {
      type: 'ExternalRabbitMQ',
      externalRabbitmq: { host: 'mq.example.com', secretRef: { name: 'both' } },
    },
  },
  'a RabbitmqCluster': { queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq', vhost: '/tv' } } },
  'SQS by the identity of the pods': { database, queue: { type: 'SQS', sqs: { region: 'eu-west-1' } } },
  'SQS by a key, at an endpoint': {
    queue: {
      type: 'SQS',
      sqs: { region: 'eu-west-1', endpoint: 'https://sqs.example.com', secretRef: { name: 'aws' } },
    },
  },
  'hosts, and every log line': { expose: { type: 'Ingress', hosts, tls: { enabled: true } }, logLevel: 'Trace' },
};

describe.each(SERVICES)('%s', (service) => {
  const schema = SCHEMAS[service];

  it.each(Object.entries(RESOURCES))('understands all that it is told of %s, and misses nothing', (_, sections) => {
    const environment = environmentOf(objectsOf(sections), service);
    const unknown = Object.keys(environment).filter((name) => !Object.hasOwn(schema.shape, name));
    expect(unknown).toEqual([]);
    expect(schema.safeParse(environment).error?.issues ?? []).toEqual([]);
  });

  it.each(Object.entries(RESOURCES))('finds every file that it is told of %s', (_, sections) => {
    const objects = objectsOf(sections);
    const files = filesOf(objects, service);
    const told = objects.container(service).env?.filter(({ name }) => name.endsWith('_FILE')) ?? [];
    expect(told.filter(({ value = '' }) => (files.get(value) ?? '') === '')).toEqual([]);
    expect(told).not.toEqual([]);
  });

  it('listens where its Service, its probes and whoever reads metrics look', () => {
    const objects = objectsOf();
    const { ports = [], startupProbe, livenessProbe, readinessProbe } = objects.container(service);
    const config = schema.parse(environmentOf(objects, service));
    const listening = Object.fromEntries(ports.map(({ name = '', containerPort }) => [name, containerPort]));
    expect(listening).toEqual({ http: config['PORT'], admin: config['ADMIN_PORT'] });
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: '/livez', port: 'admin' },
      { path: '/livez', port: 'admin' },
      { path: '/readyz', port: 'admin' },
    ]);
  });

  it('has more pods while it is changed, and never fewer', () => {
    const { spec } = objectsOf().get('Deployment', `shop-${service}-server`);
    expect(spec?.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } });
  });

  it('is restarted by another Secret and by kubectl’s annotation, and by no edit of the poll', () => {
    const podsAfter = (app = votingApp(), known = facts()) => new Objects(app, known).pod(service);
    const usual = podsAfter();
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-12-20T21:00:00Z' };
    expect(podsAfter(votingApp({}, { annotations }))).not.toEqual(usual);
    expect(podsAfter(votingApp(), facts({ secretsHash: 'another' }))).not.toEqual(usual);
    const poll = { title: 'New', options: [{ id: 'x' }, { id: 'y' }], closesAt: '2027-01-01T00:00:00Z' };
    expect(podsAfter(votingApp({ poll }, { generation: 9, annotations: { other: 'x' } }))).toEqual(usual);
  });

  it('is not rolled where there is nothing to roll by', () => {
    const { metadata } = objectsOf({}, { secretsHash: null }).pod(service);
    expect(metadata?.annotations).toBeUndefined();
  });
});

test.each(['vote', 'worker'] as const)('%s is given the poll', (service) => {
  const objects = objectsOf();
  const path = environmentOf(objects, service)['POLL_FILE'] ?? '';
  expect(parsePollFile(filesOf(objects, service).get(path) ?? '').base.options).toMatchObject([
    { id: 'coca' },
    { id: 'pepsi' },
  ]);
});

test('each service is told where the others are, inside and outside', () => {
  const objects = objectsOf({ expose: { type: 'Ingress', hosts, tls: { enabled: true } } });
  const [vote, front] = (['vote', 'front'] as const).map((service) => environmentOf(objects, service));
  expect(vote).toMatchObject({
    FRONT_URL: 'http://shop-front-service',
    PUBLIC_VOTE_URL: 'https://vote.example.com',
    PUBLIC_RESULTS_URL: 'https://results.example.com',
  });
  expect(front).toMatchObject({ PUBLIC_VOTE_URL: 'https://vote.example.com' });
});

test('a proxy is believed only where a host leads through one', () => {
  expect(environmentOf(objectsOf(), 'vote')).not.toHaveProperty('TRUSTED_PROXIES');
  expect(environmentOf(objectsOf({ expose: { type: 'None', hosts } }), 'vote')).toMatchObject({
    TRUSTED_PROXIES: 'uniquelocal',
  });
});

test('voters and viewers are led away before a pod stops, and it may finish', () => {
  const objects = objectsOf();
  const pauses = SERVICES.map((service) => objects.container(service).lifecycle?.preStop?.sleep?.seconds ?? 0);
  expect(pauses).toEqual([5, 0, 5]);
  const graces = SERVICES.map((service) => objects.pod(service).spec.terminationGracePeriodSeconds);
  // Each needs 10 s from SIGTERM at most.
  expect(graces).toEqual([30, 30, 30]);
});

test('only pods of a service that holds a key are given it', () => {
  const objects = objectsOf();
  const keys = SERVICES.map((service) =>
    [...filesOf(objects, service).keys()]
      .map((path) => path.split('/').at(-1))
      .filter((name) => name?.endsWith('_KEY')),
  );
  expect(keys).toEqual([['SESSION_KEY', 'ROUND_KEY'], [], ['SESSION_KEY']]);
});

test('vote and worker are rolled when their pods become somebody else to the cloud, and front is not', () => {
  const templates = (role: string, known = {}) => {
    const sqs = { region: 'eu-west-1', serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': role } };
    const objects = objectsOf({ queue: { type: 'SQS', sqs } }, known);
    return SERVICES.map((service) => objects.pod(service));
  };
  const isSame = (one: ReturnType<typeof templates>, other: ReturnType<typeof templates>) =>
    SERVICES.filter((_, index) => isDeepStrictEqual(one[index], other[index]));
  expect(isSame(templates('a'), templates('a'))).toEqual(SERVICES);
  expect(isSame(templates('a'), templates('b'))).toEqual(['front']);
  expect(isSame(templates('a'), templates('a', { secretsHash: 'another' }))).toEqual([]);
  // Where the Secrets are not known there is nothing to roll by.
  expect(isSame(templates('a', { secretsHash: null }), templates('b', { secretsHash: null }))).toEqual(SERVICES);
});

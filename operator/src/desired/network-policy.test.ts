import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Objects, objectsOf } from './fixtures/objects.ts';
import { connections, OTHERS, reachable } from './fixtures/reachable.ts';
import { votingApp } from './fixtures/voting-app.ts';

const other = new Objects(votingApp({}, { name: 'other' }));
const namesake = new Objects(votingApp({}, { namespace: 'rehearsal' }));
/** Pods that are in policies of their own, of other apps. */
const OTHER_APPS = ['vote', 'worker', 'front', 'mysql', 'rabbitmq'].flatMap((part) => [
  `other/${part}`,
  `namesake/${part}`,
]);

/** A peer of the resource for each of those whom it lets in. */
const PEERS: Readonly<Record<string, object>> = {
  gateway: { type: 'Pods', pods: { namespaceLabels: { 'kubernetes.io/metadata.name': 'gateways' } } },
  prometheus: {
    type: 'Pods',
    pods: {
      namespaceLabels: { 'kubernetes.io/metadata.name': 'monitoring' },
      podLabels: { 'app.kubernetes.io/name': 'prometheus' },
    },
  },
  neighbour: { type: 'Pods', pods: { podLabels: { app: 'neighbour' } } },
  'server outside': { type: 'Addresses', addresses: { cidr: '10.20.0.0/16' } },
};

const DATABASES = {
  managed: { section: undefined, port: 3306 },
  external: { section: { host: 'db.example.com', secretRef: { name: 'db' } }, port: 3306 },
  'external at another port': {
    section: { host: 'db.example.com', secretRef: { name: 'db' }, port: 3307 },
    port: 3307,
  },
} as const;

const externalRabbitmq = { host: 'mq.example.com', secretRef: { name: 'mq' } };
const tls = { enabled: true };
const QUEUES = {
  managed: { section: { type: 'RabbitMQ', rabbitmq: { replicas: 3 } }, port: 5672 },
  external: { section: { type: 'ExternalRabbitMQ', externalRabbitmq }, port: 5672 },
  'external, encrypted': {
    section: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...externalRabbitmq, tls } },
    port: 5671,
  },
  cluster: { section: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq' } }, port: 5672 },
  SQS: { section: { type: 'SQS', sqs: { region: 'eu-west-1' } }, port: 443 },
  'SQS by a key': {
    section: { type: 'SQS', sqs: { region: 'local', endpoint: 'http://sqs:4566', secretRef: { name: 'aws' } } },
    port: 4566,
  },
  'SQS at an endpoint': { section: { type: 'SQS', sqs: { region: 'local', endpoint: 'http://sqs:4566' } }, port: 4566 },
} as const;

type Names = readonly string[] | undefined;

interface Setting {
  readonly database: keyof typeof DATABASES;
  readonly queue: keyof typeof QUEUES;
  readonly ingressFrom: Names;
  readonly metricsFrom: Names;
  readonly egressTo: Names;
  readonly isWorkerExposed: boolean;
}

function sectionsOf({ database, queue, isWorkerExposed, ...names }: Setting): object {
  const peers = (list: Names) => list?.map((name) => PEERS[name]);
  const external = DATABASES[database].section;
  return {
    database: external === undefined ? undefined : { type: 'External', external },
    queue: QUEUES[queue].section,
    expose: isWorkerExposed ? { type: 'None', hosts: { worker: 'worker.example.com' } } : undefined,
    networkPolicy: {
      enabled: true,
      ingressFrom: peers(names.ingressFrom),
      metricsFrom: peers(names.metricsFrom),
      egressTo: peers(names.egressTo),
    },
  };
}

/** Every connection that there may be, and no other. */
function expected({ database, queue, ingressFrom, metricsFrom, egressTo, isWorkerExposed }: Setting): string[] {
  const nodes = ['rabbitmq', 'rabbitmq again'];
  const ownQueue = queue === 'managed' ? nodes : [];
  const visitors = ingressFrom === undefined ? OTHERS : ['operator', ...ingressFrom];
  const outside = egressTo ?? OTHERS;
  const inDatabase = database === 'managed' ? ['mysql'] : outside;
  const inQueue = queue === 'managed' ? nodes : outside;
  const names = ['53/TCP', '53/UDP', '5353/TCP', '5353/UDP'] as const;
  return [
    ...connections(visitors, ['vote'], [8080]),
    ...connections(visitors, ['front'], [8082]),
    ...connections(isWorkerExposed ? visitors : ['operator'], ['worker'], [8081]),
    ...connections(['operator', ...(metricsFrom ?? [])], ['vote', 'worker', 'front'], [9090]),
    ...connections(metricsFrom ?? [], ownQueue, [15_692]),
    ...connections(['vote'], ['front'], [8082]),
    ...connections(['worker', 'front'], inDatabase, [DATABASES[database].port]),
    ...connections(['vote', 'worker'], inQueue, [QUEUES[queue].port]),
    // By an identity of their own, which STS or the agent of Pod Identity gives credentials to.
    ...(queue === 'SQS' || queue === 'SQS at an endpoint'
      ? [...connections(['vote', 'worker'], outside, [443]), ...connections(['vote', 'worker'], ['Pod Identity'], [80])]
      : []),
    ...connections(ownQueue, ownQueue, [4369, 25_672]),
    ...connections(['vote', 'worker', 'front', ...ownQueue], OTHERS, names),
  ];
}

function sorted(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}

const USUAL: Setting = {
  database: 'managed',
  queue: 'managed',
  ingressFrom: undefined,
  metricsFrom: undefined,
  egressTo: undefined,
  isWorkerExposed: false,
};

describe('what can be reached is exactly what the app needs', () => {
  const whom = fc.option(fc.uniqueArray(fc.constantFrom(...Object.keys(PEERS)), { minLength: 1 }), { nil: undefined });
  const settings = fc.record<Setting>({
    database: fc.constantFrom('managed', 'external', 'external at another port'),
    queue: fc.constantFrom(...(Object.keys(QUEUES) as (keyof typeof QUEUES)[])),
    ingressFrom: whom,
    metricsFrom: whom,
    egressTo: whom,
    isWorkerExposed: fc.boolean(),
  });

  test('whatever the resource says', () => {
    fc.assert(
      fc.property(settings, (setting) => {
        const app = objectsOf(sectionsOf(setting));
        expect(reachable({ app, other, namesake })).toEqual(sorted(expected(setting)));
      }),
      { numRuns: 60, examples: [[USUAL], [{ ...USUAL, queue: 'SQS', egressTo: ['server outside'] }]] },
    );
  });
});

test('nobody else’s app is let in or reached', () => {
  const open = reachable({ app: objectsOf(sectionsOf(USUAL)), other, namesake });
  expect(open.filter((connection) => OTHER_APPS.some((pod) => connection.includes(pod)))).toEqual([]);
  expect(open).not.toEqual([]);
});

test('a pod of the app that no policy knows is shut', () => {
  const objects = objectsOf();
  const [denial] = objects.ofKind('NetworkPolicy').filter(({ metadata }) => metadata.name === 'shop-default-deny');
  expect(denial?.spec).toEqual({
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'voteapp', 'app.kubernetes.io/instance': 'shop' } },
    policyTypes: ['Ingress', 'Egress'],
  });
});

test('every part has a policy of its own', () => {
  expect(objectsOf().namesOf('NetworkPolicy').sort()).toEqual([
    'shop-default-deny',
    'shop-front-server',
    'shop-mysql',
    'shop-rabbitmq',
    'shop-vote-server',
    'shop-worker-server',
  ]);
});

test('a namespace with policies of its own may have none of ours', () => {
  expect(objectsOf({ networkPolicy: { enabled: false } }).namesOf('NetworkPolicy')).toEqual([]);
});

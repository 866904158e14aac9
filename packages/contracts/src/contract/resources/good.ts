import {
  OPTIONS,
  type GoodResource,
  app,
  edit,
  external,
  externalRabbitmq,
  hosts,
  gateway,
  opensAt,
  managed,
  rabbitmq,
  sqs,
} from './case.ts';

/** Resources that both take. */
export const GOOD_RESOURCES: Readonly<Record<string, GoodResource>> = {
  'nothing but options': { resource: app() },
  'a name of 40 characters': { resource: app({}, `a${'b'.repeat(39)}`) },
  '50 options': { resource: app({ poll: { options: Array.from({ length: 50 }, (_, n) => ({ id: `o${n}` })) } }) },
  'a title of 200 emoji': { resource: app({ poll: { title: '🗳'.repeat(200) } }) },
  'a picture at an address with a port': {
    resource: app({
      poll: { options: [{ id: 'a', image: 'http://192.168.1.20:65535/a%20b.png?x=1#y' }, { id: 'b' }] },
    }),
  },
  'a leap day, an offset and a fraction of a second': {
    resource: app({ poll: { opensAt: '2028-02-29T23:59:59.999+05:30' } }),
  },
  'a close after the open only by their offsets': {
    resource: app({ poll: { opensAt: '2026-12-20T21:00:00+03:00', closesAt: '2026-12-20T20:00:00+01:00' } }),
  },
  'a zone with a sign': { resource: app({ poll: { timeZone: 'Etc/GMT+3' } }) },
  'a zone that is an old name': { resource: app({ poll: { timeZone: 'US/Eastern' } }) },
  'every section': {
    resource: app({
      version: '1.2.0-rc.1',
      poll: { opensAt },
      vote: {
        autoscaling: { mode: 'HPA', minReplicas: 2, maxReplicas: 20, targetCPUUtilizationPercentage: 60 },
        image: 'registry.example.com:5000/voteapp/vote@sha256:0123456789abcdef',
        resources: { requests: { cpu: '0.5', memory: '256Mi' }, limits: { cpu: 2, memory: '0.5Gi' } },
        scheduling: {
          nodeSelector: { 'kubernetes.io/arch': 'amd64' },
          tolerations: [
            { key: 'spot', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
            { key: 'team', value: 'tv' },
            { operator: 'Exists' },
          ],
          topologySpread: 'None',
          priorityClassName: 'on-air',
        },
        podLabels: { 'example.com/team': 'tv' },
        podAnnotations: { 'example.com/note': 'any text: ✓' },
        service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
      },
      front: { replicas: 3, autoscaling: { mode: 'None', maxReplicas: 9 } },
      worker: { replicas: 2, service: { type: 'ClusterIP' } },
      primeTime: { leadTimeSeconds: 300, vote: { replicas: 20 }, front: { replicas: 3 } },
      database: { type: 'Managed', managed: { engine: 'MariaDB', storage: { size: '1Gi', storageClassName: 'fast' } } },
      queue: { type: 'RabbitMQ', rabbitmq: { replicas: 3, storage: { size: '1.5Gi' } } },
      expose: {
        type: 'Ingress',
        hosts: { ...hosts, worker: 'worker.example.com' },
        tls: { enabled: true, secretName: 'wildcard' },
        ingress: { className: 'nginx', annotations: {} },
      },
      networkPolicy: {
        enabled: true,
        ingressFrom: [{ type: 'Pods', pods: { podLabels: { app: 'ingress' } } }],
        metricsFrom: [{ type: 'Pods', pods: { namespaceLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        egressTo: [
          { type: 'Addresses', addresses: { cidr: '10.0.0.0/8' } },
          { type: 'Addresses', addresses: { cidr: 'fd00::/8' } },
        ],
      },
      monitoring: { enabled: true },
      hibernate: false,
      deletionPolicy: 'Delete',
      images: { registry: 'registry.example.com:5000/voteapp', pullPolicy: 'Always', pullSecrets: [{ name: 'pull' }] },
      logLevel: 'Debug',
    }),
  },
  'an external database and queue': {
    resource: app({
      database: {
        type: 'External',
        external: {
          ...external,
          port: 3307,
          database: 'shop_2026',
          tls: { enabled: true, caSecretRef: { name: 'ca' } },
        },
      },
      queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...externalRabbitmq, vhost: '/shop' } },
    }),
  },
  'a database at an IPv6 address': {
    resource: app({ database: { type: 'External', external: { ...external, host: 'fd00::1' } } }),
  },
  'a RabbitmqCluster': {
    resource: app({ queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'shared', tls: { enabled: false } } } }),
  },
  'SQS by the identity of the pods': {
    resource: app({
      queue: {
        type: 'SQS',
        sqs: { ...sqs, serviceAccountAnnotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/polls' } },
      },
    }),
  },
  'SQS by an access key, at an endpoint': {
    resource: app({
      queue: { type: 'SQS', sqs: { ...sqs, endpoint: 'https://sqs.example.com:65535/', secretRef: { name: 'aws' } } },
    }),
  },
  'SQS at an address, of a region of its own': {
    resource: app({ queue: { type: 'SQS', sqs: { region: 'local', endpoint: 'http://10.0.0.7:4566' } } }),
  },
  'a gateway': { resource: app({ expose: { type: 'Gateway', hosts, gateway, tls: { enabled: true } } }) },
  'hosts that something else leads to': { resource: app({ expose: { type: 'None', hosts } }) },
  'no host twice where none is': { resource: app({ expose: { type: 'None', hosts: {} } }) },
  'an option appended': edit({}, { poll: { options: [...OPTIONS, { id: 'guarana' }] } }),
  'labels, title and times edited': edit(
    {},
    { poll: { title: 'New', closesAt: opensAt, options: [{ id: 'coca', label: 'Coca' }, { id: 'pepsi' }] } },
  ),
  'other options, policy and shards with a new round': edit(
    {},
    { poll: { id: 'second', options: [{ id: 'x' }, { id: 'y' }], policy: 'Unlimited', shards: 4 } },
  ),
  'the default policy written out': edit({}, { poll: { policy: 'LastVoteWins' } }),
  'the managed database and queue written out': edit(
    {},
    { ...managed({ engine: 'MySQL', storage: { size: '10Gi' } }), ...rabbitmq({ replicas: 1 }) },
  ),
  'volumes that grow': edit(managed({ storage: { size: '900Gi' } }), managed({ storage: { size: '1Ti' } })),
  'the same size in another unit': edit(
    managed({ storage: { size: '2Gi' } }),
    managed({ storage: { size: '2048Mi' } }),
  ),
  'a second and a third node': edit({}, rabbitmq({ replicas: 3 })),
  'another host for the external database': edit(
    { database: { type: 'External', external } },
    { database: { type: 'External', external: { ...external, host: 'replica.example.com' } } },
  ),
};

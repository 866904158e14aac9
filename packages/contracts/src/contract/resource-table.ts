// Resources that a VotingApp may and may not be. The zod schema and a real API server are both judged by them.

export interface VotingAppObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface GoodResource {
  /** What is there already; absent: nothing. */
  readonly before?: VotingAppObject;
  readonly resource: VotingAppObject;
}

export interface BadResource extends GoodResource {
  /** The field to blame. */
  readonly path: string;
  /** What is wrong with it, in our words. */
  readonly message: string;
  /** What the API server says, where a keyword of its own refuses. Absent: our words. */
  readonly server?: string;
}

const OPTIONS = [{ id: 'coca' }, { id: 'pepsi' }];

interface Sections {
  readonly poll?: object;
  readonly [section: string]: unknown;
}

/** A VotingApp of two options and whatever else is given. */
function app({ poll, ...sections }: Sections = {}, name = 'shop'): VotingAppObject {
  return {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name },
    spec: { poll: { options: OPTIONS, ...poll }, ...sections },
  };
}

/** A bad resource, told by one poll or one section. */
function bad(sections: Sections, path: string, message: string, server?: string): BadResource {
  return { resource: app(sections), path, message, ...(server === undefined ? {} : { server }) };
}

function badPoll(poll: object, path: string, message: string, server?: string): BadResource {
  return bad({ poll }, `spec.poll.${path}`, message, server);
}

function edit(before: Sections, after: Sections): Required<GoodResource> {
  return { before: app(before), resource: app(after) };
}

function badEdit(before: Sections, after: Sections, path: string, message: string): BadResource {
  return { ...edit(before, after), path, message };
}

// The API server's words for what a keyword refuses.
const REQUIRED = 'Required value';
const WRONG_TYPE = 'must be of type';
const UNSUPPORTED = 'Unsupported value';
const NO_MATCH = 'should match';
const TOO_LONG = 'Too long';
const TOO_MANY = 'Too many';
const DUPLICATE = 'Duplicate value';
const UNKNOWN = 'unknown field';

const external = { host: 'db.example.com', secretRef: { name: 'db-login' } };
const externalRabbitmq = { host: 'mq.example.com', secretRef: { name: 'mq-login' } };
const hosts = { vote: 'vote.example.com', front: 'results.example.com' };
const gateway = { parentRefs: [{ name: 'public' }] };
const opensAt = '2026-12-20T21:00:00Z';

function managed(fields: object): Sections {
  return { database: { type: 'Managed', managed: fields } };
}

function rabbitmq(fields: object): Sections {
  return { queue: { type: 'RabbitMQ', rabbitmq: fields } };
}

function tolerating(toleration: object): Sections {
  return { vote: { scheduling: { tolerations: [toleration] } } };
}

function letting(peer: object): Sections {
  return { networkPolicy: { enabled: true, ingressFrom: [peer] } };
}

const manyLabels = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, 'x']));
const manyAnnotations = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`a${n}`, 'x']));

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

const BAD_METADATA: Readonly<Record<string, BadResource>> = {
  'a name that begins with a digit': {
    resource: app({}, '1shop'),
    path: 'metadata.name',
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
  },
  'a name with a dot': {
    resource: app({}, 'shop.final'),
    path: 'metadata.name',
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
  },
  'a name of 41 characters': {
    resource: app({}, 'a'.repeat(41)),
    path: 'metadata.name',
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
  },
  'a section of another name': bad({ votes: {} }, 'spec.votes', 'is unknown', UNKNOWN),
  'no poll': {
    resource: { ...app(), spec: { hibernate: false } },
    path: 'spec.poll',
    message: 'is required',
    server: REQUIRED,
  },
};

const ZONE = 'must be an IANA time zone such as America/Sao_Paulo';
const TIME = 'must be a time such as 2026-11-20T21:00:00Z';

const BAD_POLLS: Readonly<Record<string, BadResource>> = {
  'no options': badPoll({ options: undefined }, 'options', 'is required', REQUIRED),
  'one option': badPoll(
    { options: [{ id: 'a' }] },
    'options',
    'must have at least 2 elements',
    'should have at least 2 items',
  ),
  '51 options': badPoll(
    { options: Array.from({ length: 51 }, (_, n) => ({ id: `o${n}` })) },
    'options',
    'must have at most 50 elements',
    TOO_MANY,
  ),
  'an option twice': badPoll(
    { options: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] },
    'options',
    'must have distinct ids',
    DUPLICATE,
  ),
  'an option without id': badPoll({ options: [{ id: 'a' }, {}] }, 'options[1].id', 'is required', REQUIRED),
  'an id with a capital': badPoll(
    { options: [{ id: 'a' }, { id: 'B' }] },
    'options[1].id',
    'must be 1 to 40 lower-case letters, digits or dashes',
    NO_MATCH,
  ),
  'a field of an option that there is not': badPoll(
    { options: [{ id: 'a', colour: 'red' }, { id: 'b' }] },
    'options[0].colour',
    'is unknown',
    UNKNOWN,
  ),
  'a label with a line break': badPoll(
    { options: [{ id: 'a', label: 'a\nb' }, { id: 'b' }] },
    'options[0].label',
    'must not contain control characters',
    NO_MATCH,
  ),
  'a label of 81 characters': badPoll(
    { options: [{ id: 'a', label: 'x'.repeat(81) }, { id: 'b' }] },
    'options[0].label',
    'must have at most 80 characters',
    TOO_LONG,
  ),
  'a picture by another scheme': badPoll(
    { options: [{ id: 'a', image: 'javascript:alert(1)' }, { id: 'b' }] },
    'options[0].image',
    'must be an http or https URL',
    NO_MATCH,
  ),
  'a picture at a port that there is not': badPoll(
    { options: [{ id: 'a', image: 'https://example.com:65536/a.png' }, { id: 'b' }] },
    'options[0].image',
    'must be an http or https URL',
    NO_MATCH,
  ),
  'a picture at an address that is none': badPoll(
    { options: [{ id: 'a', image: 'https://300.1.1.1/a.png' }, { id: 'b' }] },
    'options[0].image',
    'must be an http or https URL',
    NO_MATCH,
  ),
  'a colour by name': badPoll(
    { options: [{ id: 'a', color: 'red' }, { id: 'b' }] },
    'options[0].color',
    'must be a colour such as #c8102e',
    NO_MATCH,
  ),
  'an empty title': badPoll({ title: '' }, 'title', 'must not be empty', 'should be at least 1 chars long'),
  'a title of 201 emoji': badPoll({ title: '🗳'.repeat(201) }, 'title', 'must have at most 200 characters', TOO_LONG),
  'a round that begins with a dash': badPoll(
    { id: '-x' },
    'id',
    'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
    NO_MATCH,
  ),
  'a policy that there is not': badPoll(
    { policy: 'First' },
    'policy',
    'must be one of LastVoteWins, FirstVoteWins, Unlimited',
    UNSUPPORTED,
  ),
  'a day as a time': badPoll({ opensAt: '2026-11-20' }, 'opensAt', TIME, NO_MATCH),
  'a time without a zone': badPoll({ opensAt: '2026-11-20T21:00:00' }, 'opensAt', TIME, NO_MATCH),
  'a time without seconds': badPoll({ opensAt: '2026-11-20T21:00Z' }, 'opensAt', TIME, NO_MATCH),
  'a time on a day that there is not': badPoll({ closesAt: '2026-02-30T21:00:00Z' }, 'closesAt', TIME, WRONG_TYPE),
  'a close at the open': badPoll({ opensAt, closesAt: opensAt }, 'closesAt', 'must be later than opensAt'),
  'a close before the open only by their offsets': badPoll(
    { opensAt: '2026-12-20T20:30:00-01:00', closesAt: '2026-12-20T21:00:00Z' },
    'closesAt',
    'must be later than opensAt',
  ),
  'a zone of another planet': badPoll({ timeZone: 'Mars/Utopia' }, 'timeZone', ZONE),
  'the zone that a server happens to be in': badPoll({ timeZone: 'Local' }, 'timeZone', ZONE),
  'a zone in capitals': badPoll({ timeZone: 'EUROPE/PARIS' }, 'timeZone', ZONE),
  'the zone of nowhere yet': badPoll({ timeZone: 'Factory' }, 'timeZone', ZONE),
  'an offset as a zone': badPoll({ timeZone: '+03:00' }, 'timeZone', ZONE, NO_MATCH),
  'no voters': badPoll({ voters: [] }, 'voters', 'must not be empty', 'should have at least 1 items'),
  'a kind of voter twice': badPoll({ voters: ['Named', 'Named'] }, 'voters', 'must not repeat a kind'),
  'a kind of voter that no service knows': badPoll(
    { voters: ['Token'] },
    'voters[0]',
    'must be one of Cookie, Named',
    UNSUPPORTED,
  ),
  'half a shard': badPoll({ shards: 1.5 }, 'shards', 'must be a whole number', WRONG_TYPE),
  '65 shards': badPoll({ shards: 65 }, 'shards', 'must be at most 64', 'should be less than or equal to 64'),
  'suspend as text': badPoll({ suspend: 'yes' }, 'suspend', 'must be a boolean', WRONG_TYPE),
  'no days of retention': badPoll(
    { retentionDays: 0 },
    'retentionDays',
    'must be at least 1',
    'should be greater than or equal to 1',
  ),
  'a visibility that there is not': badPoll(
    { results: { visibility: 'Never' } },
    'results.visibility',
    'must be one of Always, AfterVote, AfterClose',
    UNSUPPORTED,
  ),
  'a check that no service makes': badPoll(
    { humanCheck: { type: 'ProofOfWork' } },
    'humanCheck',
    'is unknown',
    UNKNOWN,
  ),
};

const QUALIFIED = 'must have keys such as app or example.com/app';

const BAD_SERVICES: Readonly<Record<string, BadResource>> = {
  'no replicas': bad(
    { vote: { replicas: 0 } },
    'spec.vote.replicas',
    'must be at least 1',
    'should be greater than or equal to 1',
  ),
  'an autoscaler for the worker': bad(
    { worker: { autoscaling: { mode: 'HPA', maxReplicas: 3 } } },
    'spec.worker.autoscaling',
    'is unknown',
    UNKNOWN,
  ),
  'autoscaling without a mode': bad(
    { vote: { autoscaling: { maxReplicas: 3 } } },
    'spec.vote.autoscaling.mode',
    'must be one of None, HPA',
    REQUIRED,
  ),
  'an autoscaler without a limit': bad(
    { vote: { autoscaling: { mode: 'HPA' } } },
    'spec.vote.autoscaling.maxReplicas',
    'is required with mode HPA',
  ),
  'an autoscaler that begins above its end': bad(
    { front: { autoscaling: { mode: 'HPA', minReplicas: 4, maxReplicas: 3 } } },
    'spec.front.autoscaling.minReplicas',
    'must not be above maxReplicas',
  ),
  'two owners of the replicas': bad(
    { vote: { replicas: 3, autoscaling: { mode: 'HPA', maxReplicas: 9 } } },
    'spec.vote.replicas',
    'must be absent with autoscaling.mode HPA; use autoscaling.minReplicas',
  ),
  'an image with a space': bad(
    { worker: { image: 'voteapp/worker latest' } },
    'spec.worker.image',
    'must be an image such as registry.example.com/voteapp/vote:1.2.0',
    NO_MATCH,
  ),
  'an image of 513 characters': bad(
    { worker: { image: 'x'.repeat(513) } },
    'spec.worker.image',
    'must have at most 512 characters',
    TOO_LONG,
  ),
  'memory in an unknown unit': bad(
    { front: { resources: { requests: { memory: '256MB' } } } },
    'spec.front.resources.requests.memory',
    'must be a quantity such as 256Mi',
    NO_MATCH,
  ),
  'CPU as a fraction without quotes': bad(
    { front: { resources: { requests: { cpu: 0.5 } } } },
    'spec.front.resources.requests.cpu',
    'must be a quantity such as 500m',
    WRONG_TYPE,
  ),
  'more CPU requested than allowed': bad(
    { vote: { resources: { requests: { cpu: '1500m' }, limits: { cpu: 1 } } } },
    'spec.vote.resources.requests.cpu',
    'must not be above limits.cpu',
  ),
  'more memory requested than allowed': bad(
    { vote: { resources: { requests: { memory: '1Gi' }, limits: { memory: '1G' } } } },
    'spec.vote.resources.requests.memory',
    'must not be above limits.memory',
  ),
  'a type of Service that there is not': bad(
    { front: { service: { type: 'ExternalName' } } },
    'spec.front.service.type',
    'must be one of ClusterIP, NodePort, LoadBalancer',
    UNSUPPORTED,
  ),
  'an annotation without a name': bad(
    { vote: { service: { annotations: { 'example.com/': 'x' } } } },
    'spec.vote.service.annotations',
    QUALIFIED,
  ),
  'an annotation of 4097 characters': bad(
    { vote: { podAnnotations: { note: 'x'.repeat(4097) } } },
    'spec.vote.podAnnotations.note',
    'must have at most 4096 characters',
    TOO_LONG,
  ),
  '33 annotations': bad(
    { vote: { podAnnotations: manyAnnotations } },
    'spec.vote.podAnnotations',
    'must have at most 32 entries',
    TOO_MANY,
  ),
  'a label with a space': bad({ vote: { podLabels: { 'my team': 'tv' } } }, 'spec.vote.podLabels', QUALIFIED),
  'a value of a label with a space': bad(
    { vote: { podLabels: { team: 'a b' } } },
    'spec.vote.podLabels.team',
    'must be letters, digits, dots, dashes or underscores, a letter or digit at both ends',
    NO_MATCH,
  ),
  '17 labels': bad(
    { vote: { podLabels: manyLabels } },
    'spec.vote.podLabels',
    'must have at most 16 entries',
    TOO_MANY,
  ),
  'a label that selects the pods': bad(
    { worker: { podLabels: { 'app.kubernetes.io/name': 'mine' } } },
    'spec.worker.podLabels',
    'must leave app.kubernetes.io/ and voteapp.dev/ to the operator',
  ),
  'a toleration of no key': bad(
    tolerating({ value: 'x' }),
    'spec.vote.scheduling.tolerations[0].operator',
    'must be Exists when there is no key',
  ),
  'a toleration of any value and one': bad(
    tolerating({ key: 'a', operator: 'Exists', value: 'x' }),
    'spec.vote.scheduling.tolerations[0].value',
    'must be absent with operator Exists',
  ),
  'a toleration of seconds without an eviction': bad(
    tolerating({ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }),
    'spec.vote.scheduling.tolerations[0].tolerationSeconds',
    'must be absent unless effect is NoExecute',
  ),
  'a toleration of a key with a space': bad(
    tolerating({ key: 'my taint', operator: 'Exists' }),
    'spec.vote.scheduling.tolerations[0].key',
    'must be a key such as app or example.com/app',
    NO_MATCH,
  ),
  'affinity, which there is not': bad(
    { vote: { scheduling: { affinity: {} } } },
    'spec.vote.scheduling.affinity',
    'is unknown',
    UNKNOWN,
  ),
  'prime time without an opening': bad(
    { primeTime: { vote: { replicas: 9 } } },
    'spec.primeTime',
    'needs spec.poll.opensAt, the moment that it leads up to',
  ),
  'prime time of nothing': bad(
    { poll: { opensAt }, primeTime: { leadTimeSeconds: 60 } },
    'spec.primeTime',
    'must say the replicas of vote, front or both',
  ),
  'prime time with fewer pods that take votes': bad(
    { poll: { opensAt }, vote: { replicas: 9 }, primeTime: { vote: { replicas: 8 } } },
    'spec.primeTime.vote.replicas',
    'must not be below what spec.vote has at other times',
  ),
  'prime time with fewer pods than there are by default': bad(
    { poll: { opensAt }, primeTime: { front: { replicas: 1 } } },
    'spec.primeTime.front.replicas',
    'must not be below what spec.front has at other times',
  ),
  'prime time with fewer pods than an autoscaler leaves': bad(
    {
      poll: { opensAt },
      vote: { autoscaling: { mode: 'HPA', minReplicas: 5, maxReplicas: 9 } },
      primeTime: { vote: { replicas: 4 } },
    },
    'spec.primeTime.vote.replicas',
    'must not be below what spec.vote has at other times',
  ),
  'prime time beyond the autoscaler of vote': bad(
    {
      poll: { opensAt },
      vote: { autoscaling: { mode: 'HPA', maxReplicas: 9 } },
      primeTime: { vote: { replicas: 10 } },
    },
    'spec.primeTime.vote.replicas',
    'must not be above spec.vote.autoscaling.maxReplicas',
  ),
  'prime time beyond the autoscaler of front': bad(
    {
      poll: { opensAt },
      front: { autoscaling: { mode: 'HPA', maxReplicas: 9 } },
      primeTime: { front: { replicas: 10 } },
    },
    'spec.primeTime.front.replicas',
    'must not be above spec.front.autoscaling.maxReplicas',
  ),
};

const CIDR = 'must be a range of addresses such as 10.0.0.0/8';

const BAD_SECTIONS: Readonly<Record<string, BadResource>> = {
  'a database of no type': bad(
    { database: { managed: { engine: 'MySQL' } } },
    'spec.database.type',
    'must be one of Managed, External',
    REQUIRED,
  ),
  'an external database that is nowhere': bad(
    { database: { type: 'External' } },
    'spec.database.external',
    'is required with type External',
  ),
  'a managed database and an external': bad(
    { database: { type: 'Managed', external } },
    'spec.database.external',
    'must be absent unless type is External',
  ),
  'an external database with an engine': bad(
    { database: { type: 'External', external, managed: { engine: 'MySQL' } } },
    'spec.database.managed',
    'must be absent unless type is Managed',
  ),
  'a host with a port': bad(
    { database: { type: 'External', external: { ...external, host: 'db.example.com:3306' } } },
    'spec.database.external.host',
    'must be a host name or an IP address, without a port',
    NO_MATCH,
  ),
  'an external database without a login': bad(
    { database: { type: 'External', external: { host: 'db' } } },
    'spec.database.external.secretRef',
    'is required',
    REQUIRED,
  ),
  'a database of 65 characters': bad(
    { database: { type: 'External', external: { ...external, database: 'x'.repeat(65) } } },
    'spec.database.external.database',
    'must have at most 64 characters',
    TOO_LONG,
  ),
  'authorities for no encryption': bad(
    { database: { type: 'External', external: { ...external, tls: { enabled: false, caSecretRef: { name: 'ca' } } } } },
    'spec.database.external.tls.caSecretRef',
    'must be absent unless enabled is true',
  ),
  'a volume of no unit': bad(
    managed({ storage: { size: '10' } }),
    'spec.database.managed.storage.size',
    'must be at least 1Gi',
  ),
  'a volume that is a number': bad(
    managed({ storage: { size: 10 } }),
    'spec.database.managed.storage.size',
    'must be a string',
    WRONG_TYPE,
  ),
  'an engine that there is not': bad(
    managed({ engine: 'PostgreSQL' }),
    'spec.database.managed.engine',
    'must be one of MySQL, MariaDB',
    UNSUPPORTED,
  ),
  'a queue of no driver': bad(
    { queue: { type: 'SQS' } },
    'spec.queue.type',
    'must be one of RabbitMQ, ExternalRabbitMQ, RabbitmqCluster',
    UNSUPPORTED,
  ),
  'two nodes of RabbitMQ': bad(
    rabbitmq({ replicas: 2 }),
    'spec.queue.rabbitmq.replicas',
    'must be one of 1, 3',
    UNSUPPORTED,
  ),
  'an external RabbitMQ that is nowhere': bad(
    { queue: { type: 'ExternalRabbitMQ' } },
    'spec.queue.externalRabbitmq',
    'is required with type ExternalRabbitMQ',
  ),
  'an external RabbitMQ and a managed': bad(
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq, rabbitmq: { replicas: 1 } } },
    'spec.queue.rabbitmq',
    'must be absent unless type is RabbitMQ',
  ),
  'a managed RabbitMQ and an external': bad(
    { queue: { type: 'RabbitMQ', externalRabbitmq } },
    'spec.queue.externalRabbitmq',
    'must be absent unless type is ExternalRabbitMQ',
  ),
  'a managed RabbitMQ and a cluster': bad(
    { queue: { type: 'RabbitMQ', rabbitmqCluster: { name: 'shared' } } },
    'spec.queue.rabbitmqCluster',
    'must be absent unless type is RabbitmqCluster',
  ),
  'a RabbitmqCluster of no name': bad(
    { queue: { type: 'RabbitmqCluster' } },
    'spec.queue.rabbitmqCluster',
    'is required with type RabbitmqCluster',
  ),
  'a virtual host with a space': bad(
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...externalRabbitmq, vhost: 'a b' } } },
    'spec.queue.externalRabbitmq.vhost',
    'must be visible ASCII characters',
    NO_MATCH,
  ),
  'port 65536': bad(
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...externalRabbitmq, port: 65_536 } } },
    'spec.queue.externalRabbitmq.port',
    'must be at most 65535',
    'should be less than or equal to 65535',
  ),
  'an Ingress without a host for votes': bad(
    { expose: { type: 'Ingress', hosts: { front: 'results.example.com' } } },
    'spec.expose.hosts.vote',
    'is required unless type is None',
  ),
  'an Ingress without a host for results': bad(
    { expose: { type: 'Ingress', hosts: { vote: 'vote.example.com' } } },
    'spec.expose.hosts.front',
    'is required unless type is None',
  ),
  'one host for two services': bad(
    { expose: { type: 'Ingress', hosts: { vote: 'example.com', front: 'example.com' } } },
    'spec.expose.hosts',
    'must be distinct, for each service serves the whole of its host',
  ),
  'a host with a path': bad(
    { expose: { type: 'Ingress', hosts: { ...hosts, vote: 'example.com/vote' } } },
    'spec.expose.hosts.vote',
    'must be a DNS name in lower case, such as poll.example.com',
    NO_MATCH,
  ),
  'a gateway of no parents': bad(
    { expose: { type: 'Gateway', hosts } },
    'spec.expose.gateway',
    'is required with type Gateway',
  ),
  'an Ingress with a gateway': bad(
    { expose: { type: 'Ingress', hosts, gateway } },
    'spec.expose.gateway',
    'must be absent unless type is Gateway',
  ),
  'a gateway with an Ingress': bad(
    { expose: { type: 'Gateway', hosts, gateway, ingress: { className: 'nginx' } } },
    'spec.expose.ingress',
    'must be absent unless type is Ingress',
  ),
  'a certificate for a gateway': bad(
    { expose: { type: 'Gateway', hosts, gateway, tls: { enabled: true, secretName: 'wildcard' } } },
    'spec.expose.tls.secretName',
    'must be absent with type Gateway, whose listeners have the certificates',
  ),
  'policies that are neither on nor off': bad(
    { networkPolicy: { egressTo: [{ type: 'Addresses', addresses: { cidr: '10.0.0.0/8' } }] } },
    'spec.networkPolicy.enabled',
    'is required',
    REQUIRED,
  ),
  'a peer of pods without them': bad(
    letting({ type: 'Pods' }),
    'spec.networkPolicy.ingressFrom[0].pods',
    'is required with type Pods',
  ),
  'a peer of addresses without them': bad(
    letting({ type: 'Addresses' }),
    'spec.networkPolicy.ingressFrom[0].addresses',
    'is required with type Addresses',
  ),
  'a peer of pods with addresses': bad(
    letting({ type: 'Pods', pods: { podLabels: { a: 'b' } }, addresses: { cidr: '10.0.0.0/8' } }),
    'spec.networkPolicy.ingressFrom[0].addresses',
    'must be absent unless type is Addresses',
  ),
  'a peer of addresses with pods': bad(
    letting({ type: 'Addresses', pods: { podLabels: { a: 'b' } }, addresses: { cidr: '10.0.0.0/8' } }),
    'spec.networkPolicy.ingressFrom[0].pods',
    'must be absent unless type is Pods',
  ),
  'a peer of pods without labels': bad(
    letting({ type: 'Pods', pods: {} }),
    'spec.networkPolicy.ingressFrom[0].pods',
    'must have namespaceLabels, podLabels or both',
  ),
  'a range of addresses that is too wide to be': bad(
    letting({ type: 'Addresses', addresses: { cidr: '10.0.0.0/33' } }),
    'spec.networkPolicy.ingressFrom[0].addresses.cidr',
    CIDR,
  ),
  'a range of IPv4 written as IPv6': bad(
    letting({ type: 'Addresses', addresses: { cidr: '::ffff:a00:0/104' } }),
    'spec.networkPolicy.ingressFrom[0].addresses.cidr',
    CIDR,
  ),
  'an address for a range': bad(
    letting({ type: 'Addresses', addresses: { cidr: '10.0.0.1' } }),
    'spec.networkPolicy.ingressFrom[0].addresses.cidr',
    CIDR,
    NO_MATCH,
  ),
  'monitoring that is neither on nor off': bad({ monitoring: {} }, 'spec.monitoring.enabled', 'is required', REQUIRED),
  'a version of two numbers': bad({ version: '1.2' }, 'spec.version', 'must be a release such as 1.2.0', NO_MATCH),
  'a policy of deletion that there is not': bad(
    { deletionPolicy: 'Snapshot' },
    'spec.deletionPolicy',
    'must be one of Retain, Delete',
    UNSUPPORTED,
  ),
  'a registry by a URL': bad(
    { images: { registry: 'https://registry.example.com' } },
    'spec.images.registry',
    'must be a registry such as registry.example.com/voteapp',
    NO_MATCH,
  ),
  'a pull secret twice': bad(
    { images: { pullSecrets: [{ name: 'a' }, { name: 'a' }] } },
    'spec.images.pullSecrets',
    'must have distinct names',
    DUPLICATE,
  ),
  'a level of logs in small letters': bad(
    { logLevel: 'debug' },
    'spec.logLevel',
    'must be one of Trace, Debug, Info, Warn, Error',
    UNSUPPORTED,
  ),
};

const ROUND = 'within a round; set a new spec.poll.id to start a new count';
const STAYS = 'must stay as it is; create another VotingApp instead';
const NO_SHRINKING = 'must not shrink, for a volume never does';

const BAD_EDITS: Readonly<Record<string, BadResource>> = {
  'an option removed': badEdit(
    { poll: { options: [...OPTIONS, { id: 'guarana' }] } },
    {},
    'spec.poll.options',
    `must keep every option in its place ${ROUND}`,
  ),
  'options in another order': badEdit(
    {},
    { poll: { options: OPTIONS.toReversed() } },
    'spec.poll.options',
    `must keep every option in its place ${ROUND}`,
  ),
  'an option put first': badEdit(
    {},
    { poll: { options: [{ id: 'guarana' }, ...OPTIONS] } },
    'spec.poll.options',
    `must keep every option in its place ${ROUND}`,
  ),
  'another policy': badEdit({}, { poll: { policy: 'Unlimited' } }, 'spec.poll.policy', `must stay as it is ${ROUND}`),
  'the policy removed': badEdit(
    { poll: { policy: 'Unlimited' } },
    {},
    'spec.poll.policy',
    `must stay as it is ${ROUND}`,
  ),
  'more shards': badEdit({}, { poll: { shards: 2 } }, 'spec.poll.shards', `must stay as it is ${ROUND}`),
  'another policy while the default round is written out': badEdit(
    {},
    { poll: { id: 'shop', policy: 'Unlimited' } },
    'spec.poll.policy',
    `must stay as it is ${ROUND}`,
  ),
  'the database moved out': badEdit({}, { database: { type: 'External', external } }, 'spec.database.type', STAYS),
  'the external database removed': badEdit(
    { database: { type: 'External', external } },
    {},
    'spec.database.type',
    STAYS,
  ),
  'another engine': badEdit({}, managed({ engine: 'MariaDB' }), 'spec.database.managed.engine', STAYS),
  'the engine removed': badEdit(managed({ engine: 'MariaDB' }), {}, 'spec.database.managed.engine', STAYS),
  'a storage class for the database, later': badEdit(
    {},
    managed({ storage: { storageClassName: 'fast' } }),
    'spec.database.managed.storage.storageClassName',
    STAYS,
  ),
  'a smaller volume of the database': badEdit(
    managed({ storage: { size: '1Ti' } }),
    managed({ storage: { size: '1023Gi' } }),
    'spec.database.managed.storage.size',
    NO_SHRINKING,
  ),
  'a volume of the database back to the default': badEdit(
    managed({ storage: { size: '20Gi' } }),
    {},
    'spec.database.managed.storage.size',
    NO_SHRINKING,
  ),
  'another queue': badEdit({}, { queue: { type: 'ExternalRabbitMQ', externalRabbitmq } }, 'spec.queue.type', STAYS),
  'fewer nodes of RabbitMQ': badEdit(
    rabbitmq({ replicas: 3 }),
    rabbitmq({ replicas: 1 }),
    'spec.queue.rabbitmq.replicas',
    'must not shrink, for a node takes votes with it',
  ),
  'another storage class for RabbitMQ': badEdit(
    rabbitmq({ storage: { storageClassName: 'fast' } }),
    rabbitmq({ storage: { storageClassName: 'slow' } }),
    'spec.queue.rabbitmq.storage.storageClassName',
    STAYS,
  ),
  'a smaller volume of RabbitMQ': badEdit(
    {},
    rabbitmq({ storage: { size: '5Gi' } }),
    'spec.queue.rabbitmq.storage.size',
    NO_SHRINKING,
  ),
};

/** Resources that both refuse, each for one reason alone. */
export const BAD_RESOURCES: Readonly<Record<string, BadResource>> = {
  ...BAD_METADATA,
  ...BAD_POLLS,
  ...BAD_SERVICES,
  ...BAD_SECTIONS,
  ...BAD_EDITS,
};

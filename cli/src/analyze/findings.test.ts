import { describe, expect, it } from 'vitest';

import { type Code, CODES } from './codes.ts';
import { findingsOnText, judge } from './findings.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const PAST = '2026-11-20T12:00:00Z';
const AHEAD = '2026-12-20T22:30:00Z';
const LATER = '2026-12-20T22:50:00Z';

interface Sections {
  readonly poll?: object;
  readonly [section: string]: unknown;
}

function app({ poll, ...sections }: Sections = {}): object {
  const options = [
    { id: 'a', label: 'A' },
    { id: 'b', label: 'B' },
  ];
  return {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name: 'shop' },
    spec: { poll: { options, ...poll }, ...sections },
  };
}

function codesOf(resource: object, peak?: number): Set<Code> {
  return new Set(judge(resource, { now: NOW, peak }).map(({ code }) => code));
}

const HPA = { mode: 'HPA', maxReplicas: 8 };
const HOSTS = { vote: 'vote.example.com', front: 'results.example.com' };
const INGRESS = { type: 'Ingress', hosts: HOSTS };
const PRIME = { poll: { opensAt: AHEAD, closesAt: LATER }, primeTime: { vote: { replicas: 4 } } };
const DATABASE = { host: 'db', secretRef: { name: 'db' } };
const BROKER = { host: 'mq', secretRef: { name: 'mq' } };

function options(...labels: (string | undefined)[]): object {
  return { options: labels.map((label, index) => ({ id: `o${index}`, ...(label !== undefined && { label }) })) };
}

function replicated(size?: string): object {
  return { type: 'RabbitMQ', rabbitmq: { replicas: 3, ...(size !== undefined && { storage: { size } }) } };
}

function external(tls?: object): object {
  return { type: 'External', external: { ...DATABASE, ...(tls && { tls }) } };
}

/** What makes each code be found, and what of the same kind does not. */
const HURTS: readonly (readonly [Code, string, Sections, Sections])[] = [
  ['VAP0101', 'a close that is past', { poll: { closesAt: PAST } }, { poll: { closesAt: AHEAD } }],
  ['VAP0102', 'no close', {}, { poll: { closesAt: AHEAD } }],
  ['VAP0103', 'a vote of each voter', {}, { poll: { policy: 'Unlimited' } }],
  ['VAP0103', 'the first vote of each voter', { poll: { policy: 'FirstVoteWins' } }, { poll: { policy: 'Unlimited' } }],
  ['VAP0104', 'every vote', { poll: { policy: 'Unlimited' } }, {}],
  [
    'VAP0105',
    'results after no close',
    { poll: { results: { visibility: 'AfterClose' } } },
    { poll: { results: { visibility: 'AfterClose' }, closesAt: AHEAD } },
  ],
  ['VAP0106', 'an option without a label', { poll: options('A', undefined) }, { poll: options('A', 'B') }],
  ['VAP0107', 'labels that look the same', { poll: options('Ana', 'ana ') }, { poll: options('Ana', 'Anna') }],
  ['VAP0108', 'a suspended poll', { poll: { suspend: true } }, { poll: { suspend: false } }],
  ['VAP0109', 'years of retention', { poll: { retentionDays: 366 } }, { poll: { retentionDays: 365 } }],
  [
    'VAP0110',
    'public e-mails',
    { poll: { comments: { enabled: true, publicEmails: true } } },
    { poll: { comments: { enabled: false, publicEmails: true } } },
  ],
  ['VAP0111', 'prime time without a close', { ...PRIME, poll: { opensAt: AHEAD } }, PRIME],
  ['VAP0201', 'one vote pod', { vote: { replicas: 1 } }, { vote: { replicas: 2 } }],
  [
    'VAP0201',
    'one front pod at rest',
    { front: { autoscaling: { ...HPA, minReplicas: 1 } } },
    { front: { autoscaling: HPA } },
  ],
  ['VAP0202', 'one worker in prime time', PRIME, { ...PRIME, worker: { replicas: 2 } }],
  ['VAP0202', 'one worker in prime time, rather than at any', PRIME, {}],
  ['VAP0203', 'one broker in prime time', PRIME, { ...PRIME, queue: replicated() }],
  ['VAP0204', 'a managed database', {}, { database: external() }],
  [
    'VAP0205',
    'autoscaling without a request',
    { vote: { autoscaling: HPA, resources: { limits: { memory: '1Gi' } } } },
    { vote: { autoscaling: HPA, resources: { requests: { cpu: 1 } } } },
  ],
  [
    'VAP0205',
    'autoscaling without a request, the default being one',
    { front: { autoscaling: HPA, resources: {} } },
    { front: { autoscaling: HPA } },
  ],
  [
    'VAP0206',
    'a limit of CPU',
    { worker: { resources: { limits: { cpu: '500m' } } } },
    { worker: { resources: { requests: { cpu: '500m' } } } },
  ],
  [
    'VAP0207',
    'pods that are not spread',
    { vote: { scheduling: { topologySpread: 'None' } } },
    { vote: { scheduling: {} } },
  ],
  ['VAP0208', 'workers without a queue', { worker: { replicas: 3 } }, { poll: { shards: 2 }, worker: { replicas: 3 } }],
  [
    'VAP0209',
    'sleep before the open',
    { poll: { opensAt: AHEAD }, hibernate: true },
    { poll: { opensAt: PAST, closesAt: AHEAD }, hibernate: true },
  ],
  ['VAP0210', 'prime time of any release', PRIME, { ...PRIME, version: '0.1.0' }],
  ['VAP0301', 'an Ingress without TLS', { expose: INGRESS }, { expose: { ...INGRESS, tls: { enabled: true } } }],
  ['VAP0302', 'no way in', {}, { expose: INGRESS }],
  ['VAP0302', 'no way in, nor one of somebody else’s', {}, { expose: { type: 'None', hosts: HOSTS } }],
  [
    'VAP0303',
    'certificates of nobody’s',
    { expose: { ...INGRESS, tls: { enabled: true } } },
    { expose: { ...INGRESS, tls: { enabled: true, secretName: 'tls' } } },
  ],
  [
    'VAP0303',
    'certificates that cert-manager does not make',
    { expose: { ...INGRESS, tls: { enabled: true }, ingress: { className: 'nginx' } } },
    { expose: { ...INGRESS, tls: { enabled: true }, ingress: { annotations: { 'cert-manager.io/issuer': 'x' } } } },
  ],
  ['VAP0304', 'no NetworkPolicies', { networkPolicy: { enabled: false } }, { networkPolicy: { enabled: true } }],
  ['VAP0305', 'a database in the clear', { database: external() }, { database: external({ enabled: true }) }],
  [
    'VAP0305',
    'a broker in the clear',
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...BROKER, tls: { enabled: false } } } },
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...BROKER, tls: { enabled: true } } } },
  ],
  [
    'VAP0305',
    'SQS in the clear',
    { queue: { type: 'SQS', sqs: { region: 'local', endpoint: 'http://sqs:4566' } } },
    { queue: { type: 'SQS', sqs: { region: 'local', endpoint: 'https://sqs:4566' } } },
  ],
  [
    'VAP0306',
    'egress to anywhere on the way to SQS',
    { queue: { type: 'SQS', sqs: { region: 'local' } } },
    { queue: { type: 'SQS', sqs: { region: 'local' } }, networkPolicy: { enabled: false } },
  ],
  [
    'VAP0306',
    'egress to anywhere',
    { database: external() },
    {
      database: external(),
      networkPolicy: { enabled: true, egressTo: [{ type: 'Addresses', addresses: { cidr: '10.0.0.0/8' } }] },
    },
  ],
  [
    'VAP0307',
    'an image without a tag',
    { vote: { image: 'r.example.com:5000/vote' } },
    { vote: { image: 'r.example.com:5000/vote:1.2.0' } },
  ],
  [
    'VAP0307',
    'the latest image',
    { front: { image: 'front:latest' } },
    { front: { image: `front@sha256:${'a'.repeat(64)}` } },
  ],
  [
    'VAP0308',
    'a way past the Ingress',
    { expose: INGRESS, vote: { service: { type: 'LoadBalancer' } } },
    { vote: { service: { type: 'LoadBalancer' } } },
  ],
  ['VAP0308', 'a worker for everybody', { worker: { service: { type: 'NodePort' } } }, { worker: { service: {} } }],
  ['VAP0309', 'a line per request', { logLevel: 'Debug' }, { logLevel: 'Warn' }],
  ['VAP0401', 'data that goes', { deletionPolicy: 'Delete' }, { deletionPolicy: 'Retain' }],
  ['VAP0402', 'queues beyond the volume', { poll: { shards: 6 } }, { poll: { shards: 5 } }],
  ['VAP0402', 'queues beyond a volume of its own', { queue: replicated('1Gi') }, { queue: replicated('2Gi') }],
];

const CPU = { resources: { requests: { cpu: 1 } } };
const READY_FOR_PEAK = {
  poll: { opensAt: AHEAD, closesAt: LATER },
  vote: { replicas: 6, ...CPU },
  worker: { replicas: 2, ...CPU },
  database: { type: 'Managed', managed: CPU },
  queue: { type: 'RabbitMQ', rabbitmq: CPU },
};

/** What a resource that is ready for 25,000 votes/s must not lack. */
const AT_PEAK: readonly (readonly [Code, string, Sections, number?])[] = [
  ['VAP0501', 'vote pods', { vote: { replicas: 5, ...CPU } }],
  ['VAP0501', 'vote pods that come later', { vote: { autoscaling: { ...HPA, maxReplicas: 60 }, ...CPU } }],
  ['VAP0502', 'shards', {}, 50_000],
  ['VAP0503', 'workers', { worker: { replicas: 1, ...CPU } }],
  ['VAP0504', 'volume of the broker', { queue: { type: 'RabbitMQ', rabbitmq: { ...CPU, storage: { size: '2Gi' } } } }],
  [
    'VAP0505',
    'volume of the database',
    { database: { type: 'Managed', managed: { ...CPU, storage: { size: '5Gi' } } } },
  ],
  ['VAP0506', 'CPU of the vote pods', { vote: { replicas: 6 } }],
  ['VAP0506', 'CPU of the database', { database: { type: 'Managed' } }],
  ['VAP0506', 'CPU of the broker', { queue: { type: 'RabbitMQ' } }],
  ['VAP0506', 'CPU of the workers', { worker: { replicas: 2 } }],
];

/** What makes the schema refuse a resource. */
const REFUSED: readonly (readonly [Code, string, object, string, RegExp])[] = [
  ['VAP0010', 'an unknown field', app({ poll: { closeAt: AHEAD } }), 'spec.poll.closeAt', /unknown field "closeAt"/],
  ['VAP0011', 'a missing field', app({ poll: { options: undefined } }), 'spec.poll.options', /is required/],
  ['VAP0012', 'a number for a text', app({ poll: { title: 7 } }), 'spec.poll.title', /must be a string/],
  ['VAP0013', 'an unknown choice', app({ poll: { policy: 'Once' } }), 'spec.poll.policy', /must be one of/],
  ['VAP0013', 'a number out of bounds', app({ poll: { shards: 65 } }), 'spec.poll.shards', /at most 64/],
  [
    'VAP0014',
    'a close before the open',
    app({ poll: { opensAt: LATER, closesAt: AHEAD } }),
    'spec.poll.closesAt',
    /later/,
  ],
  ['VAP0014', 'prime time of no time', app({ primeTime: { vote: { replicas: 4 } } }), 'spec.primeTime', /opensAt/],
  ['VAP0014', 'a bad name', { ...app(), metadata: { name: 'Shop' } }, 'metadata.name', /lower-case/],
];

describe('a VotingApp', () => {
  it.each(HURTS)('%s is told of for %s, and not otherwise', (code, _, hurts, isWell) => {
    expect(codesOf(app(hurts))).toContain(code);
    expect(codesOf(app(isWell))).not.toContain(code);
  });

  it.each(AT_PEAK.map(([code, what, lacking, peak = 25_000]) => [code, what, lacking, peak] as const))(
    '%s is told of for want of %s, and not otherwise',
    (code, _, lacking, peak) => {
      expect(codesOf(app({ ...READY_FOR_PEAK, ...lacking }), peak)).toContain(code);
      expect(codesOf(app(READY_FOR_PEAK), 25_000)).not.toContain(code);
    },
  );

  it('is told what a peak needs, when that is asked', () => {
    expect(codesOf(app(), 25_000)).toContain('VAP0500');
    expect(codesOf(app())).not.toContain('VAP0500');
  });

  it.each(REFUSED)('%s is told of for %s', (code, _, resource, path, message) => {
    const found = judge(resource, { now: NOW, peak: undefined });
    expect(found.map((each) => [each.code, each.path.join('.'), each.message])).toEqual([
      [code, path, expect.stringMatching(message)],
    ]);
  });

  it('every code is found by some test', () => {
    const offline: Code[] = ['VAP0001', 'VAP0002', 'VAP0003', 'VAP0500'];
    const tested = new Set([...HURTS, ...AT_PEAK, ...REFUSED].map(([code]) => code));
    expect(Object.keys(CODES).toSorted()).toEqual([...tested, ...offline].toSorted());
  });
});

describe('a text', () => {
  const find = (text: string) => findingsOnText(text, 'poll.yaml', { now: NOW, peak: undefined });
  const shop = 'apiVersion: voteapp.dev/v1alpha1\nkind: VotingApp\nmetadata: {name: shop}\nspec:\n  poll:\n';
  const good = `${shop}    options: [{id: a, label: A}, {id: b, label: B}]\n    closesAt: '${AHEAD}'\n`;

  it.each<[Code, string, string, [number, number]]>([
    ['VAP0001', 'that is not YAML', 'kind: VotingApp\nspec: [\n', [3, 1]],
    ['VAP0002', 'without a VotingApp', 'kind: Pod\n', [1, 1]],
    ['VAP0002', 'with nothing in it', '', [1, 1]],
    ['VAP0003', 'with two of a name', `${good}---\n${good}`, [11, 12]],
    ['VAP0010', 'with an unknown field', `${good}    colour: red\n`, [8, 5]],
    ['VAP0011', 'without options', `${shop}    title: X\n`, [5, 3]],
    ['VAP0103', 'whose default hurts', good, [5, 3]],
  ])('%s is found in one %s, by its place', (code, _, text, [line, column]) => {
    const found = find(text).find((each) => each.code === code);
    expect(found?.source).toEqual({ file: 'poll.yaml', line, column });
  });

  it('with two of a name in two namespaces has no doubles', () => {
    const other = good.replace('{name: shop}', '{name: shop, namespace: other}');
    expect(find(`${good}---\n${other}`).map(({ code }) => code)).not.toContain('VAP0003');
  });
});

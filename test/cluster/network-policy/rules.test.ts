import { BlockList } from 'node:net';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { arbitraryCluster, liveAmong } from './arbitrary-cluster.ts';
import type { LabelSelector, NetworkPolicy, Pod, Protocol } from './objects.ts';
import { type Addresses, type PodRules, rulesOf } from './rules.ts';
import { addressAt, type Connection, type End, isAllowed } from './specification.ts';

const NODE = '10.244.0.1';

function isIn({ within, except }: Addresses, address: string): boolean {
  const isOneOf = (entries: readonly string[]) => {
    const list = new BlockList();
    for (const entry of entries) {
      const [base, length = '32'] = entry.split('/') as [string, string?];
      list.addSubnet(base, Number(length));
    }
    return list.check(address);
  };
  return isOneOf(within) && !isOneOf(except);
}

/** What a kernel with the rules does with the first packet of a connection. */
function passes(rules: readonly PodRules[], { from, to, protocol, port }: Connection): boolean {
  // The node's own packets meet no hook.
  if (from === 'node') return true;
  const [source, destination] = [addressAt(from, NODE), addressAt(to, NODE)];
  const lets = (direction: 'ingress' | 'egress', address: string, other: string) => {
    const allowances = rules.find((pod) => pod.address === address)?.[direction] ?? null;
    return (
      allowances === null ||
      allowances.some(({ peer, ports }) => {
        const [first, last] = ports?.range ?? [1, 65_535];
        const reaches = ports === null || (ports.protocol === protocol && first <= port && port <= last);
        return reaches && (peer === null || isIn(peer, other));
      })
    );
  };
  return lets('egress', source, destination) && lets('ingress', destination, source);
}

function pod(name: string, namespace: string, address: string, more: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { name, namespace, labels: { app: name } },
    spec: { containers: [], ...more },
    status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] },
  };
}

const SQL = { name: 'sql', containerPort: 5432 };
const PODS = {
  web: pod('web', 'shop', '10.244.0.2'),
  db: pod('db', 'shop', '10.244.0.3', { containers: [{ ports: [SQL] }, { ports: [{ ...SQL, containerPort: 5433 }] }] }),
  log: pod('log', 'ops', '10.244.0.4', {
    containers: [],
    initContainers: [{ ports: [{ ...SQL, containerPort: 6000, protocol: 'UDP' }] }],
  }),
  top: pod('top', 'ops', '10.244.0.5'),
};
const ENDS: Readonly<Record<string, End>> = {
  ...Object.fromEntries(Object.entries(PODS).map(([name, pod]) => [name, { pod }])),
  node: 'node',
  inside: { address: '203.0.113.7' },
  outside: { address: '203.0.113.200' },
};
const NAMESPACES = [
  { metadata: { name: 'shop', labels: { team: 'red' } } },
  { metadata: { name: 'ops', labels: { team: 'blue', old: '' } } },
];

const app = (name: string): LabelSelector => ({ matchLabels: { app: name } });

/** A policy of the namespace `shop`, for `db` unless it says whom. */
function policy(spec: NetworkPolicy['spec'], namespace = 'shop'): NetworkPolicy {
  return { metadata: { name: 'policy', namespace }, spec: { podSelector: app('db'), ...spec } };
}

/** A connection as "web > db:5432", TCP unless it ends as "/UDP". */
function connection(words: string): Connection {
  const [, from = '', to = '', port = '', protocol = 'TCP'] = /^(\w+) > (\w+):(\d+)(?:\/(\w+))?$/.exec(words) ?? [];
  return { from: ENDS[from]!, to: ENDS[to]!, port: Number(port), protocol: protocol as Protocol };
}

interface Case {
  readonly policies: readonly NetworkPolicy[];
  readonly may: readonly string[];
  readonly mayNot: readonly string[];
}

const CASES: Record<string, Case> = {
  'without policies everybody talks to everybody': {
    policies: [],
    may: ['web > db:5432', 'log > db:1/UDP', 'outside > db:80', 'db > node:6443'],
    mayNot: [],
  },
  'a policy without rules lets nobody in, but the node and the pod itself, and out whoever goes': {
    policies: [policy({})],
    may: ['node > db:5432', 'db > db:5432', 'db > web:80', 'log > web:80'],
    mayNot: ['web > db:5432', 'log > db:5432', 'outside > db:5432', 'web > db:53/UDP'],
  },
  'a selector that is empty or missing means every pod of the namespace, and of no other': {
    policies: [policy({ podSelector: {} })],
    may: ['web > log:80'],
    mayNot: ['log > db:80', 'log > web:80'],
  },
  'an empty rule lets everybody in': {
    policies: [policy({ ingress: [{}] })],
    may: ['web > db:1', 'outside > db:2/UDP'],
    mayNot: [],
  },
  'empty lists of peers and ports mean all': {
    policies: [
      policy({
        ingress: [
          { from: [], ports: [{ port: 80 }] },
          { from: [{ podSelector: app('web') }], ports: [] },
        ],
      }),
    ],
    may: ['log > db:80', 'outside > db:80', 'web > db:1/SCTP'],
    mayNot: ['log > db:81'],
  },
  'a pod selector means pods of the policy’s own namespace': {
    policies: [policy({ ingress: [{ from: [{ podSelector: {} }] }] })],
    may: ['web > db:1'],
    mayNot: ['log > db:1', 'outside > db:1'],
  },
  'a namespace selector means all pods there': {
    policies: [policy({ ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }] })],
    may: ['log > db:1', 'top > db:1'],
    mayNot: ['web > db:1', 'outside > db:1'],
  },
  'both selectors in one peer mean such pods of such namespaces': {
    policies: [policy({ ingress: [{ from: [{ namespaceSelector: {}, podSelector: app('log') }] }] })],
    may: ['log > db:1'],
    mayNot: ['web > db:1', 'top > db:1'],
  },
  'both selectors in two peers mean either': {
    policies: [
      policy({
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }, { podSelector: app('web') }] }],
      }),
    ],
    may: ['log > db:1', 'top > db:1', 'web > db:1'],
    mayNot: ['outside > db:1'],
  },
  'expressions compare with values, or ask whether there is a label at all': {
    policies: [
      policy({ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'x'] }] } }),
      policy({
        podSelector: {
          matchExpressions: [
            { key: 'app', operator: 'NotIn', values: ['db'] },
            { key: 'app', operator: 'Exists' },
          ],
        },
        ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'old', operator: 'DoesNotExist' }] } }] }],
      }),
      policy(
        {
          podSelector: { matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['x'] }] },
          ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'old', operator: 'Exists' }] } }] }],
        },
        'ops',
      ),
    ],
    may: ['db > web:1', 'top > log:1'],
    mayNot: ['web > db:1', 'log > web:1', 'web > log:1'],
  },
  'a block means its addresses but for the exceptions, whosoever they are': {
    policies: [
      policy({
        ingress: [
          { from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25', '203.0.113.192/26'] } }] },
          { from: [{ ipBlock: { cidr: '10.244.0.0/24', except: ['10.244.0.2/32'] } }] },
        ],
      }),
    ],
    may: ['inside > db:1', 'log > db:1'],
    mayNot: ['outside > db:1', 'web > db:1'],
  },
  'blocks of the other IP are nobody, and exceptions of it nothing': {
    policies: [
      policy({ ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }] }),
      policy({
        podSelector: app('web'),
        ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['2001:db8::/32'] } }] }],
      }),
    ],
    may: ['outside > web:1'],
    mayNot: ['outside > db:1', 'web > db:1'],
  },
  'a peer that is nobody lets nobody in': {
    policies: [policy({ ingress: [{ from: [{ podSelector: app('nobody') }] }] })],
    may: [],
    mayNot: ['web > db:1', 'outside > db:1'],
  },
  'ports are numbers, ranges or protocols, which are TCP unless they say otherwise': {
    policies: [
      policy({
        ingress: [{ ports: [{ port: 80 }, { port: 90, endPort: 92, protocol: 'UDP' }, { protocol: 'SCTP' }] }],
      }),
    ],
    may: ['web > db:80', 'web > db:90/UDP', 'web > db:92/UDP', 'web > db:7/SCTP'],
    mayNot: ['web > db:80/UDP', 'web > db:90', 'web > db:89/UDP', 'web > db:93/UDP', 'web > db:81'],
  },
  'a port without anything is any of TCP': {
    policies: [policy({ ingress: [{ ports: [{}] }] })],
    may: ['web > db:80'],
    mayNot: ['web > db:80/UDP'],
  },
  'a name on the way in is of the selected pod’s ports of that protocol': {
    policies: [
      policy({ podSelector: {}, ingress: [{ ports: [{ port: 'sql' }] }] }),
      policy({ podSelector: {}, ingress: [{ ports: [{ port: 'sql', protocol: 'UDP' }] }] }, 'ops'),
    ],
    may: ['web > db:5432', 'web > db:5433', 'web > log:6000/UDP'],
    mayNot: ['web > db:5434', 'db > web:5432', 'web > log:6000', 'web > top:6000/UDP'],
  },
  'a name on the way out is of the ports of whichever pod is reached': {
    policies: [
      policy({ podSelector: app('web'), policyTypes: ['Egress'], egress: [{ ports: [{ port: 'sql' }] }] }),
      policy(
        {
          podSelector: app('top'),
          policyTypes: ['Egress'],
          egress: [
            { to: [{ ipBlock: { cidr: '10.244.0.0/30' } }], ports: [{ port: 'sql' }] },
            {
              to: [{ ipBlock: { cidr: '10.244.0.0/24', except: ['10.244.0.4/32'] } }],
              ports: [{ port: 'sql', protocol: 'UDP' }],
            },
          ],
        },
        'ops',
      ),
    ],
    may: ['web > db:5432', 'web > db:5433', 'top > db:5432'],
    mayNot: ['web > top:5432', 'web > outside:5432', 'web > log:6000/UDP', 'top > log:5432', 'top > log:6000/UDP'],
  },
  'rules on the way out isolate both ways where no types are named': {
    policies: [policy({ egress: [{ to: [{ podSelector: app('web') }] }] })],
    may: ['db > web:1', 'db > db:1'],
    mayNot: ['db > log:1', 'db > outside:1', 'db > node:6443', 'web > db:1'],
  },
  'types that are named are the only ones': {
    policies: [
      policy({ policyTypes: ['Egress'], ingress: [{ ports: [{ port: 1 }] }] }),
      policy({ podSelector: app('web'), policyTypes: ['Ingress'], egress: [{ ports: [{ port: 1 }] }] }),
    ],
    may: ['outside > db:2', 'web > outside:2'],
    mayNot: ['db > outside:1', 'outside > web:1'],
  },
  'policies add up': {
    policies: [
      policy({}),
      policy({ ingress: [{ ports: [{ port: 1 }] }] }),
      policy({ ingress: [{ ports: [{ port: 2 }] }] }),
    ],
    may: ['web > db:1', 'web > db:2'],
    mayNot: ['web > db:3'],
  },
  'either end may refuse': {
    policies: [
      policy({ ingress: [{ ports: [{ port: 1 }, { port: 2 }] }] }),
      policy({ podSelector: app('web'), policyTypes: ['Egress'], egress: [{ ports: [{ port: 2 }, { port: 3 }] }] }),
    ],
    may: ['web > db:2', 'log > db:1', 'web > log:3'],
    mayNot: ['web > db:1', 'web > db:3'],
  },
  'the node is an address to those that leave': {
    policies: [
      policy({
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: `${NODE}/32` } }], ports: [{ port: 6443 }] }],
      }),
    ],
    may: ['db > node:6443'],
    mayNot: ['db > node:10250'],
  },
};

describe('connections', () => {
  test.each(Object.entries(CASES))('%s', (_, { policies, may, mayNot }) => {
    const objects = { policies, pods: Object.values(PODS), namespaces: NAMESPACES };
    const rules = rulesOf(objects);
    const all = [...may, ...mayNot];
    expect(all.filter((words) => passes(rules, connection(words)))).toEqual(may);
    expect(all.filter((words) => isAllowed(objects, connection(words), NODE))).toEqual(may);
  });

  test('are what the specification says, whatever the policies', () => {
    const others = ['10.244.0.100', '203.0.113.7', '203.0.113.200'].map((address) => ({ address }));
    const seen = { allowed: 0, denied: 0 };
    const agrees = fc.property(arbitraryCluster, (objects) => {
      const rules = rulesOf(objects);
      const ends: End[] = [...liveAmong(objects.pods).map((pod) => ({ pod })), 'node', ...others];
      const ports = (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) =>
        [80, 81, 82, 8080].map((port) => ({ protocol, port })),
      );
      const connections = ends.flatMap((from) => ends.flatMap((to) => ports.map((port) => ({ from, to, ...port }))));
      const allowed = connections.filter((one) => isAllowed(objects, one, NODE));
      expect(connections.filter((one) => passes(rules, one))).toEqual(allowed);
      seen.allowed += allowed.length;
      seen.denied += connections.length - allowed.length;
    });
    fc.assert(agrees, { numRuns: 300 });
    expect(Math.min(seen.allowed, seen.denied)).toBeGreaterThan(1000);
  });
});

describe('the pods that rules are for', () => {
  const everybody = {
    policies: [policy({ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })],
    namespaces: [],
  };
  const addressesOf = (pods: readonly Pod[]) =>
    rulesOf({ ...everybody, pods }).map(({ pod, address }) => [pod, address]);
  const { spec, metadata, status } = PODS.db;

  const LEFT_OUT: Record<string, Pod> = {
    'on the network of the host': { metadata, status: status!, spec: { ...spec, hostNetwork: true } },
    'that have succeeded': { metadata, spec, status: { ...status, phase: 'Succeeded' } },
    'that have failed': { metadata, spec, status: { ...status, phase: 'Failed' } },
    'without an address yet': { metadata, spec, status: { phase: 'Pending' } },
    'without a status yet': { metadata, spec },
    'of the other IP': { metadata, spec, status: { podIP: '2001:db8::1', podIPs: [{ ip: '2001:db8::1' }] } },
  };
  test.each(Object.entries(LEFT_OUT))('are not those %s, and nor are peers', (_, pod) => {
    const rules = rulesOf({ ...everybody, pods: [PODS.web, pod] });
    expect(rules).toEqual([expect.objectContaining({ pod: 'shop/web' })]);
    expect(JSON.stringify(rules)).not.toContain('10.244.0.3');
  });

  test('have the first of their addresses that is IPv4', () => {
    const podIPs = ['2001:db8::1', '10.244.0.9', '10.244.0.10'].map((ip) => ({ ip }));
    expect(addressesOf([{ metadata, spec, status: { podIP: '2001:db8::1', podIPs } }])).toEqual([
      ['shop/db', '10.244.0.9'],
    ]);
  });

  test('do not share an address: the last one made has it', () => {
    const [older, newer] = ['2025-01-01T00:00:00Z', '2025-01-01T00:00:01Z'].map((creationTimestamp, index): Pod => ({
      metadata: { ...metadata, name: `db-${index}`, creationTimestamp },
      spec,
      status: status!,
    }));
    expect(addressesOf([newer!, older!])).toEqual([['shop/db-1', '10.244.0.3']]);
  });

  test('have the same rules in whatever order the objects come', () => {
    const pods = Object.values(PODS);
    const policies = ['a', 'b'].map((name, index) => {
      const { spec } = policy({ ingress: [{ ports: [{ port: index + 1 }] }] });
      return { metadata: { name, namespace: 'shop' }, spec };
    });
    const objects = { policies, pods, namespaces: NAMESPACES };
    const backwards = {
      policies: policies.toReversed(),
      pods: pods.toReversed(),
      namespaces: NAMESPACES.toReversed(),
    };
    expect(rulesOf(backwards)).toEqual(rulesOf(objects));
  });
});

test('blocks are decimal, whatever zeros lead', () => {
  const ipBlock = { cidr: '010.000.0.0/08', except: ['010.1.010.0/24'] };
  const [rules] = rulesOf({
    policies: [policy({ ingress: [{ from: [{ ipBlock }] }] })],
    pods: [PODS.db],
    namespaces: [],
  });
  expect(rules?.ingress?.[1]?.peer).toEqual({ within: ['10.0.0.0/8'], except: ['10.1.10.0/24'] });
});

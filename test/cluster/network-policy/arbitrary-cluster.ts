import fc from 'fast-check';

import type { ClusterObjects, LabelSelector, NetworkPolicy, Pod, PolicyPeer, PolicyPort } from './objects.ts';

// Few values, so that selectors meet labels, blocks meet addresses and names meet ports.
const NAMESPACES = ['one', 'two', 'three'] as const;
const namespace = fc.constantFrom('one', 'one', 'one', 'two', 'three');
const BLOCKS = ['0.0.0.0/0', '10.244.0.0/24', '10.244.0.2/31', '10.244.0.4/30', '203.0.113.0/24', '2001:db8::/32'];
const PARTS = ['10.244.0.2/32', '10.244.0.4/31', '10.244.0.4/32', '203.0.113.0/25', '2001:db8::/64'];

const value = fc.constantFrom('a', 'b');
const labels = fc.record({ app: value, tier: value }, { requiredKeys: [] });
const key = fc.constantFrom('app', 'tier');

const selector: fc.Arbitrary<LabelSelector> = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key,
          operator: fc.constantFrom('In' as const, 'NotIn' as const),
          values: fc.array(value, { minLength: 1, maxLength: 2 }),
        }),
        fc.record({ key, operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const) }),
      ),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: [] },
);

const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);

const port: fc.Arbitrary<PolicyPort> = fc.oneof(
  fc.record({ protocol }, { requiredKeys: [] }),
  fc.record({ protocol, port: fc.constantFrom(80, 81, 'web', 'dns') }, { requiredKeys: ['port'] }),
  fc.record(
    { protocol, port: fc.constant(80), endPort: fc.constantFrom(80, 82) },
    { requiredKeys: ['port', 'endPort'] },
  ),
);

const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc
    .record(
      { cidr: fc.constantFrom(...BLOCKS), except: fc.array(fc.constantFrom(...PARTS), { maxLength: 3 }) },
      { requiredKeys: ['cidr'] },
    )
    .map((ipBlock) => ({ ipBlock })),
);

const peers = fc.array(peer, { maxLength: 2 });
const ports = fc.array(port, { maxLength: 2 });

const policy: fc.Arbitrary<NetworkPolicy> = fc.record({
  metadata: fc.record({ name: fc.constantFrom('p', 'q'), namespace }),
  spec: fc.record(
    {
      podSelector: selector,
      policyTypes: fc.subarray(['Ingress' as const, 'Egress' as const]),
      ingress: fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
      egress: fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
});

const container = fc.record({
  ports: fc.array(
    fc.record(
      { name: fc.constantFrom('web', 'dns'), containerPort: fc.constantFrom(80, 82, 8080), protocol },
      { requiredKeys: ['containerPort'] },
    ),
    { maxLength: 2 },
  ),
});

const pod = fc.record({
  namespace,
  labels,
  containers: fc.array(container, { minLength: 1, maxLength: 2 }),
  // What has no address of its own comes with one that another pod has.
  kind: fc.constantFrom('live' as const, 'live' as const, 'host' as const, 'ended' as const, 'new' as const),
});

const pods = fc.array(pod, { minLength: 2, maxLength: 7 }).map((drafts) =>
  drafts.map(({ namespace, labels, containers, kind }, index): Pod => {
    const podIP = kind === 'live' ? `10.244.0.${2 + index}` : kind === 'new' ? '' : '10.244.0.2';
    return {
      metadata: { namespace, name: `pod-${index}`, labels },
      spec: { containers, hostNetwork: kind === 'host' },
      status: { phase: kind === 'ended' ? 'Succeeded' : 'Running', ...(podIP === '' ? {} : { podIP }) },
    };
  }),
);

/** Pods of all kinds and whatever policies for them. The third namespace is one that nobody has heard of. */
export const arbitraryCluster: fc.Arbitrary<ClusterObjects> = fc.record({
  policies: fc.array(policy, { minLength: 1, maxLength: 5 }),
  pods,
  namespaces: fc
    .tuple(labels, labels)
    .map((both) => both.map((labels, index) => ({ metadata: { name: NAMESPACES[index]!, labels } }))),
});

/** The pods of such a cluster that connections may be of. */
export function liveAmong(all: readonly Pod[]): Pod[] {
  return all.filter(
    ({ spec, status }) => spec.hostNetwork !== true && status?.phase === 'Running' && status.podIP !== undefined,
  );
}

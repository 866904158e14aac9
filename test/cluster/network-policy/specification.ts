import { BlockList } from 'node:net';

import type { ClusterObjects, LabelSelector, NetworkPolicy, Pod, PolicyPeer, PolicyPort, Protocol } from './objects.ts';

/** One end of a connection: a pod, the node, or somebody outside. */
export type End = { readonly pod: Pod } | { readonly address: string } | 'node';

/** A new connection from one end to a port of another. */
export interface Connection {
  readonly from: End;
  readonly to: End;
  readonly protocol: Protocol;
  readonly port: number;
}

function podAt(end: End): Pod | null {
  return typeof end === 'object' && 'pod' in end ? end.pod : null;
}

/** The address of an end, the node's being `node`. */
export function addressAt(end: End, node: string): string {
  if (end === 'node') return node;
  return 'pod' in end ? (end.pod.status?.podIP ?? '') : end.address;
}

function matches(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const present = Object.hasOwn(labels, key);
    const listed = present && values.includes(labels[key]!);
    if (!{ In: listed, NotIn: !listed, Exists: present, DoesNotExist: !present }[operator]) return false;
  }
  return true;
}

function contains(block: string, address: string): boolean {
  const [base, length] = block.split('/') as [string, string];
  const blocks = new BlockList();
  blocks.addSubnet(base, Number(length), base.includes(':') ? 'ipv6' : 'ipv4');
  return blocks.check(address);
}

/**
 * Whether a connection may be made, in the words of the API reference and the page "Network Policies", and with no
 * thought of rules or packets. Judges only pods on their own network that have an address and run.
 */
export function isAllowed({ policies, namespaces }: ClusterObjects, connection: Connection, node: string): boolean {
  const { from, to, protocol, port } = connection;
  const source = podAt(from);
  const destination = podAt(to);
  // "A pod cannot block access to itself."
  if (source !== null && source === destination) return true;

  function namespaceMatches(selector: LabelSelector, name: string): boolean {
    return namespaces.some(({ metadata }) => metadata.name === name && matches(selector, metadata.labels));
  }
  function peerMatches({ podSelector, namespaceSelector, ipBlock }: PolicyPeer, policy: NetworkPolicy, end: End) {
    if (ipBlock !== undefined) {
      const address = addressAt(end, node);
      return contains(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((block) => contains(block, address));
    }
    const pod = podAt(end);
    if (pod === null) return false;
    const { namespace, labels } = pod.metadata;
    // "Otherwise it selects the pods matching podSelector in the policy's own namespace."
    if (namespaceSelector === undefined && namespace !== policy.metadata.namespace) return false;
    if (namespaceSelector !== undefined && !namespaceMatches(namespaceSelector, namespace)) return false;
    return podSelector === undefined || matches(podSelector, labels);
  }
  function portMatches({ protocol: wanted = 'TCP', port: first, endPort }: PolicyPort): boolean {
    if (wanted !== protocol) return false;
    // "If this field is not provided, this matches all port names and numbers."
    if (first === undefined) return true;
    if (typeof first === 'number') return first <= port && port <= (endPort ?? first);
    // "This can either be a numerical or named port on a pod."
    const { initContainers = [], containers = [] } = destination?.spec ?? {};
    const ports = [...initContainers, ...containers].flatMap((container) => container.ports ?? []);
    return ports.some((it) => it.name === first && it.containerPort === port && (it.protocol ?? 'TCP') === protocol);
  }
  /** Whether a pod's policies of a direction let it have a connection with the other end. */
  function mayHave(pod: Pod, type: 'Ingress' | 'Egress', other: End): boolean {
    const applying = policies.filter(({ metadata, spec }) => {
      // "`Ingress` will always be set and `Egress` will be set if the NetworkPolicy has any egress rules."
      const implied = type === 'Ingress' || (spec.egress ?? []).length > 0;
      const applies = (spec.policyTypes ?? []).length > 0 ? spec.policyTypes!.includes(type) : implied;
      return (
        applies && metadata.namespace === pod.metadata.namespace && matches(spec.podSelector ?? {}, pod.metadata.labels)
      );
    });
    if (applying.length === 0) return true;
    return applying.some((policy) => {
      const { ingress = [], egress = [] } = policy.spec;
      const rules =
        type === 'Ingress'
          ? ingress.map(({ from: peers = [], ports = [] }) => ({ peers, ports }))
          : egress.map(({ to: peers = [], ports = [] }) => ({ peers, ports }));
      return rules.some(
        ({ peers, ports }) =>
          (peers.length === 0 || peers.some((peer) => peerMatches(peer, policy, other))) &&
          (ports.length === 0 || ports.some(portMatches)),
      );
    });
  }
  // "The only allowed connections into the pod are those from the pod's node and those allowed by the ingress list."
  const taken = destination === null || from === 'node' || mayHave(destination, 'Ingress', from);
  return taken && (source === null || mayHave(source, 'Egress', to));
}

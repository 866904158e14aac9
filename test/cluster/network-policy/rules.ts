/**
 * What NetworkPolicies (networking.k8s.io/v1) mean for the pods of a one-node cluster.
 *
 * It is the whole API, judged by the node's kernel (nftables.ts) when a connection is new: after a Service's address has
 * been replaced by a pod's, and between pods of one bridge too where net.bridge.bridge-nf-call-iptables is 1. What the
 * node sends, probes above all, passes. What a pod sends to its node is judged, although the specification exempts it,
 * as common plugins do: the API server is there, which on most clusters is elsewhere.
 *
 * It is no network plugin. It knows one node and IPv4 only; a pod is open from its start until the API server knows its
 * address; connections stay that were made before a policy came; pods on the host's network are the node.
 */
import type {
  ClusterObjects,
  LabelSelector,
  NetworkPolicy,
  Pod,
  PolicyPeer,
  PolicyPort,
  PolicyType,
  Protocol,
} from './objects.ts';

/** IPv4 addresses, and blocks as "10.0.0.0/8": those in one of the first but in none of the others. */
export interface Addresses {
  readonly within: readonly string[];
  readonly except: readonly string[];
}

export interface Ports {
  readonly protocol: Protocol;
  /** First and last; null for all. */
  readonly range: readonly [number, number] | null;
}

/** Connections that may be: with whom, to which ports of whoever takes them; null for any. */
export interface Allowance {
  readonly peer: Addresses | null;
  readonly ports: Ports | null;
}

/** The only connections that a pod may take (ingress) and make (egress); null for all. */
export interface PodRules {
  /** As "namespace/name". */
  readonly pod: string;
  readonly address: string;
  readonly ingress: readonly Allowance[] | null;
  readonly egress: readonly Allowance[] | null;
}

interface LivePod extends Pod {
  readonly address: string;
}

function keyOf({ metadata: { namespace, name } }: Pod | NetworkPolicy): string {
  return `${namespace}/${name}`;
}

// The same objects in another order are to give the same text.
function inOrder<T extends Pod | NetworkPolicy>(objects: readonly T[]): T[] {
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function isIPv4(addresses: string): boolean {
  return /^[\d.]+(\/\d+)?$/.test(addresses);
}

/** The pods that have an address of their own. */
function livePods(pods: readonly Pod[]): LivePod[] {
  const byAddress = new Map<string, LivePod>();
  const born = ({ metadata: { creationTimestamp = '' } }: Pod) => creationTimestamp;
  // A pod whose end is not yet known may have the address that its successor was given: the last one has it.
  for (const pod of pods.toSorted((a, b) => (born(a) < born(b) ? -1 : 1))) {
    const { phase = '', podIP = '', podIPs = [{ ip: podIP }] } = pod.status ?? {};
    const address = podIPs.find(({ ip }) => isIPv4(ip))?.ip;
    const ended = phase === 'Succeeded' || phase === 'Failed';
    if (address !== undefined && !ended && pod.spec.hostNetwork !== true) byAddress.set(address, { ...pod, address });
  }
  return inOrder([...byAddress.values()]);
}

function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}

function typesOf({ spec: { policyTypes = [], egress = [] } }: NetworkPolicy): readonly PolicyType[] {
  if (policyTypes.length > 0) return policyTypes;
  return egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

/** The API server reads 010.0.0.0/8 as 10.0.0.0/8; nft reads it as 8.0.0.0/8. */
function plain(block: string): string {
  const [address = '', length] = block.split('/');
  return `${address.split('.').map(Number).join('.')}/${Number(length)}`;
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

function lieIn({ within, except }: Addresses, address: string): boolean {
  const isIn = (block: string) => {
    const [base = '', length = '32'] = block.split('/');
    const size = 2 ** (32 - Number(length));
    return Math.floor(numberOf(base) / size) === Math.floor(numberOf(address) / size);
  };
  return within.some(isIn) && !except.some(isIn);
}

/** The numbers that a pod's port of a name has: containers may each have one. */
function portsNamed({ spec }: Pod, name: string, protocol: Protocol): number[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
    .flatMap(({ ports = [] }) => ports)
    .filter((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)
    .map(({ containerPort }) => containerPort);
}

/** What policies mean for each pod that any of them isolates. */
export function rulesOf({ policies, pods, namespaces }: ClusterObjects): PodRules[] {
  const live = livePods(pods);
  const ordered = inOrder(policies);
  const labelsOf = new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));

  function addressesOf({ podSelector = {}, namespaceSelector, ipBlock }: PolicyPeer, home: string): Addresses {
    if (ipBlock !== undefined) {
      const { cidr, except = [] } = ipBlock;
      return { within: [cidr].filter(isIPv4).map(plain), except: except.filter(isIPv4).map(plain) };
    }
    const chosen = live.filter(({ metadata: { namespace, labels } }) => {
      const ofNamespace = labelsOf.get(namespace);
      const inScope =
        namespaceSelector === undefined
          ? namespace === home
          : ofNamespace !== undefined && selects(namespaceSelector, ofNamespace);
      return inScope && selects(podSelector, labels);
    });
    return { within: chosen.map(({ address }) => address), except: [] };
  }

  /** A name is of a port of whoever takes the connection, so that it has a number for each of them. */
  function allowance(pod: LivePod, type: PolicyType, peer: Addresses | null, asked: PolicyPort): Allowance[] {
    const { protocol = 'TCP', port, endPort } = asked;
    if (port === undefined) return [{ peer, ports: { protocol, range: null } }];
    if (typeof port === 'number') return [{ peer, ports: { protocol, range: [port, endPort ?? port] } }];
    const at = (taker: LivePod, those: Addresses | null) =>
      portsNamed(taker, port, protocol).map((number): Allowance => ({
        peer: those,
        ports: { protocol, range: [number, number] },
      }));
    if (type === 'Ingress') return at(pod, peer);
    const takers = live.filter(({ address }) => peer === null || lieIn(peer, address));
    return takers.flatMap((taker) => at(taker, { within: [taker.address], except: [] }));
  }

  function allowances(pod: LivePod, type: PolicyType): Allowance[] | null {
    const { namespace, labels } = pod.metadata;
    const applying = ordered.filter(
      (policy) =>
        policy.metadata.namespace === namespace &&
        selects(policy.spec.podSelector ?? {}, labels) &&
        typesOf(policy).includes(type),
    );
    if (applying.length === 0) return null;
    // No pod can be kept from itself, which it may reach by a Service's address.
    const all: Allowance[] = [{ peer: { within: [pod.address], except: [] }, ports: null }];
    for (const { spec } of applying) {
      const rules =
        type === 'Ingress'
          ? (spec.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports }))
          : (spec.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }));
      for (const { peers, ports } of rules) {
        for (const peer of peers.length === 0 ? [null] : peers.map((it) => addressesOf(it, namespace))) {
          // Peers that are nobody here allow nothing, unlike no peers at all.
          if (peer?.within.length === 0) continue;
          if (ports.length === 0) all.push({ peer, ports: null });
          else all.push(...ports.flatMap((port) => allowance(pod, type, peer, port)));
        }
      }
    }
    return all;
  }

  return live
    .map((pod) => ({
      pod: keyOf(pod),
      address: pod.address,
      ingress: allowances(pod, 'Ingress'),
      egress: allowances(pod, 'Egress'),
    }))
    .filter(({ ingress, egress }) => ingress !== null || egress !== null);
}

import { APP_LABEL, LABELS, OPERATOR_LABEL, type Part } from '@voteapp/contracts/cluster-objects';
import { PORTS } from '@voteapp/contracts/ports';
import { DEFAULT_MYSQL_PORT } from '@voteapp/contracts/resource/database';
import type { Peer } from '@voteapp/contracts/resource/network-policy';

import { databaseConnection, HTTP_PORTS, queueConnection } from './connections.ts';
import { type Context, declare, selectorOf } from './context.ts';
import { RABBITMQ_PORTS } from './rabbitmq.ts';

type Selector = { readonly matchLabels?: Readonly<Record<string, string>> };

// As on the wire: client-node's type calls `from` otherwise, and loses it.
interface PolicyPeer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}

interface Edge {
  /** Absent: anybody. */
  readonly peers: readonly PolicyPeer[] | undefined;
  readonly ports: readonly number[];
  readonly protocols?: readonly ('TCP' | 'UDP')[];
}

// The port behind the cluster's DNS Service, which OpenShift has elsewhere.
const DNS: Edge = { peers: undefined, ports: [53, 5353], protocols: ['TCP', 'UDP'] };

function portsOf({ ports, protocols = ['TCP'] }: Edge) {
  return ports.flatMap((port) => protocols.map((protocol) => ({ protocol, port })));
}

function podsOf(context: Context, ...parts: readonly Part[]): PolicyPeer[] {
  return parts.map((part) => ({ podSelector: { matchLabels: selectorOf(context, part) } }));
}

function peersOf(peers: readonly Peer[] | undefined): PolicyPeer[] | undefined {
  return peers?.map(({ pods, addresses }) => ({
    ...(addresses !== undefined && { ipBlock: { cidr: addresses.cidr } }),
    ...(pods?.namespaceLabels !== undefined && { namespaceSelector: { matchLabels: pods.namespaceLabels } }),
    ...(pods !== undefined && { podSelector: pods.podLabels === undefined ? {} : { matchLabels: pods.podLabels } }),
  }));
}

function operator({ facts }: Context): PolicyPeer {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': facts.operatorNamespace } },
    podSelector: { matchLabels: { [LABELS.name]: OPERATOR_LABEL } },
  };
}

function policy(context: Context, part: Part, edges: { ingress: readonly Edge[]; egress: readonly Edge[] }): void {
  declare(context, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    name: context.names.workload(part),
    part,
    spec: {
      podSelector: { matchLabels: selectorOf(context, part) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: edges.ingress.map((edge) => ({ from: edge.peers, ports: portsOf(edge) })),
      // An empty list is stored as none, and each apply of it would be another generation.
      ...(edges.egress.length > 0 && {
        egress: edges.egress.map((edge) => ({ to: edge.peers, ports: portsOf(edge) })),
      }),
    },
  });
}

/** Where a service finds its database or queue: our own pods, or wherever the resource says. */
function towards(context: Context, server: 'mysql' | 'rabbitmq'): Edge {
  const { spec } = context.app;
  const isOurs =
    server === 'mysql' ? spec.database?.type !== 'External' : (spec.queue?.type ?? 'RabbitMQ') === 'RabbitMQ';
  const { port } = server === 'mysql' ? databaseConnection(context) : queueConnection(context);
  return { peers: isOurs ? podsOf(context, server) : peersOf(spec.networkPolicy?.egressTo), ports: [port] };
}

// The agent of EKS Pod Identity on each node, in clusters of IPv4 and of IPv6:
// https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html#pod-id-considerations
const POD_IDENTITY: Edge = {
  peers: ['169.254.170.23/32', 'fd00:ec2::23/128'].map((cidr) => ({ ipBlock: { cidr } })),
  ports: [HTTP_PORTS.plain],
};

/** Whatever a service needs to put votes into the queue or take them out. */
function towardsQueue(context: Context): Edge[] {
  const queue = towards(context, 'rabbitmq');
  const { sqs } = context.app.spec.queue ?? {};
  if (sqs === undefined || sqs.secretRef !== undefined) return [queue];
  // STS, which gives credentials by IRSA, is where SQS itself would be.
  return [{ ...queue, ports: [...new Set([...queue.ports, HTTP_PORTS.tls])] }, POD_IDENTITY];
}

function servicePolicies(context: Context): void {
  const { networkPolicy, expose } = context.app.spec;
  const visitors = peersOf(networkPolicy?.ingressFrom);
  const metrics: Edge = {
    peers: [operator(context), ...(peersOf(networkPolicy?.metricsFrom) ?? [])],
    ports: [PORTS.admin],
  };
  const open = (service: 'vote' | 'front' | 'worker', ...inside: PolicyPeer[]): Edge => ({
    peers: visitors && [...visitors, operator(context), ...inside],
    ports: [PORTS[service]],
  });
  const worker =
    expose?.hosts?.worker === undefined ? { peers: [operator(context)], ports: [PORTS.worker] } : open('worker');
  policy(context, 'vote', {
    ingress: [open('vote'), metrics],
    egress: [DNS, { peers: podsOf(context, 'front'), ports: [PORTS.front] }, ...towardsQueue(context)],
  });
  policy(context, 'front', {
    ingress: [open('front', ...podsOf(context, 'vote')), metrics],
    egress: [DNS, towards(context, 'mysql')],
  });
  policy(context, 'worker', {
    ingress: [worker, metrics],
    egress: [DNS, ...towardsQueue(context), towards(context, 'mysql')],
  });
}

function serverPolicies(context: Context, isManaged: { readonly database: boolean; readonly queue: boolean }): void {
  if (isManaged.database) {
    const clients = podsOf(context, 'worker', 'front');
    policy(context, 'mysql', { ingress: [{ peers: clients, ports: [DEFAULT_MYSQL_PORT] }], egress: [] });
  }
  if (isManaged.queue) {
    const { amqp, epmd, distribution, metrics } = RABBITMQ_PORTS;
    const nodes: Edge = { peers: podsOf(context, 'rabbitmq'), ports: [epmd, distribution] };
    const readers = peersOf(context.app.spec.networkPolicy?.metricsFrom);
    policy(context, 'rabbitmq', {
      ingress: [
        { peers: podsOf(context, 'vote', 'worker'), ports: [amqp] },
        nodes,
        ...(readers === undefined ? [] : [{ peers: readers, ports: [metrics] }]),
      ],
      egress: [DNS, nodes],
    });
  }
}

/** Denies every connection that the app does not need. */
export function declareNetworkPolicies(
  context: Context,
  isManaged: { readonly database: boolean; readonly queue: boolean },
): void {
  if (context.app.spec.networkPolicy?.enabled === false) return;
  declare(context, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    name: context.names.denyAll,
    spec: {
      podSelector: { matchLabels: { [LABELS.name]: APP_LABEL, [LABELS.instance]: context.app.metadata.name } },
      policyTypes: ['Ingress', 'Egress'],
    },
  });
  servicePolicies(context);
  serverPolicies(context, isManaged);
}

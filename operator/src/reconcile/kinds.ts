import { API_VERSION, KIND } from '@voteapp/contracts/voting-app';

import type { Kind } from '../runtime/object.ts';

function namespaced(apiVersion: string, kind: string, plural: string): Kind {
  return { apiVersion, kind, plural, namespaced: true };
}

export const VOTING_APP = namespaced(API_VERSION, KIND, 'votingapps');
export const DEPLOYMENT = namespaced('apps/v1', 'Deployment', 'deployments');
export const STATEFUL_SET = namespaced('apps/v1', 'StatefulSet', 'statefulsets');
export const SECRET = namespaced('v1', 'Secret', 'secrets');
export const POD = namespaced('v1', 'Pod', 'pods');
export const CLAIM = namespaced('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
/** Of the RabbitMQ cluster operator. */
export const RABBITMQ_CLUSTER = namespaced('rabbitmq.com/v1beta1', 'RabbitmqCluster', 'rabbitmqclusters');

/** What a VotingApp becomes on every cluster, its Secret aside. */
export const CHILD_KINDS: readonly Kind[] = [
  DEPLOYMENT,
  STATEFUL_SET,
  namespaced('v1', 'ConfigMap', 'configmaps'),
  namespaced('v1', 'Service', 'services'),
  namespaced('v1', 'ServiceAccount', 'serviceaccounts'),
  namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  namespaced('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
];

/** What it may become besides, where somebody has installed such kinds. */
export const OPTIONAL_KINDS: readonly Kind[] = [
  namespaced('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  namespaced('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'),
];

const BY_NAME = new Map([...CHILD_KINDS, ...OPTIONAL_KINDS, SECRET].map((kind) => [kind.kind, kind]));

/** The kind of an object that the operator makes. */
export function kindOf({ kind }: { readonly kind: string }): Kind {
  const found = BY_NAME.get(kind);
  if (found === undefined) throw new Error(`The operator makes no ${kind}`);
  return found;
}

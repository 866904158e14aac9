import type { Kind, KubeObject } from '../cluster/client.ts';

const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
const BUDGET = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' };
const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' };
const POLICY = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
const SECRET = { apiVersion: 'v1', kind: 'Secret' };
const SERVICE = { apiVersion: 'v1', kind: 'Service' };
const STATEFUL_SET = { apiVersion: 'apps/v1', kind: 'StatefulSet' };
const ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount' };

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly [field: string]: unknown;
}

/** A patch of the pod template's only container; a merge patch has lists whole. */
function container(change: (container: Container) => object): (object: KubeObject) => object {
  return ({ spec }) => {
    const { template } = spec as { template: { spec: { containers: [Container, ...Container[]] } } };
    const [first, ...others] = template.spec.containers;
    return { spec: { template: { spec: { containers: [{ ...first, ...change(first) }, ...others] } } } };
  };
}

const withEnv = (name: string, value: string) =>
  container(({ env }) => ({ env: [...env.filter((variable) => variable.name !== name), { name, value }] }));

/** What somebody does to an object of a VotingApp. */
export interface Edit {
  readonly kind: Kind;
  /** Without that of the VotingApp before it. */
  readonly name: string;
  /** A merge patch, of the object as it is. */
  readonly patch: (object: KubeObject) => object;
  /** The field that the event names. */
  readonly field: string;
}

export const EDITS_OF_WORKLOADS: Readonly<Record<string, Edit>> = {
  'an image is edited': {
    kind: DEPLOYMENT,
    name: 'vote-server',
    patch: container(() => ({ image: 'nowhere/mine:1' })),
    field: 'spec.template.spec.containers[vote].image',
  },
  'a Deployment is scaled by hand': {
    kind: DEPLOYMENT,
    name: 'vote-server',
    patch: () => ({ spec: { replicas: 5 } }),
    field: 'spec.replicas',
  },
  'a database is scaled to nothing': {
    kind: STATEFUL_SET,
    name: 'mysql',
    patch: () => ({ spec: { replicas: 0 } }),
    field: 'spec.replicas',
  },
  'a variable that we set is set otherwise': {
    kind: DEPLOYMENT,
    name: 'worker-server',
    patch: withEnv('POLL_FILE', '/tmp/another'),
    field: 'spec.template.spec.containers[worker].env[POLL_FILE].value',
  },
  'a probe is taken away': {
    kind: DEPLOYMENT,
    name: 'worker-server',
    patch: container(() => ({ readinessProbe: null })),
    field: 'spec.template.spec.containers[worker].readinessProbe',
  },
  'pods may run as root': {
    kind: DEPLOYMENT,
    name: 'front-server',
    patch: () => ({ spec: { template: { spec: { securityContext: { runAsNonRoot: false } } } } }),
    field: 'spec.template.spec.securityContext.runAsNonRoot',
  },
  'a limit is raised': {
    kind: STATEFUL_SET,
    name: 'rabbitmq',
    patch: container(() => ({ resources: { limits: { memory: '64Gi' } } })),
    field: 'spec.template.spec.containers[rabbitmq].resources.limits.memory',
  },
};

export const OTHER_EDITS: Readonly<Record<string, Edit>> = {
  'a label is removed': {
    kind: SERVICE,
    name: 'vote-service',
    patch: () => ({ metadata: { labels: { 'app.kubernetes.io/part-of': null } } }),
    field: 'metadata.labels.app.kubernetes.io/part-of',
  },
  'the label that says whose it is is removed': {
    kind: SERVICE,
    name: 'worker-service',
    patch: () => ({ metadata: { labels: { 'app.kubernetes.io/instance': null } } }),
    field: 'metadata.labels.app.kubernetes.io/instance',
  },
  'the label that the operator watches by is removed': {
    kind: ACCOUNT,
    name: 'vote-server',
    patch: () => ({ metadata: { labels: { 'app.kubernetes.io/managed-by': null } } }),
    field: 'metadata.labels.app.kubernetes.io/managed-by',
  },
  'a label of the Secret is edited': {
    kind: SECRET,
    name: 'voteapp-secret',
    patch: () => ({ metadata: { labels: { 'app.kubernetes.io/part-of': 'another' } } }),
    field: 'metadata.labels.app.kubernetes.io/part-of',
  },
  'the owner is removed': {
    kind: CONFIG_MAP,
    name: 'rabbitmq-settings',
    patch: () => ({ metadata: { ownerReferences: null } }),
    field: 'metadata.ownerReferences',
  },
  'a Service selects other pods': {
    kind: SERVICE,
    name: 'front-service',
    patch: () => ({ spec: { selector: { 'app.kubernetes.io/component': 'worker' } } }),
    field: 'spec.selector.app.kubernetes.io/component',
  },
  'the poll is edited past the resource': {
    kind: CONFIG_MAP,
    name: 'poll',
    patch: () => ({ data: { 'poll.json': '{}' } }),
    field: 'data.poll.json',
  },
  'a NetworkPolicy is emptied': {
    kind: POLICY,
    name: 'mysql',
    patch: () => ({ spec: { ingress: [] } }),
    field: 'spec.ingress',
  },
  'a NetworkPolicy lets everybody in': {
    kind: POLICY,
    name: 'mysql',
    patch: ({ spec = {} }) => ({ spec: { ingress: [...(spec['ingress'] as object[]), {}] } }),
    field: 'spec.ingress',
  },
  'a budget lets more pods go': {
    kind: BUDGET,
    name: 'vote-server',
    patch: () => ({ spec: { maxUnavailable: 3 } }),
    field: 'spec.maxUnavailable',
  },
  'an autoscaler may go further': {
    kind: AUTOSCALER,
    name: 'front-server',
    patch: () => ({ spec: { maxReplicas: 60 } }),
    field: 'spec.maxReplicas',
  },
  'an Ingress has another host': {
    kind: INGRESS,
    name: 'vote-ingress',
    patch: ({ spec = {} }) => ({
      spec: { rules: [{ ...(spec['rules'] as [object])[0], host: 'elsewhere.example.com' }] },
    }),
    field: 'spec.rules[0].host',
  },
};

export const REMOVED: readonly (readonly [Kind, string])[] = [
  [SERVICE, 'vote-service'],
  [SERVICE, 'rabbitmq-nodes'],
  [DEPLOYMENT, 'front-server'],
  [STATEFUL_SET, 'mysql'],
  [CONFIG_MAP, 'poll'],
  [POLICY, 'default-deny'],
  [ACCOUNT, 'worker-server'],
  [BUDGET, 'vote-server'],
  [AUTOSCALER, 'front-server'],
  [INGRESS, 'vote-ingress'],
];

/** A name that is none of ours. */
export const OWN = 'example.com/mine';

export const LEFT_ALONE: Readonly<Record<string, Omit<Edit, 'field'>>> = {
  'an annotation of a Service': {
    kind: SERVICE,
    name: 'vote-service',
    patch: () => ({ metadata: { annotations: { [OWN]: 'yes' } } }),
  },
  'a label of a Deployment': {
    kind: DEPLOYMENT,
    name: 'worker-server',
    patch: () => ({ metadata: { labels: { [OWN]: 'yes' } } }),
  },
  'a label of pods': {
    kind: DEPLOYMENT,
    name: 'vote-server',
    patch: () => ({ spec: { template: { metadata: { labels: { [OWN]: 'yes' } } } } }),
  },
  'what kubectl rollout restart says': {
    kind: DEPLOYMENT,
    name: 'vote-server',
    patch: () => ({
      spec: {
        template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } } },
      },
    }),
  },
  'a variable besides ours': { kind: DEPLOYMENT, name: 'worker-server', patch: withEnv('HTTPS_PROXY', 'http://proxy') },
  'a key of a ConfigMap': { kind: CONFIG_MAP, name: 'poll', patch: () => ({ data: { mine: 'yes' } }) },
  'a number of pods by an autoscaler': {
    kind: DEPLOYMENT,
    name: 'front-server',
    patch: () => ({ spec: { replicas: 5 } }),
  },
};

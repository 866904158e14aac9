import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1ResourceRequirements } from '@kubernetes/client-node';
import { ANNOTATIONS, type Part } from '@voteapp/contracts/cluster-objects';
import type { VotingAppSpec } from '@voteapp/contracts/resource/spec';

import { type Context, type Fields, labelsOf, selectorOf } from './context.ts';
import { imageOf } from './images.ts';

export const ADMIN_PORT_NAME = 'admin';
export const METRICS_PORT_NAME = 'prometheus';

/** Users of the images: a number, for `restricted` admission cannot look a name up. */
const USERS: Readonly<Record<Part, number>> = {
  vote: 65_532,
  worker: 65_532,
  front: 65_532,
  mysql: 999,
  rabbitmq: 999,
};

/** What suits a poll of medium size. CPU is not limited: a throttled pod is a late one. */
const RESOURCES: Readonly<Record<Part, Fields<V1ResourceRequirements>>> = {
  vote: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  worker: { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } },
  front: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  mysql: { requests: { cpu: '250m', memory: '1Gi' }, limits: { memory: '2Gi' } },
  rabbitmq: { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '1Gi' } },
};

type PodSection = NonNullable<VotingAppSpec['worker']>;

/** What the resource says of the pods of a part; empty where it says nothing. */
export function podSectionOf(
  { app: { spec } }: Context,
  part: Part,
): Partial<Omit<PodSection, 'replicas' | 'service'>> {
  switch (part) {
    case 'mysql':
      return spec.database?.managed ?? {};
    case 'rabbitmq':
      return spec.queue?.rabbitmq ?? {};
    default:
      return spec[part] ?? {};
  }
}

export function resourcesOf(context: Context, part: Part): Fields<V1ResourceRequirements> {
  const { resources } = podSectionOf(context, part);
  if (resources === undefined) return RESOURCES[part];
  const amounts = (given: typeof resources.requests) =>
    given && Object.fromEntries(Object.entries(given).map(([name, amount]) => [name, String(amount)]));
  return { requests: amounts(resources.requests), limits: amounts(resources.limits) };
}

interface Pod {
  readonly part: Part;
  /** What its one container has beside image, resources and restrictions. */
  readonly container: Fields<V1Container>;
  readonly volumes: NonNullable<Fields<V1PodSpec>['volumes']>;
  /** Seconds from SIGTERM to SIGKILL. */
  readonly graceSeconds: number;
  /** Whether files of its volumes belong to its group. */
  readonly ownsVolumes?: boolean;
  /** Hash of what it reads at its start, so that a change rolls it. */
  readonly configuration?: string | undefined;
  readonly restartedAt?: string | undefined;
}

function annotationsOf(
  context: Context,
  { part, configuration, restartedAt }: Pod,
): Record<string, string> | undefined {
  const annotations = {
    ...podSectionOf(context, part).podAnnotations,
    ...(configuration !== undefined && { [ANNOTATIONS.configuration]: configuration }),
    ...(restartedAt !== undefined && { [ANNOTATIONS.restartedAt]: restartedAt }),
  };
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}

/** The pods of a part, which the `restricted` Pod Security Standard admits. */
export function podTemplate(context: Context, pod: Pod): Fields<V1PodTemplateSpec> {
  const { part, container, volumes } = pod;
  const { podLabels, scheduling } = podSectionOf(context, part);
  const { images } = context.app.spec;
  const user = USERS[part];
  const selector = selectorOf(context, part);
  const spread = ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selector },
  }));
  return {
    metadata: {
      labels: { ...podLabels, ...labelsOf(context, part) },
      annotations: annotationsOf(context, pod),
    },
    spec: {
      serviceAccountName: context.names.workload(part),
      automountServiceAccountToken: false,
      // A variable for every Service of the namespace, some of which our servers would take for settings.
      enableServiceLinks: false,
      terminationGracePeriodSeconds: pod.graceSeconds,
      imagePullSecrets: images?.pullSecrets?.map(({ name }) => ({ name })),
      nodeSelector: scheduling?.nodeSelector,
      tolerations: scheduling?.tolerations?.map((toleration) => ({ ...toleration })),
      priorityClassName: scheduling?.priorityClassName,
      topologySpreadConstraints: (scheduling?.topologySpread ?? 'Preferred') === 'Preferred' ? spread : undefined,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' },
        // Else each mount opens Erlang's cookie to the group again, and the broker refuses it.
        ...(pod.ownsVolumes === true && { fsGroup: user, fsGroupChangePolicy: 'OnRootMismatch' }),
      },
      containers: [
        {
          name: part,
          image: imageOf(context, part),
          imagePullPolicy: images?.pullPolicy ?? 'IfNotPresent',
          resources: resourcesOf(context, part),
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            readOnlyRootFilesystem: true,
          },
          ...container,
        },
      ],
      volumes,
    },
  };
}

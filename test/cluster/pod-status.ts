import type { KubeObject } from './client.ts';

/** What a pod is to be: "Unready" runs all the same; one that waits does so for a reason, as "ImagePullBackOff". */
export type PodState =
  | 'Ready'
  | 'Unready'
  | 'Succeeded'
  | 'Failed'
  | { readonly waiting: string; readonly message?: string };

interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}

interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly state: Readonly<Record<string, { readonly reason?: string; readonly exitCode?: number }>>;
}

export interface PodStatus {
  readonly phase: string;
  readonly startTime?: string;
  readonly podIP?: string;
  readonly conditions?: readonly PodCondition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

interface Node {
  readonly address: string;
  /** An address for a pod that has none yet. */
  readonly newPodAddress: () => string;
}

const ENDED = {
  Succeeded: { exitCode: 0, reason: 'Completed' },
  Failed: { exitCode: 1, reason: 'Error' },
} as const;

function phaseOf(state: PodState): string {
  if (state === 'Succeeded' || state === 'Failed') return state;
  if (typeof state === 'string' || state.waiting === 'CrashLoopBackOff') return 'Running';
  return 'Pending';
}

function containerState(state: PodState, since: string): ContainerStatus['state'] {
  if (typeof state === 'object') return { waiting: { reason: state.waiting, message: state.message ?? '' } as object };
  if (state === 'Succeeded' || state === 'Failed') {
    return { terminated: { ...ENDED[state], startedAt: since, finishedAt: since } as object };
  }
  return { running: { startedAt: since } as object };
}

function containerStatus({ name, image }: Container, state: PodState, since: string): ContainerStatus {
  const seen = typeof state === 'object' ? {} : { imageID: image, containerID: `fake://${name}` };
  const started = phaseOf(state) === 'Running' && typeof state === 'string';
  const status = { name, image, imageID: '', restartCount: 0, ...seen, started, ready: state === 'Ready' };
  return { ...status, state: containerState(state, since) };
}

function conditions(
  { containers }: PodSpec,
  state: PodState,
  present: readonly PodCondition[],
  now: string,
): PodCondition[] {
  const names = containers.map(({ name }) => name).join(' ');
  const why =
    state === 'Succeeded'
      ? { reason: 'PodCompleted' }
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` };
  const ready = state === 'Ready' ? { status: 'True' as const } : { status: 'False' as const, ...why };
  const ours: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: state === 'Succeeded' || state === 'Failed' ? 'False' : 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', ...ready },
    { type: 'Ready', ...ready },
  ];
  const others = present.filter(({ type }) => !ours.some((condition) => condition.type === type));
  const timed = ours.map((condition) => {
    const before = present.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, lastTransitionTime: before?.lastTransitionTime ?? now };
  });
  return [...others, ...timed];
}

/** What of a status is there to be seen. */
function gist({ phase, conditions = [], containerStatuses = [] }: PodStatus): string {
  const ready = conditions.find(({ type }) => type === 'Ready')?.status;
  const containers = containerStatuses.map(({ name, ready, state }) => [
    name,
    ready,
    Object.entries(state).map(([kind, { reason }]) => [kind, reason ?? '']),
  ]);
  return JSON.stringify([phase, ready, containers]);
}

/** The status that a kubelet would write for a pod in a state; null where it stands there already. */
export function statusFor(pod: KubeObject, state: PodState, node: Node, now: string): PodStatus | null {
  const spec = pod.spec as unknown as PodSpec;
  const present = (pod.status ?? { phase: 'Pending' }) as unknown as PodStatus;
  const since = present.startTime ?? now;
  const podIP = present.podIP ?? node.newPodAddress();
  const status = {
    phase: phaseOf(state),
    startTime: since,
    hostIP: node.address,
    hostIPs: [{ ip: node.address }],
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: conditions(spec, state, present.conditions ?? [], now),
    containerStatuses: spec.containers.map((container) => containerStatus(container, state, since)),
    initContainerStatuses: (spec.initContainers ?? []).map((container) => {
      // Such a one runs beside the others.
      const done = container.restartPolicy === 'Always' ? 'Ready' : 'Succeeded';
      return { ...containerStatus(container, done, since), ready: true };
    }),
  };
  return gist(status) === gist(present) ? null : status;
}

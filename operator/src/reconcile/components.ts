import { LABELS, objectNames, type Part } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { partsOf } from '../desired/desired.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { DEPLOYMENT, POD, STATEFUL_SET } from './kinds.ts';
import { fitting } from './outcome.ts';
import { nameOf } from './ownership.ts';

type Copy = Pick<ClusterCopy, 'get' | 'listOf'>;

/** A part of a VotingApp as its pods are. */
export interface Component {
  readonly part: Part;
  readonly desired: number;
  readonly ready: number;
  readonly image: string | null;
  /** What is wrong; null: nothing. */
  readonly message: string | null;
  /** Whether there is nothing that would make its pods. */
  readonly isMissing: boolean;
  /** Whether a pod will not become ready by waiting. */
  readonly isStuck: boolean;
  /** Whether its pods are being replaced, or their number is being changed. */
  readonly isRolling: boolean;
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly template?: { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } };
}

interface WorkloadStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
}

interface ContainerStatus {
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly reason?: string } };
  readonly ready?: boolean;
}

interface PodStatus {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

// A pod that is merely on its way.
const PASSING: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

function containerProblem({ state, lastState, ready }: ContainerStatus): string | null {
  const waiting = state?.waiting?.reason;
  const ended = lastState?.terminated?.reason;
  if (waiting !== undefined && !PASSING.has(waiting))
    return ended === undefined ? waiting : `${waiting} after ${ended}`;
  return ready === false && ended === 'OOMKilled' ? ended : null;
}

/** Why a pod does not become ready; null where waiting may help. */
function podProblem(pod: KubeObject): string | null {
  const { conditions = [], containerStatuses = [] } = (pod['status'] ?? {}) as PodStatus;
  const name = `pod ${pod.metadata.name}`;
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False')
    return `${name} ${scheduled.reason ?? 'Unschedulable'}: ${scheduled.message ?? ''}`;
  const problem = containerStatuses.map(containerProblem).find((each) => each !== null);
  return problem === undefined ? null : `${name} ${problem}`;
}

function workloadProblem({ conditions = [] }: WorkloadStatus): string | null {
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  return failure?.message ?? null;
}

function isRolling({ metadata }: KubeObject, desired: number, status: WorkloadStatus): boolean {
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0 } = status;
  return observedGeneration < (metadata.generation ?? 0) || updatedReplicas < desired || replicas !== desired;
}

/** A Deployment or StatefulSet as its pods are: those that are meant to stay. */
export function observeWorkload(workload: KubeObject, pods: readonly KubeObject[]): Omit<Component, 'part'> {
  const { replicas: desired = 1, template } = (workload['spec'] ?? {}) as WorkloadSpec;
  const status = (workload['status'] ?? {}) as WorkloadStatus;
  const { readyReplicas: ready = 0 } = status;
  const problem = workloadProblem(status) ?? pods.map(podProblem).find((each) => each !== null) ?? null;
  const counted = `${nameOf(workload)}: ${ready}/${desired} ready`;
  const message = problem === null ? counted : `${counted}: ${problem}`;
  return {
    desired,
    ready,
    image: template?.spec?.containers?.[0]?.image ?? null,
    message: ready < desired || problem !== null ? fitting(message) : null,
    isMissing: false,
    isStuck: problem !== null,
    isRolling: isRolling(workload, desired, status),
  };
}

function componentOf(copy: Copy, app: VotingApp, part: Part): Component {
  const { namespace = '', name } = app.metadata;
  const kind = part === 'mysql' || part === 'rabbitmq' ? STATEFUL_SET : DEPLOYMENT;
  const workload = copy.get(kind, namespace, objectNames(name).workload(part));
  if (workload === undefined) {
    const message = `${kind.kind} ${objectNames(name).workload(part)} is not there`;
    return { part, desired: 0, ready: 0, image: null, message, isMissing: true, isStuck: false, isRolling: true };
  }
  const pods = copy.listOf(POD, namespace, name);
  const staying = pods.filter(
    ({ metadata }) => metadata.labels?.[LABELS.component] === part && metadata.deletionTimestamp === undefined,
  );
  return { part, ...observeWorkload(workload, staying) };
}

/** The parts of a VotingApp as they are. */
export function observeComponents(copy: Copy, app: VotingApp): Component[] {
  return partsOf(app).map((part) => componentOf(copy, app, part));
}

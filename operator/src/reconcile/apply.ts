import { createHash } from 'node:crypto';

import { ANNOTATIONS, FIELD_MANAGERS } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { ApiError } from '../runtime/api-server.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { difference } from './difference.ts';
import { immutableProblem, withLiveClaimTemplates } from './immutable.ts';
import { CHILD_KINDS, DEPLOYMENT, kindOf } from './kinds.ts';
import type { Problem } from './outcome.ts';
import { adoptionProblem, nameOf } from './ownership.ts';

export interface ApplyDeps {
  readonly objects: Pick<Objects, 'get' | 'apply'>;
  readonly copy: Pick<ClusterCopy, 'get' | 'serves'>;
}

/** What became of one object. */
export type Outcome =
  | { readonly did: 'nothing' | 'created' | 'changed'; readonly object: KubeObject }
  /** Somebody had changed `field`. */
  | { readonly did: 'corrected'; readonly object: KubeObject; readonly field: string }
  | { readonly did: 'failed'; readonly object: KubeObject; readonly problem: Problem };

function hashOf(object: KubeObject): string {
  return createHash('sha256').update(JSON.stringify(object)).digest('hex').slice(0, 16);
}

/**
 * What is sent to the server for an object, by what it is there: with a note of what it was made from, for a difference
 * from the same note is somebody else's doing.
 */
export function asApplied(desired: KubeObject, live: KubeObject | undefined): KubeObject {
  const wanted = live === undefined ? desired : withLiveClaimTemplates(desired, live);
  const annotations = { ...wanted.metadata.annotations, [ANNOTATIONS.applied]: hashOf(desired) };
  return { ...wanted, metadata: { ...wanted.metadata, annotations } };
}

function replicasOf(object: KubeObject): number | undefined {
  return (object['spec'] as { readonly replicas?: number } | undefined)?.replicas;
}

/** Whether a Deployment leaves its number of pods to an autoscaler. */
function isAutoscaled(wanted: KubeObject): boolean {
  return wanted.kind === DEPLOYMENT.kind && replicasOf(wanted) === undefined;
}

/** Whether the operator declares the number of pods of an object, which is as the server has it. */
function declaresReplicas({ metadata: { managedFields = [] } }: KubeObject): boolean {
  return managedFields.some(({ manager, fieldsV1 }) => {
    const spec = fieldsV1?.['f:spec'] as Readonly<Record<string, unknown>> | undefined;
    return manager === FIELD_MANAGERS.objects && spec?.['f:replicas'] !== undefined;
  });
}

async function holdReplicas({ objects }: ApplyDeps, wanted: KubeObject, replicas: number): Promise<void> {
  const { apiVersion, kind } = wanted;
  const { name, namespace = '' } = wanted.metadata;
  const held = { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } };
  await objects.apply(DEPLOYMENT, held, { manager: FIELD_MANAGERS.handOver, force: true });
}

/**
 * Gives the number of pods over to an autoscaler: whoever stops declaring a number while nobody else does takes it with
 * it, and a Deployment without one has one pod. Of none, as of a sleep, no autoscaler would begin.
 */
async function handOverReplicas(deps: ApplyDeps, wanted: KubeObject, fewest: number): Promise<void> {
  const { name, namespace = '' } = wanted.metadata;
  // A copy may be older than the autoscaler's last word.
  const live = await deps.objects.get(DEPLOYMENT, { namespace, name });
  if (live === null || !declaresReplicas(live)) return;
  await holdReplicas(deps, wanted, Math.max(replicasOf(live) ?? 0, fewest));
}

async function send(
  deps: ApplyDeps,
  object: KubeObject,
  live: KubeObject | undefined,
  fewest: number,
): Promise<Outcome> {
  const kind = kindOf(object);
  if (live === undefined) {
    await deps.objects.apply(kind, object, { manager: FIELD_MANAGERS.objects, force: true });
    // An autoscaler has its first look only after some seconds.
    if (isAutoscaled(object)) await holdReplicas(deps, object, fewest);
    return { did: 'created', object };
  }
  const field = difference(object, live);
  if (field === null) return { did: 'nothing', object };
  const isSame =
    live.metadata.annotations?.[ANNOTATIONS.applied] === object.metadata.annotations?.[ANNOTATIONS.applied];
  if (!isSame && isAutoscaled(object)) await handOverReplicas(deps, object, fewest);
  await deps.objects.apply(kind, object, { manager: FIELD_MANAGERS.objects, force: true });
  return isSame ? { did: 'corrected', object, field } : { did: 'changed', object };
}

/** Whether the server will not do what it was asked for, however often; else it is away or too busy. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code < 500 && error.code !== 429;
}

function refusal(object: KubeObject, error: unknown): Outcome {
  if (!isRefusal(error)) throw error;
  return { did: 'failed', object, problem: { reason: 'ApplyFailed', message: `${nameOf(object)}: ${error.message}` } };
}

/** How many pods each Deployment with an autoscaler begins with: the fewest that it may have. */
export function fewestPods(desired: readonly KubeObject[]): ReadonlyMap<string, number> {
  const autoscalers = desired.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
  return new Map(
    autoscalers.map(({ spec }) => {
      const { scaleTargetRef, minReplicas } = spec as { scaleTargetRef: { name: string }; minReplicas: number };
      return [scaleTargetRef.name, minReplicas];
    }),
  );
}

/**
 * Makes one object what it is to be; a Deployment with an autoscaler begins with the `fewest` pods. A refusal is an
 * outcome; a server that is away or too busy is thrown.
 */
export async function applyObject(deps: ApplyDeps, app: VotingApp, desired: KubeObject, fewest = 1): Promise<Outcome> {
  const { objects, copy } = deps;
  const kind = kindOf(desired);
  const { name, namespace = '' } = desired.metadata;
  try {
    if (!CHILD_KINDS.includes(kind) && !(await copy.serves(kind))) {
      const message = `${nameOf(desired)} needs ${kind.apiVersion}, which this cluster does not serve: install it.`;
      return { did: 'failed', object: desired, problem: { reason: 'KindNotServed', message } };
    }
    // What is not the operator's is not in its copy.
    const live = copy.get(kind, namespace, name) ?? (await objects.get(kind, { namespace, name })) ?? undefined;
    const wanted = asApplied(desired, live);
    const problem = live === undefined ? null : (adoptionProblem(live, app) ?? immutableProblem(wanted, live));
    if (problem !== null) return { did: 'failed', object: desired, problem };
    return await send(deps, wanted, live, fewest);
  } catch (error) {
    return refusal(desired, error);
  }
}

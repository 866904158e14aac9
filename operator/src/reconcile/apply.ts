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

/** An object with a note of what it was made from: a difference from the same note is somebody else's doing. */
function stamped(object: KubeObject, source: KubeObject): KubeObject {
  const annotations = { ...object.metadata.annotations, [ANNOTATIONS.applied]: hashOf(source) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/**
 * Gives the number of pods over to an autoscaler: whoever stops declaring a number while nobody else does takes it with
 * it, and a Deployment without one has one pod.
 */
async function handOverReplicas({ objects }: ApplyDeps, wanted: KubeObject, live: KubeObject): Promise<void> {
  const { replicas } = (live['spec'] ?? {}) as { replicas?: number };
  const { apiVersion, kind } = wanted;
  const { name, namespace = '' } = wanted.metadata;
  const held = { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } };
  await objects.apply(DEPLOYMENT, held, { manager: FIELD_MANAGERS.handOver, force: true });
}

function givesReplicasAway(wanted: KubeObject, live: KubeObject): boolean {
  const declares = (object: KubeObject) =>
    (object['spec'] as { replicas?: number } | undefined)?.replicas !== undefined;
  return wanted.kind === DEPLOYMENT.kind && declares(live) && !declares(wanted);
}

async function send(deps: ApplyDeps, object: KubeObject, live: KubeObject | undefined): Promise<Outcome> {
  const kind = kindOf(object);
  if (live === undefined) {
    await deps.objects.apply(kind, object, { manager: FIELD_MANAGERS.objects, force: true });
    return { did: 'created', object };
  }
  const field = difference(object, live);
  if (field === null) return { did: 'nothing', object };
  const isSame =
    live.metadata.annotations?.[ANNOTATIONS.applied] === object.metadata.annotations?.[ANNOTATIONS.applied];
  if (!isSame && givesReplicasAway(object, live)) await handOverReplicas(deps, object, live);
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

/** Makes one object what it is to be. A refusal is an outcome; a server that is away or too busy is thrown. */
export async function applyObject(deps: ApplyDeps, app: VotingApp, desired: KubeObject): Promise<Outcome> {
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
    const wanted = live === undefined ? desired : withLiveClaimTemplates(desired, live);
    const problem = live === undefined ? null : (adoptionProblem(live, app) ?? immutableProblem(wanted, live));
    if (problem !== null) return { did: 'failed', object: desired, problem };
    return await send(deps, stamped(wanted, desired), live);
  } catch (error) {
    return refusal(desired, error);
  }
}

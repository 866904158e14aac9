import { ANNOTATIONS, FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { KubeObject } from '../runtime/object.ts';
import type { Problem } from './outcome.ts';

/** As "StatefulSet shop-mysql". */
export function nameOf({ kind, metadata: { name } }: Pick<KubeObject, 'kind' | 'metadata'>): string {
  return `${kind} ${name}`;
}

function controllerOf({ metadata: { ownerReferences } }: KubeObject) {
  return ownerReferences?.find(({ controller }) => controller === true);
}

/** Whether the object is one of a VotingApp's, and of no other's of the same name before or after it. */
export function isOwnedBy(object: KubeObject, app: Pick<VotingApp, 'metadata'>): boolean {
  return controllerOf(object)?.uid === app.metadata.uid;
}

function hasOurLabels({ metadata: { labels } }: KubeObject, app: Pick<VotingApp, 'metadata'>): boolean {
  return labels?.[LABELS.managedBy] === FIELD_MANAGERS.objects && labels[LABELS.instance] === app.metadata.name;
}

/** Why an object that is there may not be changed into the one that is needed; null where it may. */
export function adoptionProblem(object: KubeObject, app: Pick<VotingApp, 'metadata' | 'kind'>): Problem | null {
  const { annotations, deletionTimestamp } = object.metadata;
  const controller = controllerOf(object);
  if (deletionTimestamp !== undefined) {
    return { reason: 'BeingDeleted', message: `${nameOf(object)} is being deleted; it is made anew afterwards.` };
  }
  if (controller?.uid === app.metadata.uid) return null;
  if (controller === undefined) {
    // What was left to itself when its owner was deleted, or somebody's gift.
    if (hasOurLabels(object, app) || annotations?.[ANNOTATIONS.adopt] === 'true') return null;
    const hint = `annotate it with ${ANNOTATIONS.adopt}: "true" to give it to ${nameOf(app as KubeObject)}, or rename one of them`;
    return {
      reason: 'AdoptionRefused',
      message: `${nameOf(object)} is there already and is not the operator’s: ${hint}.`,
    };
  }
  if (controller.kind === app.kind && controller.name === app.metadata.name) {
    const message = `${nameOf(object)} is of an earlier ${nameOf(app as KubeObject)} and is being removed; it is made anew afterwards.`;
    return { reason: 'BeingDeleted', message };
  }
  return {
    reason: 'AdoptionRefused',
    message: `${nameOf(object)} belongs to ${controller.kind} ${controller.name}: rename one of them.`,
  };
}

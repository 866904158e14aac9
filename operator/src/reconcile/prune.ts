import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { KubeObject } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import { isRefusal } from './apply.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { CHILD_KINDS, OPTIONAL_KINDS } from './kinds.ts';
import type { Problem } from './outcome.ts';
import { isOwnedBy, nameOf } from './ownership.ts';

export interface PruneDeps {
  readonly objects: Pick<Objects, 'remove'>;
  readonly copy: Pick<ClusterCopy, 'listOf'>;
}

export interface Pruned {
  readonly removed: readonly KubeObject[];
  readonly refused: readonly Problem[];
}

/** Removes what the VotingApp has and is no longer to have. A server that is away or too busy is thrown. */
export async function prune(
  { objects, copy }: PruneDeps,
  app: VotingApp,
  desired: readonly KubeObject[],
): Promise<Pruned> {
  const { namespace = '', name } = app.metadata;
  const wanted = new Set(desired.map(nameOf));
  const removed: KubeObject[] = [];
  const refused: Problem[] = [];
  for (const kind of [...CHILD_KINDS, ...OPTIONAL_KINDS]) {
    for (const object of copy.listOf(kind, namespace, name)) {
      if (wanted.has(nameOf(object)) || !isOwnedBy(object, app) || object.metadata.deletionTimestamp !== undefined)
        continue;
      try {
        await objects.remove(kind, object.metadata, { uid: object.metadata.uid });
        removed.push(object);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push({ reason: 'DeleteFailed', message: `${nameOf(object)}: ${error.message}` });
      }
    }
  }
  return { removed, refused };
}

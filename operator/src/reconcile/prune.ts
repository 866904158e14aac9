import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { KubeObject } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { CHILD_KINDS, OPTIONAL_KINDS } from './kinds.ts';
import { isOwnedBy, nameOf } from './ownership.ts';

export interface PruneDeps {
  readonly objects: Pick<Objects, 'remove'>;
  readonly copy: Pick<ClusterCopy, 'listOf'>;
}

/** Removes what the VotingApp has and is no longer to have; resolves with what that was. */
export async function prune(
  { objects, copy }: PruneDeps,
  app: VotingApp,
  desired: readonly KubeObject[],
): Promise<KubeObject[]> {
  const { namespace = '', name } = app.metadata;
  const wanted = new Set(desired.map(nameOf));
  const removed: KubeObject[] = [];
  for (const kind of [...CHILD_KINDS, ...OPTIONAL_KINDS]) {
    for (const object of copy.listOf(kind, namespace, name)) {
      if (wanted.has(nameOf(object)) || !isOwnedBy(object, app) || object.metadata.deletionTimestamp !== undefined)
        continue;
      await objects.remove(kind, object.metadata, { uid: object.metadata.uid });
      removed.push(object);
    }
  }
  return removed;
}

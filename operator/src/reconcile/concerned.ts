import { FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';
import { resourceSchema } from '@voteapp/contracts/resource/voting-app';

import { keyOf, type KubeObject } from '../runtime/object.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { SECRET, VOTING_APP } from './kinds.ts';
import { neededSecrets } from './secrets.ts';

/** What of a VotingApp is not the operator's own doing. */
function asked({ metadata: { uid, generation, annotations, deletionTimestamp } }: KubeObject): string {
  return JSON.stringify([uid, generation, annotations, deletionTimestamp]);
}

function names(app: KubeObject, secret: string): boolean {
  const parsed = resourceSchema.safeParse(app);
  return parsed.success && neededSecrets(parsed.data, null).some(({ name }) => name === secret);
}

/** Keys of the VotingApps that a change of an object concerns. */
export function concernedBy(
  copy: Pick<ClusterCopy, 'list'>,
  object: KubeObject,
  before: KubeObject | null,
): readonly string[] {
  const { namespace = '', labels, name } = object.metadata;
  if (object.kind === VOTING_APP.kind) {
    return before !== null && asked(before) === asked(object) ? [] : [keyOf(object)];
  }
  const instance = labels?.[LABELS.managedBy] === FIELD_MANAGERS.objects ? labels[LABELS.instance] : undefined;
  if (instance !== undefined) return [`${namespace}/${instance}`];
  if (object.kind !== SECRET.kind) return [];
  return copy.list(VOTING_APP, namespace).flatMap((app) => (names(app, name) ? keyOf(app) : []));
}

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

/** Key of the VotingApp that an object is of, by its labels. */
function labelledFor({ metadata: { namespace = '', labels } }: KubeObject): string | undefined {
  const instance = labels?.[LABELS.managedBy] === FIELD_MANAGERS.objects ? labels[LABELS.instance] : undefined;
  return instance === undefined ? undefined : `${namespace}/${instance}`;
}

/** Keys of the VotingApps that a change of an object concerns. */
export function concernedBy(
  copy: Pick<ClusterCopy, 'list'>,
  object: KubeObject,
  before: KubeObject | null,
): readonly string[] {
  const { namespace = '', name } = object.metadata;
  if (object.kind === VOTING_APP.kind) {
    return before !== null && asked(before) === asked(object) ? [] : [keyOf(object)];
  }
  // Whoever takes its labels away does not take it away.
  const keys = new Set([before, object].flatMap((each) => (each === null ? [] : (labelledFor(each) ?? []))));
  if (keys.size > 0) return [...keys];
  if (object.kind !== SECRET.kind) return [];
  return copy.list(VOTING_APP, namespace).flatMap((app) => (names(app, name) ? keyOf(app) : []));
}

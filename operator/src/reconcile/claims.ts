import { FIELD_MANAGERS } from '@voteapp/contracts/cluster-objects';
import { isAtMost } from '@voteapp/contracts/resource/quantity';

import type { KubeObject } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import { isRefusal } from './apply.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { claimSizes } from './immutable.ts';
import { CLAIM } from './kinds.ts';
import { nameOf } from './ownership.ts';
import type { Problem } from './outcome.ts';

interface ClaimSpec {
  readonly resources?: { readonly requests?: { readonly storage?: string } };
}

interface ClaimsDeps {
  readonly objects: Pick<Objects, 'apply'>;
  readonly copy: Pick<ClusterCopy, 'get'>;
}

/** The claims of a StatefulSet that are smaller than it asks for, with the size that they are to have. */
function smallClaims({ copy }: ClaimsDeps, statefulSet: KubeObject): { claim: KubeObject; size: string }[] {
  const { name, namespace = '' } = statefulSet.metadata;
  const { replicas = 0 } = statefulSet['spec'] as { replicas?: number };
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  return claimSizes(statefulSet).flatMap(({ template, size }) =>
    ordinals.flatMap((ordinal) => {
      const claim = copy.get(CLAIM, namespace, `${template}-${name}-${ordinal}`);
      const storage = (claim?.['spec'] as ClaimSpec | undefined)?.resources?.requests?.storage;
      return claim === undefined || storage === undefined || isAtMost(size, storage) ? [] : { claim, size };
    }),
  );
}

/** Lets the volumes of a StatefulSet grow: its template never changes, the claims made from it do. */
export async function growClaims(deps: ClaimsDeps, statefulSet: KubeObject): Promise<Problem | null> {
  for (const { claim, size } of smallClaims(deps, statefulSet)) {
    const { name, namespace = '', uid = '' } = claim.metadata;
    const spec = { resources: { requests: { storage: size } } };
    const wanted = { apiVersion: CLAIM.apiVersion, kind: CLAIM.kind, metadata: { name, namespace, uid }, spec };
    try {
      await deps.objects.apply(CLAIM, wanted, { manager: FIELD_MANAGERS.objects, force: true });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { reason: 'ApplyFailed', message: `${nameOf(claim)} cannot grow to ${size}: ${error.message}` };
    }
  }
  return null;
}

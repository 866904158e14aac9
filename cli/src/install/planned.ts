import { difference } from '@voteapp/operator/reconcile/difference';
import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { missingRights, nameOfRight } from '../cluster/rights.ts';
import { EXIT, Failure } from '../exit-codes.ts';
import { isEstablished } from './apply.ts';
import { neededRights } from './hindrances.ts';
import { DEFINITION, kindOf, NAMESPACE } from './manifest.ts';

/** An object of an installation, beside what the cluster has of it. */
export interface Planned {
  readonly wanted: KubeObject;
  /** Null: there is none, or the user may not look at it. */
  readonly before: KubeObject | null;
  /** False: it is left as it is, for that will do, and the user may not write it. */
  readonly isWritten: boolean;
}

const UNSEEN = Symbol('what the user may not look at');

/** An object as the cluster has it. */
async function seen({ objects }: Cluster, wanted: KubeObject): Promise<KubeObject | null | typeof UNSEEN> {
  try {
    return await objects.get(kindOf(wanted), wanted.metadata);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return UNSEEN;
    throw error;
  }
}

/** What of the cluster the user may look at; null otherwise too. */
export async function visible(cluster: Cluster, wanted: KubeObject): Promise<KubeObject | null> {
  const found = await seen(cluster, wanted);
  return found === UNSEEN ? null : found;
}

/** Whether the cluster serves VotingApps, which everybody may ask. */
async function isServed({ server }: Cluster): Promise<boolean> {
  try {
    await server.request({ method: 'GET', path: `/apis/${VOTING_APP.apiVersion}` });
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.code === 403 || error.code === 404)) return false;
    throw error;
  }
}

/** Whether what there is of an object will do for one who may not write it: whoever runs the cluster has made it. */
async function willDo(
  cluster: Cluster,
  wanted: KubeObject,
  before: KubeObject | null | typeof UNSEEN,
): Promise<boolean> {
  // Who has rights in a namespace that he may not look at knows that it is there.
  if (wanted.kind === NAMESPACE.kind) return before !== null;
  if (wanted.kind !== DEFINITION.kind || before === null) return false;
  if (before === UNSEEN) return await isServed(cluster);
  return isEstablished(before) && difference(wanted['spec'], before['spec'], 'spec') === null;
}

/**
 * What becomes of each object. Throws `Failure` where the user lacks a right that is needed: nothing is begun that could
 * not be ended.
 */
export async function planned(cluster: Cluster, objects: readonly KubeObject[]): Promise<Planned[]> {
  const missing = new Set((await missingRights(cluster, neededRights(objects))).map(nameOfRight));
  const plans = await Promise.all(
    objects.map(async (wanted) => {
      const before = await seen(cluster, wanted);
      const lacking = neededRights([wanted])
        .map(nameOfRight)
        .filter((name) => missing.has(name));
      const isWritten = lacking.length === 0;
      const isFine = isWritten || (await willDo(cluster, wanted, before));
      return { wanted, before: before === UNSEEN ? null : before, isWritten, lacking: isFine ? [] : lacking };
    }),
  );
  const names = [...new Set(plans.flatMap(({ lacking }) => lacking))].join(', ');
  if (names === '') return plans.map(({ wanted, before, isWritten }) => ({ wanted, before, isWritten }));
  throw new Failure(
    EXIT.forbidden,
    `Nothing was changed, for you may not ${names}. Ask whoever runs the cluster for these rights.`,
  );
}

import { isDeepStrictEqual } from 'node:util';

import { ApiError } from '@voteapp/operator/runtime/api-server';
import { keyOf, type KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { until } from '../cluster/until.ts';
import { CLI_MANAGER } from '../poll/cluster-poll.ts';
import { DEFINITION, kindOf, NAMESPACE } from './manifest.ts';

/** What became of an object, or would. */
export type Outcome = 'created' | 'configured' | 'unchanged';

export interface ApplyLimits {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

const ESTABLISH_MS = 60_000;

/** What of an object tells whether it was changed: who changed it last, and its version, do not. */
function content({ metadata, ...fields }: KubeObject): object {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...rest } = metadata;
  return { ...fields, metadata: rest };
}

/** Whether this tool made the object, or has made it its own since. */
export function isOurs({ metadata }: KubeObject): boolean {
  return metadata.managedFields?.some(({ manager }) => manager === CLI_MANAGER) === true;
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

function conditionsOf({ status }: KubeObject): readonly Condition[] {
  // Null in a definition that was made a moment ago.
  const { conditions } = (status ?? {}) as { readonly conditions?: readonly Condition[] | null };
  return conditions ?? [];
}

export function isEstablished(definition: KubeObject): boolean {
  return conditionsOf(definition).some(({ type, status }) => type === 'Established' && status === 'True');
}

/** Until the API server serves what a definition defines; objects of its kind are refused before. */
async function established({ objects }: Cluster, { metadata: { name } }: KubeObject, signal: AbortSignal) {
  await until(
    async () => {
      const live = await objects.get(DEFINITION, { name }, { signal });
      return live !== null && isEstablished(live) ? live : null;
    },
    { timeoutMs: ESTABLISH_MS, everyMs: 100, signal, late: () => `The API server does not serve ${name} yet.` },
  );
}

/**
 * Makes an object as it is wanted, over whoever wrote it before; `before` is it as it is. A namespace that somebody else
 * made stays as it is, for its labels rule whatever else is in it.
 */
export async function applied(
  cluster: Cluster,
  wanted: KubeObject,
  before: KubeObject | null,
  { dryRun, signal }: ApplyLimits,
): Promise<Outcome> {
  if (wanted.kind === NAMESPACE.kind && before !== null && !isOurs(before)) return 'unchanged';
  const options = { manager: CLI_MANAGER, force: true, dryRun, signal };
  try {
    const after = await cluster.objects.apply(kindOf(wanted), wanted, options);
    if (wanted.kind === DEFINITION.kind && !dryRun) await established(cluster, after, signal);
    if (before === null) return 'created';
    return isDeepStrictEqual(content(before), content(after)) ? 'unchanged' : 'configured';
  } catch (error) {
    // The server cannot try what is in a namespace that it was only asked to try.
    const isInNothing = error instanceof ApiError && error.code === 404 && wanted.metadata.namespace !== undefined;
    if (dryRun && isInNothing) return 'created';
    throw error;
  }
}

/** As "Deployment voteapp-operator"; with its namespace where that is not the operator's. */
export function titleOf(object: KubeObject, namespace: string): string {
  const isHere = object.metadata.namespace === namespace;
  return `${object.kind} ${isHere ? object.metadata.name : keyOf(object)}`;
}

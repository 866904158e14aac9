import { setTimeout as wait } from 'node:timers/promises';

import type { Kind, KubeClient, KubeObject, ObjectRef, Selection } from './client.ts';
import { explain } from './explain.ts';
import { follow, type Seen } from './follow.ts';

const LIMIT_MS = 60_000;
const SERVED_SOON_MS = 10;

interface Waiting {
  readonly timeoutMs?: number;
  /** What is awaited, for the message when it does not come: "as wanted". */
  readonly what?: string;
}

/** A wait that has lasted as long as it may. */
export class NotInTime extends Error {
  override readonly name = 'NotInTime';
}

/**
 * Resolves with what `accept` finds in the objects of a kind, as soon as it finds something else than null. Throws
 * `NotInTime` when it never does, and what `accept` throws.
 */
export async function waitAmong<T>(
  client: KubeClient,
  kind: Kind,
  selection: Selection,
  accept: (seen: Seen) => T | null,
  { timeoutMs = LIMIT_MS, what = `${kind.kind}s as wanted` }: Waiting = {},
): Promise<T> {
  const done = new AbortController();
  let found: T | null = null;
  const look = (seen: Seen) => {
    found = accept(seen);
    if (found !== null) done.abort();
  };
  const limit = setTimeout(() => done.abort(), timeoutMs);
  await follow(client, kind, selection, look, done.signal).finally(() => clearTimeout(limit));
  if (found === null) throw new NotInTime(`There were no ${what} within ${timeoutMs / 1000} s`);
  return found;
}

function only({ name, namespace = 'default' }: ObjectRef): Selection {
  return { namespace, fieldSelector: `metadata.name=${name}` };
}

/** Waits for a state of one object; what there was at last is in the message when it does not come. */
async function waitForState<T>(
  client: KubeClient,
  ref: ObjectRef,
  accept: (object: KubeObject | null) => T | null,
  { timeoutMs = LIMIT_MS, what = 'as wanted' }: Waiting,
): Promise<T> {
  let last: KubeObject | null = null;
  const look = (seen: Seen) => {
    last = [...seen.values()][0] ?? null;
    return accept(last);
  };
  try {
    return await waitAmong(client, ref, only(ref), look, { timeoutMs });
  } catch (error) {
    if (!(error instanceof NotInTime)) throw error;
    const waited = `${ref.kind} ${ref.namespace ?? 'default'}/${ref.name} was not ${what} within ${timeoutMs / 1000} s`;
    throw new NotInTime(`${waited}.\n${await explain(client, ref, last)}`);
  }
}

/** Resolves with an object as soon as it is as `accept` wants it. Throws `NotInTime`, with its state, when it never is. */
export async function waitFor(
  client: KubeClient,
  ref: ObjectRef,
  accept: (object: KubeObject) => boolean,
  waiting: Waiting = {},
): Promise<KubeObject> {
  return await waitForState(client, ref, (object) => (object !== null && accept(object) ? object : null), waiting);
}

/** Resolves when there is no such object. Throws `NotInTime`, with its state, when there always is. */
export async function waitUntilGone(client: KubeClient, ref: ObjectRef, waiting: Waiting = {}): Promise<void> {
  await waitForState(client, ref, (object) => (object === null ? true : null), { what: 'gone', ...waiting });
}

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
}

/** Resolves with an object when a condition of its present generation has the status, "True" unless another is named. */
export async function waitForCondition(
  client: KubeClient,
  ref: ObjectRef,
  type: string,
  { status = 'True', ...waiting }: Waiting & { readonly status?: Condition['status'] } = {},
): Promise<KubeObject> {
  const holds = ({ metadata, status: said }: KubeObject) =>
    ((said?.['conditions'] ?? []) as Condition[]).some(
      (condition) =>
        condition.type === type &&
        condition.status === status &&
        // Not every controller says of what it speaks.
        (condition.observedGeneration ?? metadata.generation) === metadata.generation,
    );
  return await waitFor(client, ref, holds, { what: `${type}=${status}`, ...waiting });
}

/** Resolves when the API server takes objects of a CustomResourceDefinition, in every version that it is to serve. */
export async function waitUntilServed(client: KubeClient, definition: ObjectRef, waiting: Waiting = {}): Promise<void> {
  const { spec } = await waitForCondition(client, definition, 'Established', waiting);
  const { group, names, versions } = spec as {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
  for (const { name } of versions.filter(({ served }) => served)) {
    const kind = { apiVersion: `${group}/${name}`, kind: names.kind };
    // It says so some milliseconds too early, and nothing that can be watched says when it is true.
    while (!(await client.serves(kind))) await wait(SERVED_SOON_MS);
  }
}

/** Resolves with a Deployment or StatefulSet when it has the pods it wants, all of its newest form and ready. */
export async function waitForRollout(client: KubeClient, ref: ObjectRef, waiting: Waiting = {}): Promise<KubeObject> {
  const rolledOut = ({ metadata, spec, status }: KubeObject) => {
    const wanted = (spec?.['replicas'] ?? 1) as number;
    return (
      status?.['observedGeneration'] === metadata.generation &&
      ['replicas', 'updatedReplicas', 'readyReplicas'].every((field) => (status?.[field] ?? 0) === wanted)
    );
  };
  return await waitFor(client, ref, rolledOut, { what: 'rolled out', ...waiting });
}

import { setTimeout as wait } from 'node:timers/promises';

import { type Kind, type KubeClient, KubeError, type KubeObject, type Listing, type Selection } from './client.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** What is known of the objects of a kind: by `namespace/name`. */
export type Seen = ReadonlyMap<string, KubeObject>;

/** The name of an object among those that are seen. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return `${namespace ?? ''}/${name}`;
}

/**
 * Whether the next list or try may have another answer: the server is away, ending, has too much to do or has forgotten
 * the version that was asked after.
 */
function mayPass(error: unknown): boolean {
  if (error instanceof KubeError) return error.code >= 500 || error.code === 429 || error.code === 410;
  return error instanceof Error && 'code' in error;
}

/** Whether an object is another by now, or gone, so that nothing is left to do about what it was. */
export function isOutrun(error: unknown): boolean {
  return error instanceof KubeError && (error.code === 404 || error.code === 409);
}

/**
 * Calls back with all objects of a kind, at first and after each change, which is of `object`, until the signal. A
 * stream that ends, or whose version the server has forgotten, is begun anew with a list; so is one to a server that is
 * away for a while. Throws what the callback throws and what a list is refused with.
 */
export async function follow(
  client: KubeClient,
  kind: Kind,
  options: Selection,
  changed: (seen: Seen, object: KubeObject | null) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let pause = FIRST_PAUSE_MS;

  /** What was asked for; null when the server cannot say. */
  async function unlessAway<T>(asked: Promise<T>): Promise<T | null> {
    try {
      return await asked;
    } catch (error) {
      if (!signal.aborted && !mayPass(error)) throw error;
      return null;
    }
  }
  async function untilItEnds({ items, resourceVersion }: Listing): Promise<void> {
    const seen = new Map(items.map((item) => [keyOf(item), item]));
    await changed(seen, null);
    const events = client.watch(kind, options, resourceVersion, signal);
    while (!signal.aborted) {
      const { value: event } = (await unlessAway(events.next())) ?? {};
      if (event === undefined || event.type === 'ERROR') return;
      pause = FIRST_PAUSE_MS;
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') seen.delete(keyOf(event.object));
      else seen.set(keyOf(event.object), event.object);
      await changed(seen, event.object);
    }
  }
  while (!signal.aborted) {
    const listed = await unlessAway(client.listing(kind, options, signal));
    if (listed !== null) await untilItEnds(listed);
    if (signal.aborted) return;
    await wait(pause, undefined, { signal }).catch(() => {});
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

/**
 * Calls back with each object of a kind, at first and after each change but its end, until the signal. What cannot be
 * done because the server is away is done when it is back; what fails because the object is another by then is left,
 * for that one comes too. Throws what else the callback throws and what a list is refused with.
 */
export async function followEach(
  client: KubeClient,
  kind: Kind,
  selection: Selection,
  handle: (object: KubeObject) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  async function persist(object: KubeObject): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await handle(object);
      } catch (error) {
        if (isOutrun(error)) return;
        if (!signal.aborted && !mayPass(error)) throw error;
        await wait(pause, undefined, { signal }).catch(() => {});
      }
    }
  }
  const changed = async (seen: Seen, object: KubeObject | null) => {
    if (object === null) for (const one of seen.values()) await persist(one);
    else if (seen.has(keyOf(object))) await persist(object);
  };
  await follow(client, kind, selection, changed, signal);
}

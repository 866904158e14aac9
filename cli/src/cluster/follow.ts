import { setTimeout as pause } from 'node:timers/promises';

import { ApiError, NoAnswer } from '@voteapp/operator/runtime/api-server';
import type { Kind, KubeObject } from '@voteapp/operator/runtime/object';
import type { ListOptions, Objects } from '@voteapp/operator/runtime/objects';

const WATCH_SECONDS = 300;
const PAUSE_MS = 1_000;

/** Whether asking anew may help: the server was away, or has forgotten the version. */
function isPassing(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof ApiError && (error.code === 410 || error.code >= 500));
}

/**
 * Tells the objects of a selection, all of them: as they are, and again whenever one has changed. Resolves when `told`
 * says that it is enough. A server that is away for a while is waited for; before it has answered once, it is not. Throws
 * the signal's reason.
 */
export async function follow(
  objects: Pick<Objects, 'list' | 'watch'>,
  kind: Kind,
  { signal, ...selection }: ListOptions & { readonly signal: AbortSignal },
  told: (items: readonly KubeObject[]) => boolean | Promise<boolean>,
): Promise<void> {
  let hasAnswered = false;
  for (;;) {
    signal.throwIfAborted();
    try {
      const { items, resourceVersion } = await objects.list(kind, { ...selection, signal });
      hasAnswered = true;
      const known = new Map(items.map((item) => [item.metadata.uid, item]));
      if (await told([...known.values()])) return;
      const watch = { ...selection, resourceVersion, timeoutSeconds: WATCH_SECONDS, signal };
      for await (const { type, object } of objects.watch(kind, watch)) {
        if (type === 'BOOKMARK') continue;
        if (type === 'DELETED') known.delete(object.metadata.uid);
        else known.set(object.metadata.uid, object);
        if (await told([...known.values()])) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!hasAnswered || !isPassing(error)) throw error;
      await pause(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

import { afterEach } from 'vitest';

import { ApiServer } from './api-server.ts';
import type { Kind, KubeObject } from './object.ts';
import { Objects } from './objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { type Line, recordedLog } from './testing/log.ts';
import { type Exchange, startWire, type Wire } from './testing/wire.ts';

export const KIND: Kind = { apiVersion: 'example.com/v1', kind: 'Thing', plural: 'things', namespaced: true };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export function thing(name: string, version: number, rest: object = {}): KubeObject {
  const metadata = { namespace: 'a', name, resourceVersion: String(version), managedFields: [{ manager: 'x' }] };
  return { apiVersion: KIND.apiVersion, kind: KIND.kind, metadata, ...rest };
}

export function listOf(version: number, ...items: readonly KubeObject[]) {
  const bare = items.map((item) => ({ ...item, apiVersion: undefined, kind: undefined }));
  return { kind: 'ThingList', metadata: { resourceVersion: String(version) }, items: bare };
}

export const added = (object: KubeObject) => ({ type: 'ADDED', object });
export const modified = (object: KubeObject) => ({ type: 'MODIFIED', object });
export const deleted = (object: KubeObject) => ({ type: 'DELETED', object });
export const bookmark = (version: number) => ({
  type: 'BOOKMARK',
  object: { kind: KIND.kind, metadata: { resourceVersion: String(version) } },
});
export const failed = (code: number, details?: object) => ({
  type: 'ERROR',
  object: { kind: 'Status', code, reason: 'Expired', message: 'went wrong', ...details },
});

interface Bench {
  readonly wire: Wire;
  readonly reflector: Reflector;
  /** As "+a/x 3", "~a/x 3>4", "-a/x 5". */
  readonly told: string[];
  readonly pauses: number[];
  readonly missed: number[];
  readonly lines: readonly Line[];
}

export function story(object: KubeObject, before: KubeObject | null, isDeleted: boolean): string {
  const { namespace, name, resourceVersion } = object.metadata;
  const sign = isDeleted ? '-' : before === null ? '+' : '~';
  const versions = before === null || isDeleted ? '' : `${before.metadata.resourceVersion}>`;
  return `${sign}${namespace}/${name} ${versions}${resourceVersion}`;
}

interface Script {
  /** Answers to lists, in their order; the last answers all that follow. */
  readonly lists: readonly ((exchange: Exchange) => void)[];
  readonly watches?: readonly ((exchange: Exchange) => void)[];
  readonly options?: Partial<ReflectorOptions>;
  readonly silenceMs?: number;
}

export async function bench({
  lists,
  watches = [(exchange) => exchange.send()],
  options,
  silenceMs,
}: Script): Promise<Bench> {
  let listed = 0;
  let watched = 0;
  const wire = await startWire((exchange) => {
    if (exchange.isWatch) watches[Math.min(watched++, watches.length - 1)]?.(exchange);
    else lists[Math.min(listed++, lists.length - 1)]?.(exchange);
  });
  closers.push(() => wire.close());
  const api = new ApiServer({
    config: wire.config,
    userAgent: 'kernel/1',
    wait: async () => {},
    ...(silenceMs !== undefined && { silenceMs }),
  });
  closers.push(() => api.close());
  const told: string[] = [];
  const pauses: number[] = [];
  const missed: number[] = [];
  const { log, lines } = recordedLog();
  const reflector = new Reflector({
    objects: new Objects(api),
    kind: KIND,
    log,
    onChange: (object, before, isDeleted) => void told.push(story(object, before, isDeleted)),
    onMissed: (count) => missed.push(count),
    random: () => 0,
    now: () => 0,
    wait: async (ms) => {
      pauses.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    ...options,
  });
  closers.push(() => reflector.stop());
  return { wire, reflector, told, pauses, missed, lines };
}

export const versionsOf = (wire: Wire) => wire.watches.map(({ query }) => query.get('resourceVersion'));

import { afterEach, describe, expect, it } from 'vitest';

import { ApiServer } from './api-server.ts';
import type { Kind, KubeObject } from './object.ts';
import { type Listing, Objects } from './objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { type Line, recordedLog } from './testing/log.ts';
import { type Exchange, startWire, type Wire } from './testing/wire.ts';

const KIND: Kind = { apiVersion: 'example.com/v1', kind: 'Thing', plural: 'things', namespaced: true };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function thing(name: string, version: number, rest: object = {}): KubeObject {
  const metadata = { namespace: 'a', name, resourceVersion: String(version), managedFields: [{ manager: 'x' }] };
  return { apiVersion: KIND.apiVersion, kind: KIND.kind, metadata, ...rest };
}

function listOf(version: number, ...items: readonly KubeObject[]) {
  const bare = items.map((item) => ({ ...item, apiVersion: undefined, kind: undefined }));
  return { kind: 'ThingList', metadata: { resourceVersion: String(version) }, items: bare };
}

const added = (object: KubeObject) => ({ type: 'ADDED', object });
const modified = (object: KubeObject) => ({ type: 'MODIFIED', object });
const deleted = (object: KubeObject) => ({ type: 'DELETED', object });
const bookmark = (version: number) => ({
  type: 'BOOKMARK',
  object: { kind: KIND.kind, metadata: { resourceVersion: String(version) } },
});
const failed = (code: number, details?: object) => ({
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

function story(object: KubeObject, before: KubeObject | null, isDeleted: boolean): string {
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

async function bench({ lists, watches = [(exchange) => exchange.send()], options, silenceMs }: Script): Promise<Bench> {
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

const versionsOf = (wire: Wire) => wire.watches.map(({ query }) => query.get('resourceVersion'));

describe('a reflector', () => {
  it('tells the list, then the changes, and keeps a copy', async () => {
    const { wire, reflector, told } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5, thing('x', 1), thing('y', 2)))],
      watches: [
        (exchange) => exchange.send(added(thing('z', 6)), modified(thing('x', 7, { spec: 1 })), deleted(thing('y', 8))),
      ],
    });
    expect(reflector.isSynced).toBe(false);
    reflector.start();
    await reflector.synced;
    expect(reflector.isSynced).toBe(true);
    await expect.poll(() => told).toEqual(['+a/x 1', '+a/y 2', '+a/z 6', '~a/x 1>7', '-a/y 8']);
    expect(reflector.get('a', 'x')).toEqual({
      apiVersion: KIND.apiVersion,
      kind: KIND.kind,
      metadata: { namespace: 'a', name: 'x', resourceVersion: '7' },
      spec: 1,
    });
    expect(reflector.get('a', 'y')).toBeUndefined();
    expect(reflector.list().map(({ metadata }) => metadata.name)).toEqual(['x', 'z']);
    expect(reflector.list('b')).toEqual([]);
    const [list, watch] = wire.exchanges;
    expect(Object.fromEntries(list?.query ?? [])).toEqual({ limit: '500' });
    expect(Object.fromEntries(watch?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '290',
    });
  });

  it('asks for what it was told to, and keeps what it was told to', async () => {
    const { wire, reflector } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5, thing('x', 1, { data: 'secret' })))],
      options: {
        select: { namespace: 'a', labelSelector: 'own=yes', metadataOnly: true },
        transform: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }),
        random: () => 0.999,
      },
    });
    reflector.start();
    await expect.poll(() => wire.watches.length).toBe(1);
    expect(
      wire.exchanges.map(({ path, query, headers }) => [path, query.get('labelSelector'), headers.accept]),
    ).toEqual([
      [
        '/apis/example.com/v1/namespaces/a/things',
        'own=yes',
        'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      ],
      [
        '/apis/example.com/v1/namespaces/a/things',
        'own=yes',
        'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      ],
    ]);
    expect(wire.watches[0]?.query.get('timeoutSeconds')).toBe('590');
    expect(reflector.get('a', 'x')).not.toHaveProperty('data');
  });

  it('watches on from the last version, without a list, when the server ends the stream', async () => {
    const { wire, reflector, told, lines } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5))],
      watches: [
        (exchange) => {
          exchange.send(added(thing('x', 6)), bookmark(9));
          exchange.response.end();
        },
        (exchange) => exchange.send(modified(thing('x', 10))),
      ],
    });
    reflector.start();
    await expect.poll(() => told).toEqual(['+a/x 6', '~a/x 6>10']);
    expect(versionsOf(wire)).toEqual(['5', '9']);
    expect(wire.lists.length).toBe(1);
    expect(lines).toEqual([]);
  });

  it('tells 10,000 changes in their order', async () => {
    const { reflector, told } = await bench({
      lists: [(exchange) => exchange.answer(listOf(1))],
      watches: [(exchange) => exchange.send(...Array.from({ length: 10_000 }, (_, i) => added(thing(`x${i}`, i + 2))))],
    });
    reflector.start();
    await expect.poll(() => told.length).toBe(10_000);
    expect(told).toEqual(Array.from({ length: 10_000 }, (_, i) => `+a/x${i} ${i + 2}`));
  });

  it('understands a stream that is cut within a character and a line', async () => {
    const { reflector } = await bench({
      lists: [(exchange) => exchange.answer(listOf(1))],
      watches: [
        async (exchange) => {
          exchange.send();
          const text = [added(thing('x', 2, { spec: 'fünf 🐈' })), added(thing('y', 3))]
            .map((event) => `${JSON.stringify(event)}\n`)
            .join('');
          for (const byte of Buffer.from(text)) {
            exchange.response.write(Buffer.of(byte));
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
      ],
    });
    reflector.start();
    await expect.poll(() => reflector.list().length).toBe(2);
    expect(reflector.get('a', 'x')?.['spec']).toBe('fünf 🐈');
  });
});

describe('after a failure, a reflector', () => {
  interface Case {
    readonly failure: (exchange: Exchange) => void;
    readonly lists: number;
    readonly pause: number;
    readonly silenceMs?: number;
  }
  const cases: Record<string, Case> = {
    'watches on when the connection is reset': { failure: (exchange) => exchange.reset(), lists: 1, pause: 800 },
    'watches on when the server is silent': {
      failure: (exchange) => exchange.send(),
      lists: 1,
      pause: 800,
      silenceMs: 100,
    },
    'watches on, later, when a watch is refused for lack of time': {
      failure: (exchange) => exchange.refuse(429, 'TooManyRequests', { 'retry-after': '5' }),
      lists: 1,
      pause: 5000,
    },
    'waits a minute at most when the server asks for an hour': {
      failure: (exchange) => exchange.refuse(503, '', { 'retry-after': '3600' }),
      lists: 1,
      pause: 60_000,
    },
    'lists anew when a watch is refused with 500': {
      failure: (exchange) => exchange.refuse(500),
      lists: 2,
      pause: 800,
    },
    'lists anew when the version is forgotten': { failure: (exchange) => exchange.refuse(410), lists: 2, pause: 800 },
    'lists anew when the stream says that the version is forgotten': {
      failure: (exchange) => exchange.send(failed(410)),
      lists: 2,
      pause: 800,
    },
    'lists anew when the stream says 500': {
      failure: (exchange) => exchange.send(failed(500)),
      lists: 2,
      pause: 800,
    },
    'watches on, later, when the stream says that there is no time': {
      failure: (exchange) => exchange.send(failed(429, { details: { retryAfterSeconds: 3 } })),
      lists: 1,
      pause: 3000,
    },
    'lists anew when the stream is not JSON': {
      failure: (exchange) => void exchange.response.writeHead(200).write('<html>\n'),
      lists: 2,
      pause: 800,
    },
  };
  it.each(Object.entries(cases))('%s', async (_, { failure, lists, pause, silenceMs }) => {
    const { wire, reflector, told, pauses } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5, thing('x', 1)))],
      watches: [failure, (exchange) => exchange.send(modified(thing('x', 6)))],
      ...(silenceMs !== undefined && { silenceMs }),
    });
    reflector.start();
    // Where silence is short, the next stream ends too, and the one after it tells the same.
    await expect.poll(() => told.slice(0, 2)).toEqual(['+a/x 1', '~a/x 1>6']);
    expect(wire.lists.length).toBe(lists);
    expect(pauses[0]).toBe(pause);
    expect(versionsOf(wire).slice(0, 2)).toEqual(['5', '5']);
  });

  it('lists anew when a list is refused with 503', async () => {
    const { wire, reflector, pauses } = await bench({
      lists: [(exchange) => exchange.refuse(503), (exchange) => exchange.answer(listOf(5, thing('x', 1)))],
    });
    reflector.start();
    await reflector.synced;
    expect(wire.lists.length).toBe(2);
    expect(pauses).toEqual([800]);
  });

  it('lets pauses grow, whatever the stream tells before it fails, and says it once', async () => {
    const { wire, reflector, pauses, lines } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5))],
      watches: [(exchange) => exchange.send(bookmark(6), failed(500))],
    });
    reflector.start();
    await expect.poll(() => pauses.length).toBeGreaterThanOrEqual(8);
    await reflector.stop();
    expect(pauses.slice(0, 8)).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(wire.watches.length).toBeLessThanOrEqual(pauses.length + 1);
    expect(lines.filter(({ level }) => level === 'warn').length).toBe(1);
  });

  it('begins with short pauses again after a stream that lasted', async () => {
    let clock = 0;
    let streams = 0;
    const { reflector, pauses } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5))],
      watches: [
        (exchange) => {
          if (++streams === 4) clock += 30_000;
          if (streams === 6) exchange.send();
          else exchange.reset();
        },
      ],
      options: { now: () => clock },
    });
    reflector.start();
    await expect.poll(() => streams).toBe(6);
    expect(pauses).toEqual([800, 1600, 3200, 800, 1600]);
  });

  it('says when it works again', async () => {
    let clock = 0;
    const { wire, reflector, lines, told } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5))],
      watches: [
        (exchange) => exchange.refuse(500),
        (exchange) => exchange.refuse(500),
        (exchange) => exchange.send(added(thing('x', 6))),
      ],
      options: { now: () => clock },
    });
    reflector.start();
    await expect.poll(() => told.length).toBe(1);
    expect(lines.length).toBe(1);
    clock += 30_000;
    wire.watches.at(-1)?.send(bookmark(7));
    await expect.poll(() => lines.length).toBe(2);
    expect(reflector.lastHeardMs).toBe(clock);
    expect(lines.map(({ level, msg, kind }) => [level, msg, kind])).toEqual([
      ['warn', 'Watch failed, will be tried again', 'Thing'],
      ['info', 'Watch works again', 'Thing'],
    ]);
  });
});

describe('a new list', () => {
  it('tells what is new, other and gone, and how much the stream had missed', async () => {
    const { reflector, told, missed } = await bench({
      lists: [
        (exchange) => exchange.answer(listOf(5, thing('same', 1), thing('other', 2), thing('gone', 3))),
        (exchange) => exchange.answer(listOf(9, thing('same', 1), thing('other', 8), thing('new', 9))),
      ],
      watches: [(exchange) => exchange.refuse(410), (exchange) => exchange.send()],
    });
    reflector.start();
    await expect.poll(() => told.length).toBe(6);
    expect(told.slice(3)).toEqual(['~a/other 2>8', '+a/new 9', '-a/gone 3']);
    expect(missed).toEqual([3]);
  });

  it('comes in pages, and begins anew when the server forgets the first', async () => {
    const pages = [
      (exchange: Exchange) =>
        exchange.answer({ ...listOf(5, thing('old', 1)), metadata: { resourceVersion: '5', continue: 'p2' } }),
      (exchange: Exchange) => exchange.refuse(410, 'Expired'),
      (exchange: Exchange) =>
        exchange.answer({ ...listOf(7, thing('x', 1)), metadata: { resourceVersion: '7', continue: 'p2' } }),
      (exchange: Exchange) => exchange.answer(listOf(7, thing('y', 2))),
    ];
    const { wire, reflector, told } = await bench({ lists: pages });
    reflector.start();
    await expect.poll(() => wire.watches.length).toBe(1);
    expect(told).toEqual(['+a/x 1', '+a/y 2']);
    expect(wire.lists.map(({ query }) => query.get('continue'))).toEqual([null, 'p2', null, 'p2']);
    expect(versionsOf(wire)).toEqual(['7']);
  });
});

describe('a handler that throws', () => {
  it('is told again with the next list, of what it had last, and loses nothing else', async () => {
    const accepted: string[] = [];
    let isBroken = true;
    const { reflector, missed, lines } = await bench({
      lists: [
        (exchange) => exchange.answer(listOf(5, thing('x', 1), thing('y', 2))),
        (exchange) => exchange.answer(listOf(9, thing('x', 7), thing('z', 8))),
      ],
      watches: [
        (exchange) => {
          exchange.send(modified(thing('x', 6)), modified(thing('x', 7)), deleted(thing('y', 8)), added(thing('z', 8)));
        },
        (exchange) => exchange.send(),
      ],
      options: {
        onChange: (object, before, isDeleted) => {
          const { resourceVersion, name } = object.metadata;
          if (isBroken && name !== 'z' && Number(resourceVersion) > 5) throw new Error('no');
          accepted.push(story(object, before, isDeleted));
        },
      },
    });
    reflector.start();
    await expect.poll(() => accepted).toEqual(['+a/x 1', '+a/y 2', '+a/z 8']);
    expect(lines.map(({ level, msg, object }) => [level, msg, object])).toEqual([
      ['error', 'Handler of a change failed', 'a/x'],
      ['error', 'Handler of a change failed', 'a/x'],
      ['error', 'Handler of a change failed', 'a/y'],
    ]);
    isBroken = false;
    await reflector.stop();
    reflector.start();
    await expect.poll(() => accepted.slice(3)).toEqual(['~a/x 1>7', '-a/y 8']);
    expect(missed).toEqual([]);
  });
});

describe('stopping', () => {
  it('while it lists leaves no stream, no socket and no error', async () => {
    const arrived = Promise.withResolvers<Exchange>();
    const { wire, reflector, lines } = await bench({ lists: [(exchange) => arrived.resolve(exchange)] });
    reflector.start();
    const list = await arrived.promise;
    await reflector.stop();
    list.answer(listOf(5, thing('x', 1)));
    await expect.poll(() => wire.openConnections).toBe(0);
    expect(wire.watches).toEqual([]);
    expect(reflector.list()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('while a list arrives tells nothing of it, and the next start waits for its end', async () => {
    const asked: PromiseWithResolvers<Listing>[] = [];
    const objects = {
      list: () => {
        asked.push(Promise.withResolvers<Listing>());
        return asked.at(-1)!.promise;
      },
      async *watch(_: Kind, { signal }: { signal: AbortSignal }) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        yield* [];
      },
    };
    const { reflector, told } = await bench({ lists: [], options: { objects } });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    reflector.start();
    await settle();
    const stopping = reflector.stop();
    reflector.start();
    await settle();
    expect(asked.length).toBe(1);
    asked[0]!.resolve({ items: [thing('x', 1)], resourceVersion: '1' });
    await stopping;
    expect(told).toEqual([]);
    await settle();
    asked[1]!.resolve({ items: [thing('x', 2)], resourceVersion: '2' });
    await reflector.synced;
    expect(told).toEqual(['+a/x 2']);
  });

  it('while it watches leaves no socket and no error', async () => {
    const { wire, reflector, lines } = await bench({ lists: [(exchange) => exchange.answer(listOf(5))] });
    reflector.start();
    await expect.poll(() => wire.watches.length).toBe(1);
    await reflector.stop();
    await expect.poll(() => wire.watches[0]?.response.socket?.destroyed ?? true).toBe(true);
    expect(lines).toEqual([]);
  });

  it('and starting over and over makes one stream of it', async () => {
    const { wire, reflector, told } = await bench({
      lists: [(exchange) => exchange.answer(listOf(5, thing('x', 1)))],
    });
    const stops: Promise<void>[] = [];
    for (let i = 0; i < 10; i += 1) {
      reflector.start();
      reflector.start();
      stops.push(reflector.stop());
    }
    reflector.start();
    await Promise.all(stops);
    await expect.poll(() => wire.watches.filter(({ response }) => !response.destroyed).length).toBe(1);
    expect(told).toEqual(['+a/x 1']);
  });
});

import { describe, expect, it } from 'vitest';

import type { Exchange } from './testing/wire.ts';
import {
  added,
  bench,
  bookmark,
  deleted,
  KIND,
  listOf,
  modified,
  story,
  thing,
  versionsOf,
} from './reflector-bench.ts';

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

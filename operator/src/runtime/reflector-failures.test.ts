import { describe, expect, it } from 'vitest';

import type { Kind } from './object.ts';
import type { Listing } from './objects.ts';
import type { Exchange } from './testing/wire.ts';
import { added, bench, bookmark, failed, listOf, modified, thing, versionsOf } from './reflector-bench.ts';

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

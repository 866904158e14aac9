import { createSecretKey } from 'node:crypto';
import { connect } from 'node:net';

import { hiddenResults, results } from '@voteapp/contracts/http/results';
import { signReceipt } from '@voteapp/contracts/signed';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { openEvents } from '../fixtures/events.ts';
import { definition, type Front, round, SESSION_KEY, START, startFront } from '../fixtures/front.ts';
import type { StoredRound } from '../fixtures/memory-store.ts';

const PATH = '/api/results/stream';

let running: Front | undefined;

async function frontWith(stored: StoredRound) {
  running = await startFront();
  running.store.set(stored);
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

describe('GET /api/results/stream', () => {
  it('sends the results at once, in the same words as GET /api/results', async () => {
    const { url, get } = await frontWith(round());
    const { response, events, state } = await openEvents(url + PATH);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await vi.waitFor(() => expect(events).toHaveLength(1), 30_000);
    const plain = await get('/api/results');
    expect(events[0]).toMatchObject({ event: 'results', data: await plain.json() });
    expect(plain.headers.get('etag')).toBe(`W/"${events[0]?.id}"`);
    expect(state.text).toMatch(/^retry: \d{4}\n\n/);
  });

  it('says nothing while nothing changes, and a change to all viewers from one read', async () => {
    const { url, store, pass } = await frontWith(round());
    const viewers = [await openEvents(url + PATH), await openEvents(url + PATH), await openEvents(url + PATH)];
    await vi.waitFor(() => expect(viewers.map(({ events }) => events.length)).toEqual([1, 1, 1]), 30_000);

    const before = store.calls.snapshot;
    for (let reads = 1; reads <= 3; reads += 1) {
      pass(100);
      await vi.waitFor(() => expect(store.calls.snapshot).toBe(before + reads), 30_000);
    }
    expect(viewers.map(({ events }) => events.length)).toEqual([1, 1, 1]);

    store.set(round({ accepted: 7, rejected: 2 }));
    pass(100);
    await vi.waitFor(() => expect(viewers.map(({ events }) => events.length)).toEqual([2, 2, 2]), 30_000);
    expect(store.calls.snapshot).toBe(before + 4);
    expect(viewers.map(({ events }) => results.parse(events[1]?.data).accepted)).toEqual([7, 7, 7]);
  });

  it('turns from totals to results at the close', async () => {
    const hidden = definition({ visibility: 'AfterClose', closesAt: START + 1_000 });
    const { url, pass } = await frontWith(round({ definition: hidden }));
    const { events } = await openEvents(url + PATH);
    await vi.waitFor(() => expect(events).toHaveLength(1), 30_000);
    expect(events[0]?.event).toBe('totals');
    hiddenResults.parse(events[0]?.data);
    pass(1_000);
    await vi.waitFor(() => expect(events).toHaveLength(2), 30_000);
    expect(events[1]?.event).toBe('results');
    expect(results.parse(events[1]?.data).state).toBe('Draining');
  });

  it('shows each viewer what its receipt opens', async () => {
    const { url } = await frontWith(round({ definition: definition({ visibility: 'AfterVote' }) }));
    const receipt = signReceipt(createSecretKey(SESSION_KEY), 'sodas', 4_096);
    const without = await openEvents(url + PATH);
    const withQuery = await openEvents(`${url}${PATH}?receipt=${receipt}`);
    const withBearer = await openEvents(url + PATH, { authorization: `Bearer ${receipt}` });
    await vi.waitFor(
      () =>
        expect([without, withQuery, withBearer].map(({ events }) => events[0]?.event)).toEqual([
          'totals',
          'results',
          'results',
        ]),
      30_000,
    );
  });

  it('follows the current round unless one is named', async () => {
    const { url, store, pass } = await frontWith(round());
    const following = await openEvents(url + PATH);
    const staying = await openEvents(`${url}${PATH}?round=sodas`);
    await vi.waitFor(() => expect([following.events.length, staying.events.length]).toEqual([1, 1]), 30_000);
    store.set(round({ definition: definition({ round: 'second', version: 4 }) }));
    pass();
    await vi.waitFor(() => expect(following.events).toHaveLength(2), 30_000);
    expect(results.parse(following.events[1]?.data).round).toBe('second');
    expect(staying.events).toHaveLength(1);
  });

  it('says that the store is down, and sends the results again when it is back', async () => {
    const { url, store, pass } = await frontWith(round());
    const { events } = await openEvents(url + PATH);
    await vi.waitFor(() => expect(events).toHaveLength(1), 30_000);
    store.down = true;
    pass();
    await vi.waitFor(() => expect(events).toHaveLength(2), 30_000);
    expect(events[1]).toMatchObject({ event: 'unavailable', data: { error: { code: 'store_unavailable' } } });

    // Whoever comes during the outage waits on an open stream.
    const late = await openEvents(url + PATH);
    expect(late.response.status).toBe(200);
    await vi.waitFor(() => expect(late.events.map(({ event }) => event)).toEqual(['unavailable']), 30_000);

    store.down = false;
    pass();
    await vi.waitFor(() => expect([events.length, late.events.length]).toEqual([3, 2]), 30_000);
    expect([events[2]?.event, late.events[1]?.event]).toEqual(['results', 'results']);
  });

  it('reads nothing once nobody watches', async () => {
    const { url, store, pass, get } = await frontWith(round());
    const { events, close } = await openEvents(url + PATH);
    await vi.waitFor(() => expect(events).toHaveLength(1), 30_000);
    close();
    await vi.waitFor(
      async () => expect(await (await get('/metrics')).text()).toMatch(/^voteapp_front_viewers\{.*\} 0$/m),
      30_000,
    );
    const calls = store.calls.snapshot;
    pass();
    await get('/metrics');
    expect(store.calls.snapshot).toBe(calls);
  });

  it('forgets a viewer that left before the first numbers were read', async () => {
    const { url, store, get } = await frontWith(round());
    let answer: () => void = () => undefined;
    store.slow = new Promise((resolve) => {
      answer = resolve;
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(`GET ${PATH}?round=sodas HTTP/1.1\r\nhost: x\r\n\r\n`);
    await vi.waitFor(() => expect(store.calls.snapshot).toBe(1), 30_000);
    socket.destroy();
    await vi.waitFor(
      async () => expect(await (await get('/metrics')).text()).toContain('route="/api/results/stream"'),
      30_000,
    );
    answer();
    await get('/api/results');
    expect(await (await get('/metrics')).text()).toMatch(/^voteapp_front_viewers\{.*\} 0$/m);
  });

  it('stops while numbers for its viewers are being read', async () => {
    const { url, store, pass, stop } = await frontWith(round());
    const { events, state } = await openEvents(url + PATH);
    await vi.waitFor(() => expect(events).toHaveLength(1), 30_000);
    let answer: () => void = () => undefined;
    store.slow = new Promise((resolve) => {
      answer = resolve;
    });
    store.set(round({ accepted: 7, rejected: 2 }));
    const before = store.calls.snapshot;
    pass();
    await vi.waitFor(() => expect(store.calls.snapshot).toBe(before + 1), 30_000);
    const stopped = stop();
    answer();
    await stopped;
    await vi.waitFor(() => expect(state.ended).toBe(true), 30_000);
    expect(events).toHaveLength(1);
  });

  it('ends every stream when the service stops', async () => {
    const { url, stop } = await frontWith(round());
    const { state } = await openEvents(url + PATH);
    const startedAt = performance.now();
    await stop();
    await vi.waitFor(() => expect(state.ended).toBe(true), 30_000);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('answers HEAD without opening a stream', async () => {
    const { url, get } = await frontWith(round());
    const response = await fetch(url + PATH, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(await (await get('/metrics')).text()).toMatch(/^voteapp_front_viewers\{.*\} 0$/m);
  });
});

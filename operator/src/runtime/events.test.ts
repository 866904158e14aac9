import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { EventRecorder, type EventOptions } from './events.ts';
import type { KubeObject } from './object.ts';
import type { Objects } from './objects.ts';
import { recordedLog } from './testing/log.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;

const SHOP: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Shop',
  metadata: { namespace: 'a', name: 'x', uid: 'u1', resourceVersion: '7' },
};
const FAILED: EventOptions = { type: 'Warning', reason: 'FailedCreate', action: 'Create', note: 'No room' };

/** A recorder, and the events that the server has by their names. */
function bench(apply?: Objects['apply']) {
  const events = new Map<string, KubeObject>();
  let writes = 0;
  const { log, lines } = recordedLog();
  const recorder = new EventRecorder({
    objects: {
      apply: async (kind, object, options) => {
        writes += 1;
        if (apply !== undefined) return await apply(kind, object, options);
        events.set(object.metadata.name, object);
        return object;
      },
    },
    controller: 'example.com/shops',
    instance: 'pod-1',
    log,
  });
  return { recorder, lines, writes: () => writes, events: () => [...events.values()] };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('an event', () => {
  it('is written at once', async () => {
    const { recorder, events } = bench();
    recorder.record(SHOP, FAILED);
    await pass(0);
    expect(events()).toEqual([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'a', name: expect.stringMatching(/^x\.[0-9a-f]{16}$/) as string },
        eventTime: '1970-01-01T00:00:00.000000Z',
        type: 'Warning',
        reason: 'FailedCreate',
        action: 'Create',
        note: 'No room',
        regarding: { apiVersion: 'example.com/v1', kind: 'Shop', namespace: 'a', name: 'x', uid: 'u1' },
        reportingController: 'example.com/shops',
        reportingInstance: 'pod-1',
      },
    ]);
  });

  it('of an object that no namespace holds is in the default one', async () => {
    const { recorder, events } = bench();
    recorder.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }, FAILED);
    await pass(0);
    expect(events()[0]?.metadata.namespace).toBe('default');
    expect(events()[0]?.['regarding']).toEqual({ apiVersion: 'v1', kind: 'Node', name: 'n' });
  });

  it('fits the limits of the API', async () => {
    const { recorder, events } = bench();
    const name = 'n'.repeat(253);
    recorder.record({ ...SHOP, metadata: { ...SHOP.metadata, name } }, { ...FAILED, note: 'é'.repeat(2000) });
    await pass(0);
    const [event] = events();
    expect(event?.metadata.name.length).toBe(253);
    expect(event?.['note']).toHaveLength(1024);
  });

  it('that happens again is counted, at most once a minute', async () => {
    const { recorder, events, writes } = bench();
    for (let second = 0; second < 150; second += 1) {
      recorder.record({ ...SHOP, metadata: { ...SHOP.metadata, resourceVersion: String(second) } }, FAILED);
      await pass(1000);
    }
    expect(writes()).toBe(3);
    expect(events().length).toBe(1);
    expect(events()[0]?.['series']).toEqual({ count: 120, lastObservedTime: '1970-01-01T00:01:59.000000Z' });
    await pass(MINUTE);
    expect(events()[0]?.['series']).toMatchObject({ count: 150 });
    await pass(60 * MINUTE);
    expect(writes()).toBe(4);
  });

  it('that differs in anything is another', async () => {
    const { recorder, events } = bench();
    recorder.record(SHOP, FAILED);
    recorder.record(SHOP, { ...FAILED, note: 'No time' });
    recorder.record(SHOP, { ...FAILED, type: 'Normal' });
    recorder.record({ ...SHOP, metadata: { ...SHOP.metadata, uid: 'u2' } }, FAILED);
    await pass(0);
    expect(events().length).toBe(4);
  });

  it('is a new one when it happens after a long time', async () => {
    const { recorder, events } = bench();
    recorder.record(SHOP, FAILED);
    await pass(10 * MINUTE);
    recorder.record(SHOP, FAILED);
    await pass(0);
    expect(events().length).toBe(2);
    expect(events()[1]).not.toHaveProperty('series');
  });

  it('is one of 25 of an object at once, then of one in five minutes', async () => {
    const { recorder, events } = bench();
    for (let i = 0; i < 100; i += 1) recorder.record(SHOP, { ...FAILED, note: `${i}` });
    recorder.record({ ...SHOP, metadata: { ...SHOP.metadata, uid: 'u2' } }, FAILED);
    await pass(0);
    expect(events().length).toBe(26);
    for (let minute = 0; minute < 30; minute += 1) {
      await pass(MINUTE);
      recorder.record(SHOP, { ...FAILED, note: `later ${minute}` });
    }
    await pass(0);
    expect(events().length).toBe(32);
  });
});

describe('a recorder', () => {
  it('neither throws nor waits when events cannot be written, and says it to who debugs', async () => {
    const { recorder, lines, writes } = bench(() => Promise.reject(new Error('no')));
    recorder.record(SHOP, FAILED);
    await pass(MINUTE);
    expect(writes()).toBe(1);
    expect(lines).toEqual([]);
    await recorder.stop();
  });

  it('writes what it counted when it stops, and nothing after', async () => {
    const { recorder, events, writes } = bench();
    for (let i = 0; i < 5; i += 1) recorder.record(SHOP, FAILED);
    await recorder.stop();
    expect(events()[0]?.['series']).toMatchObject({ count: 5 });
    recorder.record(SHOP, { ...FAILED, note: 'late' });
    await pass(10 * MINUTE);
    expect(writes()).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends within 5 s when the server does not answer', async () => {
    const { recorder, writes } = bench(
      (_kind, _object, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    for (let i = 0; i < 5; i += 1) recorder.record(SHOP, { ...FAILED, note: `${i}` });
    let hasStopped = false;
    const stopping = recorder.stop().then(() => (hasStopped = true));
    await pass(4999);
    expect(hasStopped).toBe(false);
    await pass(1);
    await stopping;
    expect(writes()).toBe(1);
  });
});

import { expect, test } from 'vitest';

import { QueueMisconfigured, QueueUnavailable } from '../port.ts';
import { Reconnecting, type ReconnectingOptions, type Session } from './reconnecting.ts';

class FakeSession implements Session {
  readonly #lost = Promise.withResolvers<Error>();
  closed = false;

  get lost(): Promise<Error> {
    return this.#lost.promise;
  }

  lose(): void {
    this.#lost.resolve(new QueueUnavailable('lost'));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.lose();
  }
}

/** What the attempts bring, one after the other; then they wait for ever. */
function reconnecting(
  outcomes: (FakeSession | Error)[],
  options: Partial<ReconnectingOptions<FakeSession>> = {},
): { sessions: Reconnecting<FakeSession>; pauses: number[]; outages: string[] } {
  const pauses: number[] = [];
  const outages: string[] = [];
  const sessions = new Reconnecting<FakeSession>({
    open: async (signal) => {
      const outcome = outcomes.shift();
      if (outcome instanceof Error) throw outcome;
      if (outcome !== undefined) return outcome;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
    onOpen: () => {},
    onOutage: ({ message }) => outages.push(message),
    onMisconfigured: ({ message }) => outages.push(`for ever: ${message}`),
    random: () => 1,
    pause: async (ms) => pauses.push(ms),
    ...options,
  });
  return { sessions, pauses, outages };
}

const away = (): Error => new QueueUnavailable('away');
const signal = AbortSignal.timeout(60_000);

test('the pauses grow to 5 s, and begin anew after a session', async () => {
  const [first, second] = [new FakeSession(), new FakeSession()];
  const { sessions, pauses } = reconnecting([...Array.from({ length: 8 }, away), first, away(), second]);
  expect(await sessions.next(signal)).toBe(first);
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  first.lose();
  await expect.poll(() => sessions.current).toBe(second);
  expect(pauses.slice(8)).toEqual([100, 200]);
  await sessions.close();
});

test('a pause is drawn from the whole span', async () => {
  const session = new FakeSession();
  const drawn = [0, 0.25, 0.5];
  const { sessions, pauses } = reconnecting([away(), away(), away(), session], { random: () => drawn.shift()! });
  await sessions.next(signal);
  expect(pauses).toEqual([0, 50, 200]);
  await sessions.close();
});

test('an outage is told once, and each loss', async () => {
  const [first, second] = [new FakeSession(), new FakeSession()];
  const { sessions, outages } = reconnecting([away(), away(), first, away(), second]);
  await sessions.next(signal);
  expect(outages).toEqual(['away']);
  first.lose();
  await expect.poll(() => sessions.current).toBe(second);
  expect(outages).toEqual(['away', 'lost']);
  await sessions.close();
  expect(outages).toEqual(['away', 'lost']);
});

test('what was lost is closed too, for it may be lost in part', async () => {
  const [first, second] = [new FakeSession(), new FakeSession()];
  const { sessions } = reconnecting([first, second]);
  await sessions.next(signal);
  first.lose();
  await expect.poll(() => sessions.current).toBe(second);
  expect(first.closed).toBe(true);
  await sessions.close();
});

test('after a misconfiguration there is no further attempt', async () => {
  const session = new FakeSession();
  const { sessions, pauses, outages } = reconnecting([new QueueMisconfigured('other arguments'), session]);
  await sessions.attempted;
  expect(outages).toEqual(['for ever: other arguments']);
  expect([sessions.current, pauses]).toEqual([null, []]);
  await sessions.close();
});

test('the first attempt is over when it succeeds, and when it fails', async () => {
  const session = new FakeSession();
  for (const outcome of [session, away()]) {
    const { sessions } = reconnecting([outcome]);
    await sessions.attempted;
    expect(sessions.current).toBe(outcome === session ? session : null);
    await sessions.close();
  }
});

test('closing ends an attempt and those who wait for it', async () => {
  const { sessions } = reconnecting([]);
  const waiting = new AbortController();
  const next = sessions.next(waiting.signal);
  await sessions.close();
  waiting.abort();
  await expect(next).rejects.toThrow('abort');
  await sessions.attempted;
});

test('a session that opens while it is being closed is closed', async () => {
  const session = new FakeSession();
  const opening = Promise.withResolvers<FakeSession>();
  const { sessions } = reconnecting([], { open: () => opening.promise });
  const closed = sessions.close();
  opening.resolve(session);
  await closed;
  expect([session.closed, sessions.current]).toEqual([true, null]);
});

test('closing ends a pause at once', async () => {
  const sessions = new Reconnecting<FakeSession>({
    open: () => Promise.reject(away()),
    onOpen: () => {},
    onOutage: () => {},
    onMisconfigured: () => {},
    random: () => 1_000, // 100 s
  });
  await sessions.attempted;
  const closing = performance.now();
  await sessions.close();
  expect(performance.now() - closing).toBeLessThan(500);
});

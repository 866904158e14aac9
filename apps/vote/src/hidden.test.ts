import { createSecretKey } from 'node:crypto';

import { createLogger } from '@voteapp/kit/log';
import { route } from '@voteapp/web/app';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createApp } from './app.ts';
import { CASTING_ROUTES } from './casting/routes.ts';
import { createOrigins } from './origin.ts';
import { PollViews } from './poll-view.ts';
import { shownResults } from './testing/results.ts';
import { type RunningService, runService } from './testing/run-service.ts';

// No other number of a test can look like these. Shares: 44.346 % and 55.654 %.
const VOTES = [41_213, 51_719] as const;
const LEAKS = /41[.,]?213|51[.,]?719|0\.4434|0\.5565|44[.,]3|55[.,][67]|\b44 ?%|\b56 ?%/;

let running: RunningService | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** A front that tells everything: what is hidden must be hidden here by the poll's own rule. */
async function start(visibility: 'AfterVote' | 'AfterClose', closesAt: number): Promise<RunningService> {
  running = await runService({ definition: { visibility, closesAt } });
  const shown = shownResults();
  const counted = VOTES[0] + VOTES[1];
  running.front.results = {
    ...shown,
    counted,
    options: shown.options.map((option, index) => {
      const votes = VOTES[index] ?? 0;
      return { ...option, votes, cast: votes, share: votes / counted };
    }),
  };
  const { url } = running;
  const counts = async (): Promise<unknown> =>
    ((await (await fetch(`${url}/api/poll`)).json()) as { totals: { counted: number } | null }).totals?.counted;
  await vi.waitFor(async () => expect(await counts()).toBe(counted), 30_000);
  return running;
}

/** Every address of the service: what its router knows, what takes votes, and the admin routes. */
function addresses(): { path: string; method: string }[] {
  const sessionKey = createSecretKey(Buffer.alloc(32));
  const resultsUrl = '/';
  const app = createApp({
    views: new PollViews({ sessionKey, definition: () => null, snapshotOf: () => null, now: Date.now, resultsUrl }),
    sessionKey,
    origins: createOrigins(undefined, ''),
    resultsUrl,
    pingQueue: () => Promise.resolve(),
    log: createLogger({ level: 'silent', service: 'vote' }),
    random: Math.random,
  });
  route(app, '/votar/1', { post: () => undefined });
  const known = app.router.stack.flatMap((layer) => {
    const { path, methods } = (layer.route ?? {}) as { path?: string; methods?: Record<string, boolean> };
    if (path === undefined) return [];
    return Object.keys(methods ?? {}).flatMap((method) => (method === '_all' ? [] : [{ path, method }]));
  });
  const casting = ['/', ...CASTING_ROUTES.keys()].map((path) => ({ path, method: 'post' }));
  const admin = ['/livez', '/readyz', '/metrics'].map((path) => ({ path, method: 'get' }));
  return [...known, ...casting, ...admin];
}

async function leaks({ url }: RunningService): Promise<string[]> {
  const found = new Set<string>();
  for (const { path, method } of addresses()) {
    const form = path === '/';
    const body = form ? 'vote=nobody' : JSON.stringify({ option: 'nobody', userID: 'ana', vote: 'nobody', voto: 99 });
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const response = await fetch(url + path, {
      method: method.toUpperCase(),
      headers: { 'content-type': type },
      body: method === 'post' ? body : null,
      redirect: 'manual',
    });
    const seen = [...response.headers].flat().join('\n') + (await response.text());
    if (LEAKS.test(seen)) found.add(path);
  }
  return [...found].toSorted();
}

describe('hidden results', () => {
  it.each(['AfterVote', 'AfterClose'] as const)('%s: no address shows a number per option', async (visibility) => {
    expect(addresses().length).toBeGreaterThan(10);
    expect(await leaks(await start(visibility, Date.now() + 3_600_000))).toEqual([]);
  });

  it('are seen by this very test at every address that shows them after the close', async () => {
    expect(await leaks(await start('AfterClose', Date.now() - 1))).toEqual(['/', '/api/poll']);
  });
});

import { createSecretKey } from 'node:crypto';

import { signReceipt } from '@voteapp/contracts/signed';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';
import { afterEach, describe, expect, it } from 'vitest';

import { type Routes, ROUTES } from './app.ts';
import { definition, type Front, round, SESSION_KEY, START, startFront } from './fixtures/front.ts';

// No other number of a test can look like these. Shares: 44.346 % and 55.654 %.
const COUNTS = [
  { votes: 41_213, cast: 43_331 },
  { votes: 51_719, cast: 57_793 },
];
const LEAKS = /41213|51719|43331|57793|0\.4434|0\.5565|44[.,]3|55[.,][67]|\b44 ?%|\b56 ?%/;

const CLOSES_AT = START + 3_600_000;

let running: Front | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** The front service on a poll with these counts, and the routes that its own router knows. */
async function hiddenPoll(visibility: 'AfterVote' | 'AfterClose', routes: readonly Routes[] = ROUTES) {
  const apps: Express[] = [];
  running = await startFront({ routes: [...routes, (app) => void apps.push(app)] });
  running.store.set(
    round({
      definition: definition({ visibility, closesAt: CLOSES_AT }),
      counts: COUNTS,
      minutes: [{ minute: START / 60_000, cast: COUNTS.map(({ cast }) => cast) }],
    }),
  );
  const paths = (apps[0]?.router.stack ?? []).flatMap((layer) => {
    const { path, methods } = (layer.route ?? {}) as { path?: string; methods?: Record<string, boolean> };
    if (path === undefined) return [];
    return Object.keys(methods ?? {}).flatMap((method) => (method === '_all' ? [] : [{ path, method }]));
  });
  return { front: running, paths };
}

const OTHER_RECEIPT = signReceipt(createSecretKey(SESSION_KEY), 'another', 4_096);

/** Everything that a client gets to see: head and body, of a stream the first event. */
async function seen(url: string, init: RequestInit): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(url, { ...init, redirect: 'manual', signal: leave.signal });
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  let text = [...response.headers].flat().join('\n');
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true });
    if (streams && /^data: .*\n\n/m.test(text)) break;
  }
  leave.abort();
  return text;
}

/** `41,213`, `41.213`, `41 213` and `41213` are the same number to a reader. */
function withoutSeparators(text: string): string {
  return text.replace(/(?<=\d)[.,'’\s](?=\d{3}(?!\d))/g, '');
}

/** How long requests took has any digits, those of a count among them. */
function withoutTimes(text: string): string {
  return text.replace(/^voteapp_front_request_seconds_sum\{service="front",route="[^"]*"\} \S+$/gm, '');
}

/** Addresses of the app, its admin routes included, at which a per-option number is to be seen. */
async function leaks({ front, paths }: Awaited<ReturnType<typeof hiddenPoll>>): Promise<string[]> {
  const admin = ['/livez', '/readyz', '/metrics'].map((path) => ({ path, method: 'get' }));
  const queries = ['', `?receipt=${OTHER_RECEIPT}`, '?by=hour&round=sodas'];
  const found = new Set<string>();
  await Promise.all(
    [...paths, ...admin].flatMap(({ path, method }) =>
      queries.flatMap((query) =>
        ['application/json', 'text/html'].map(async (accept) => {
          const headers = { accept, 'content-type': 'application/json', authorization: `Bearer ${OTHER_RECEIPT}` };
          const address = front.url + path.replaceAll(/:\w+/g, 'coca') + query;
          const body = method === 'get' ? null : JSON.stringify({ option: 'coca', content_id: 'coca' });
          const text = withoutTimes(await seen(address, { method: method.toUpperCase(), headers, body }));
          if (LEAKS.test(text) || LEAKS.test(withoutSeparators(text))) found.add(path);
        }),
      ),
    ),
  );
  return [...found].toSorted();
}

describe('hidden results', () => {
  it.each(['AfterVote', 'AfterClose'] as const)('%s: no address shows a number per option', async (visibility) => {
    const poll = await hiddenPoll(visibility);
    expect(poll.paths.length).toBeGreaterThan(15);
    expect(await leaks(poll)).toEqual([]);
    // Again, now that every route was used: metrics may have picked something up.
    expect(await leaks(poll)).toEqual([]);
  });

  it('are seen by this very test at every address that shows them after the close', async () => {
    const poll = await hiddenPoll('AfterClose');
    poll.front.pass(CLOSES_AT - START);
    expect(await leaks(poll)).toEqual([
      '/',
      '/api/results',
      '/api/results.csv',
      '/api/results/stream',
      '/api/votes',
      '/total',
    ]);
  });

  it('are found when a new route leaks them, as a number, a share or a formatted text', async () => {
    const planted: Routes = (app) => {
      route(app, '/planted/number', { get: (_request, response) => void response.json({ coca: 41_213 }) });
      route(app, '/planted/share/:id', { get: (_request, response) => void response.json(41_213 / 92_932) });
      route(app, '/planted/text', { get: (_request, response) => void response.send('51,719 votes') });
      route(app, '/planted/header', { get: (_request, response) => void response.set('x-votes', '57793').end() });
      route(app, '/planted/post', { post: (_request, response) => void response.send('43 331') });
    };
    expect(await leaks(await hiddenPoll('AfterClose', [...ROUTES, planted]))).toEqual([
      '/planted/header',
      '/planted/number',
      '/planted/post',
      '/planted/share/:id',
      '/planted/text',
    ]);
  });
});

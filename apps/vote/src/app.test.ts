import { openApi } from '@voteapp/contracts/openapi';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { cookiesOf, vote } from './testing/requests.ts';
import { hidden, shownResults } from './testing/results.ts';
import { runService, type RunOptions } from './testing/run-service.ts';

async function run(options: RunOptions = {}) {
  const running = await runService(options);
  onTestFinished(() => running.stop());
  return running;
}

interface PollBody {
  readonly results: { readonly options: { readonly votes: number }[] } | null;
  readonly state: string;
}

async function poll(url: string, cookie = ''): Promise<PollBody> {
  return (await (await fetch(`${url}/api/poll`, { headers: { cookie } })).json()) as PollBody;
}

describe('GET /api/poll', () => {
  it('tells the poll, the clock and the choice of who asks', async () => {
    const { url } = await run({ now: () => 1_800_000_000_000, definition: { closesAt: 1_800_000_060_000 } });
    const response = await fetch(`${url}/api/poll`);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toEqual({
      round: 'drinks',
      title: 'Coca × Pepsi',
      policy: 'LastVoteWins',
      options: [
        { id: 'coca', label: 'Coca' },
        { id: 'pepsi', label: 'Pepsi' },
      ],
      opensAt: null,
      closesAt: '2027-01-15T08:01:00.000Z',
      timeZone: 'UTC',
      voters: ['Cookie', 'Named'],
      visibility: 'Always',
      comments: false,
      version: 1,
      state: 'Open',
      clock: 1_800_000_000_000,
      you: null,
      results: null,
      totals: null,
    });
  });

  it('shows the results of an AfterVote poll to those who have voted', async () => {
    const { url, front } = await run({ definition: { visibility: 'AfterVote' } });
    front.results = shownResults();
    const cookie = cookiesOf(await vote(url, { option: 'coca' }));
    await vi.waitFor(async () => expect((await poll(url, cookie)).results?.options[0]?.votes).toBe(2), 30_000);
    expect(await poll(url)).toMatchObject({ results: null, totals: { counted: 3 } });
    expect(JSON.stringify(await poll(url))).not.toContain('"votes"');
    expect(await (await fetch(url)).text()).not.toMatch(/66[.,]7|67\s*%/);
  });

  it('takes the numbers as hidden and final as front tells it', async () => {
    const { url, front } = await run({ definition: { visibility: 'AfterClose', closesAt: Date.now() - 1 } });
    expect((await poll(url)).state).toBe('Draining');
    front.results = hidden({ final: { version: 1, at: '2026-11-20T21:00:00.000Z' } });
    await vi.waitFor(async () => expect((await poll(url)).state).toBe('Final'), 30_000);
    expect((await poll(url)).results).toBeNull();
  });

  it('does not show the numbers of another round', async () => {
    const { url, front } = await run();
    front.results = shownResults();
    await vi.waitFor(async () => expect((await poll(url)).results).not.toBeNull(), 30_000);
    front.results = shownResults({ round: 'snacks' });
    await vi.waitFor(async () => expect((await poll(url)).results).toBeNull(), 30_000);
  });
});

describe('GET /api/healthcheck', () => {
  it('tells whether the queue answers', async () => {
    const { url, queue } = await run();
    const up = await fetch(`${url}/api/healthcheck`);
    expect([up.status, await up.json()]).toEqual([200, { sqsStatus: 'OK' }]);
    queue.fate = () => 'fail';
    const down = await fetch(`${url}/api/healthcheck`);
    expect([down.status, await down.json()]).toEqual([503, { sqsStatus: 'NOK' }]);
  });
});

it('GET /openapi.json is the document of the contracts', async () => {
  const { url } = await run();
  expect(await (await fetch(`${url}/openapi.json`)).json()).toEqual(JSON.parse(JSON.stringify(openApi())));
});

describe('addresses of the predecessors lead on', () => {
  it('to the results where they are public, else where front is', async () => {
    const results = 'https://results.example.org/';
    const { url } = await run({ config: { PUBLIC_RESULTS_URL: results } });
    const targets = {
      '/index.html': '/',
      '/resultado.html': results,
      '/painel.html': results,
      '/swagger': '/openapi.json',
    };
    for (const [path, target] of Object.entries(targets)) {
      const response = await fetch(`${url}${path}`, { redirect: 'manual' });
      expect([path, response.status, response.headers.get('location')]).toEqual([path, 308, target]);
    }
    const other = await run();
    const response = await fetch(`${other.url}/painel.html`, { redirect: 'manual' });
    expect(response.headers.get('location')).toBe(other.front.url);
  });
});

it('the page is not kept by caches and not framed', async () => {
  const { url } = await run();
  const { headers } = await fetch(url);
  expect([headers.get('cache-control'), headers.get('x-frame-options')]).toEqual(['no-store', 'DENY']);
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
});

it.each([
  ['an unknown address', '/nothing', 'GET', 404, 'not_found'],
  ['an address below a casting one', '/votar/1/2', 'POST', 404, 'not_found'],
  ['another method', '/api/poll', 'POST', 405, 'method_not_allowed'],
])('%s is answered in JSON', async (_, path, method, status, code) => {
  const { url } = await run();
  const response = await fetch(`${url}${path}`, { method });
  expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
});

it('before the poll is known everything that needs it says so', async () => {
  const { url, queue } = await run({ untilReady: false, config: { FRONT_URL: 'http://127.0.0.1:1' } });
  for (const response of [await vote(url, { option: 'coca' }), await fetch(`${url}/api/poll`)]) {
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'starting' } }]);
    expect(response.headers.get('retry-after')).toMatch(/^[123]$/);
  }
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  const form = await fetch(url, { method: 'POST', body: new URLSearchParams({ vote: 'coca' }) });
  for (const response of [page, form]) {
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining('The service is starting') as string,
    ]);
  }
  expect(queue.sent).toEqual([]);
});

import { createSecretKey } from 'node:crypto';
import { connect } from 'node:net';

import { CLOCK_HEADER } from '@voteapp/contracts/http/poll';
import { hiddenResults, results, rounds } from '@voteapp/contracts/http/results';
import { signReceipt } from '@voteapp/contracts/signed';
import { describe, expect, it } from 'vitest';

import { definition, frontWith, round, SESSION_KEY, START } from './fixtures/front.ts';
import type { StoredRound } from './fixtures/memory-store.ts';

const CLOSED = definition({ closesAt: START - 60_000 });

describe('GET /api/results', () => {
  it('has the numbers of the current round', async () => {
    const { get } = await frontWith();
    const response = await get('/api/results');
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(results.parse(await response.json())).toMatchObject({ round: 'sodas', counted: 3, pending: 5 });
  });

  it('has those of an earlier round by name', async () => {
    const { get, store } = await frontWith(round({ definition: CLOSED, final: { version: 1, at: START } }));
    store.set(round({ definition: definition({ round: 'second', version: 4 }), accepted: 9 }));
    const body = async (path: string) => (await (await get(path)).json()) as { round: string; accepted: number };
    expect(await body('/api/results')).toMatchObject({ round: 'second', accepted: 9, state: 'Open' });
    expect(await body('/api/results?round=sodas')).toMatchObject({ round: 'sodas', accepted: 6, state: 'Final' });
    const list = rounds.parse(await (await get('/api/rounds')).json());
    expect(list.rounds.map(({ round, current }) => [round, current])).toEqual([
      ['sodas', false],
      ['second', true],
    ]);
  });

  it('answers 304 until a number changes, also when the client says no-cache', async () => {
    const { get, store, pass } = await frontWith();
    const etag = (await get('/api/results')).headers.get('etag') ?? '';
    pass();
    const same = await get('/api/results', { 'if-none-match': etag, 'cache-control': 'no-cache' });
    expect([same.status, same.headers.get('etag'), await same.text()]).toEqual([304, etag, '']);
    store.set(round({ accepted: 7, rejected: 2 }));
    pass();
    const changed = await get('/api/results', { 'if-none-match': `"other", ${etag}` });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  it('answers with the last read for 250 ms, and waits for no store that is slow with the next', async () => {
    const { get, store, pass } = await frontWith();
    await get('/api/results');
    let answer: () => void = () => undefined;
    store.slow = new Promise((resolve) => {
      answer = resolve;
    });
    const numbers = { accepted: 7, rejected: 2 };
    store.set(round(numbers));
    pass(249);
    expect(await (await get('/api/results')).json()).not.toMatchObject(numbers);
    pass(1);
    const newest = get('/api/results');
    answer();
    expect(await (await newest).json()).toMatchObject(numbers);
  });

  it('reads the store once for all who ask within 100 ms, and the minutes only after new votes', async () => {
    const { get, store, pass } = await frontWith();
    await Promise.all([get('/api/results'), get('/api/results'), get('/total'), get('/api/results.csv'), get('/')]);
    expect(store.calls).toMatchObject({ snapshot: 1, minutes: 1 });
    pass(99);
    await get('/api/results');
    expect(store.calls).toMatchObject({ snapshot: 1, minutes: 1 });
    pass(151);
    await get('/api/results');
    expect(store.calls).toMatchObject({ snapshot: 2, minutes: 1 });
    store.set(
      round({
        minutes: [{ minute: START / 60_000, cast: [3, 2] }],
        counts: [3, 2].map((n) => ({ votes: n, cast: n })),
      }),
    );
    pass(250);
    const body = results.parse(await (await get('/api/results')).json());
    expect(store.calls).toMatchObject({ snapshot: 3, minutes: 2 });
    expect(body.hours).toEqual([{ hour: '2026-11-20T21:00:00.000Z', cast: 5, options: [3, 2] }]);
  });
});

describe('GET /api/results.csv', () => {
  it('has a row per option, as a file of the round’s name', async () => {
    const { get } = await frontWith();
    const response = await get('/api/results.csv');
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="sodas-by-option.csv"');
    expect((await response.text()).split('\r\n')[1]).toBe('coca,Coca,2,0.6666666666666666,2');
  });

  it('has a row per hour and option on demand', async () => {
    const { get } = await frontWith();
    const response = await get('/api/results.csv?by=hour&round=sodas');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="sodas-by-hour.csv"');
    expect(await response.text()).toContain('2026-11-20T21:00:00.000Z,2026-11-20 21:00,coca,Coca,2\r\n');
  });
});

describe('GET /api/definition', () => {
  it('is the definition, tagged by its version, with the clock in every answer', async () => {
    const { get, store, pass } = await frontWith();
    const first = await get('/api/definition');
    expect(first.status).toBe(200);
    expect([first.headers.get('etag'), first.headers.get(CLOCK_HEADER)]).toEqual(['"3"', String(START)]);
    expect(await first.json()).toEqual(definition());

    pass(1_000);
    const same = await get('/api/definition', { 'if-none-match': '"3"' });
    expect([same.status, same.headers.get(CLOCK_HEADER)]).toEqual([304, String(START + 1_000)]);

    store.set(round({ definition: definition({ version: 4, title: 'New' }) }));
    pass(1_000);
    const newer = await get('/api/definition', { 'if-none-match': '"3"' });
    expect([newer.status, newer.headers.get('etag')]).toEqual([200, '"4"']);
  });

  it('is 404 no_definition, with the clock, before the worker wrote one', async () => {
    const { get } = await frontWith(null);
    const response = await get('/api/definition');
    expect([response.status, response.headers.get(CLOCK_HEADER)]).toEqual([404, String(START)]);
    expect(await response.json()).toMatchObject({ error: { code: 'no_definition' } });
  });
});

describe('visibility', () => {
  const key = createSecretKey(SESSION_KEY);
  const receipt = signReceipt(key, 'sodas', 4_096);
  const forged = signReceipt(createSecretKey(Buffer.alloc(32, 1)), 'sodas', 4_096);
  const elsewhere = signReceipt(key, 'another', 4_096);
  const afterVote = round({ definition: definition({ visibility: 'AfterVote' }) });
  const afterClose = round({ definition: definition({ visibility: 'AfterClose' }) });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const oldRound = definition({ visibility: 'AfterClose', closesAt: START });

  const cases: {
    name: string;
    stored: StoredRound;
    query?: string;
    headers?: Record<string, string>;
    status: number;
  }[] = [
    { name: 'hides until a vote', stored: afterVote, status: 403 },
    { name: 'takes a receipt as Bearer', stored: afterVote, headers: bearer(receipt), status: 200 },
    { name: 'takes a receipt in the address', stored: afterVote, query: `receipt=${receipt}`, status: 200 },
    { name: 'refuses a receipt of another key', stored: afterVote, headers: bearer(forged), status: 403 },
    { name: 'refuses a receipt of another round', stored: afterVote, headers: bearer(elsewhere), status: 403 },
    { name: 'refuses a receipt cut short', stored: afterVote, query: `receipt=${receipt.slice(0, -1)}`, status: 403 },
    { name: 'hides until the close, receipt or not', stored: afterClose, headers: bearer(receipt), status: 403 },
    { name: 'shows a closed round to all', stored: round({ definition: oldRound }), status: 200 },
    {
      name: 'shows a final round to all',
      stored: round({
        definition: definition({ visibility: 'AfterVote', closesAt: START }),
        final: { version: 1, at: START },
      }),
      status: 200,
    },
  ];
  for (const path of ['/api/results', '/api/results.csv', '/api/votes', '/total']) {
    it.each(cases)(`GET ${path} $name`, async ({ stored, query = '', headers, status }) => {
      const { get } = await frontWith(stored);
      const response = await get(`${path}?${query}`, headers);
      expect(response.status).toBe(status);
      const text = await response.text();
      if (status === 403) hiddenResults.parse(JSON.parse(text));
    });
  }

  it('opens at the close by itself', async () => {
    const { get, pass } = await frontWith(
      round({ definition: definition({ visibility: 'AfterClose', closesAt: START + 1_000 }) }),
    );
    expect((await get('/api/results')).status).toBe(403);
    pass(999);
    expect((await get('/api/results')).status).toBe(403);
    pass(251);
    expect((await get('/api/results')).status).toBe(200);
  });
});

describe('refusals', () => {
  const refusals: { method?: string; path: string; status: number; code: string; allow?: string }[] = [
    { path: '/nothing', status: 404, code: 'not_found' },
    { path: '/api/results/other', status: 404, code: 'not_found' },
    { path: '/api/results?round=nothing', status: 404, code: 'unknown_round' },
    { path: '/api/results?round=', status: 404, code: 'unknown_round' },
    { path: `/api/results?round=${'x'.repeat(3_000)}`, status: 404, code: 'unknown_round' },
    { path: '/api/results?round=a%00b', status: 404, code: 'unknown_round' },
    { path: '/api/results?round=__proto__', status: 404, code: 'unknown_round' },
    { path: '/api/results/stream?round=nothing', status: 404, code: 'unknown_round' },
    { path: '/api/results.csv?round=nothing', status: 404, code: 'unknown_round' },
    { path: '/?round=nothing', status: 404, code: 'unknown_round' },
    { path: '/api/results?round=sodas&round=sodas', status: 400, code: 'invalid_field' },
    { path: '/api/results?receipt=a&receipt=b', status: 400, code: 'invalid_field' },
    { path: '/api/results.csv?by=minute', status: 400, code: 'invalid_field' },
    { path: '/api/results.csv?by=hour&by=hour', status: 400, code: 'invalid_field' },
    { method: 'POST', path: '/api/results', status: 405, code: 'method_not_allowed', allow: 'GET, HEAD' },
    { method: 'DELETE', path: '/api/votes', status: 405, code: 'method_not_allowed', allow: 'GET, HEAD' },
    { method: 'POST', path: '/', status: 405, code: 'method_not_allowed', allow: 'GET, HEAD' },
    { method: 'GET', path: '/api/comment/new', status: 405, code: 'method_not_allowed', allow: 'POST' },
  ];
  it.each(refusals)('$path: $status $code', async ({ method = 'GET', path, status, code, allow }) => {
    const { url } = await frontWith();
    const response = await fetch(url + path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow ?? null);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code } });
    expect(text).not.toMatch(/node_modules|\.ts\b|\n *at /);
  });

  it.each(['/api/results', '/api/results/stream', '/api/poll', '/api/votes', '/total', '/'])(
    'GET %s is 404 no_definition before there is a poll',
    async (path) => {
      const { get } = await frontWith(null);
      const response = await get(path);
      expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'no_definition' } }]);
    },
  );

  it('survives a request that is not HTTP and one whose address cannot be decoded', async () => {
    const { url, get } = await frontWith();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end('\0\0\0 nonsense\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect((await get('/api/comment/list/%E0%A4%A')).status).toBe(404);
    expect((await get('/api/results')).status).toBe(200);
  });
});

describe('what every answer carries', () => {
  it('lets any site read, with or without a receipt', async () => {
    const { get, url } = await frontWith();
    expect((await get('/api/results')).headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await fetch(`${url}/api/results`, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });

  it('does not let another site write a comment', async () => {
    const { url } = await frontWith();
    const preflight = await fetch(`${url}/api/comment/new`, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.ok).toBe(false);
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('has a policy that lets a page load nothing from elsewhere but images', async () => {
    const { get } = await frontWith();
    const headers = (await get('/')).headers;
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("img-src 'self' https: data:");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('GET /', () => {
  it('is the results page of the current round', async () => {
    const { get } = await frontWith();
    const response = await get('/', { accept: 'text/html' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await response.text()).toContain('Coca × Pepsi');
  });

  it('answers a browser that asks for an unknown round with a page', async () => {
    const { get } = await frontWith();
    const response = await get('/?round=nothing', { accept: 'text/html' });
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  });
});

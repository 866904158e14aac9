import { CLOCK_HEADER } from '@voteapp/contracts/http/poll';
import { createLogger } from '@voteapp/kit/log';
import { afterEach, describe, expect, it } from 'vitest';

import { definition, type Front, round, START, startFront } from './fixtures/front.ts';

let running: Front | undefined;

async function front(config = {}) {
  running = await startFront({ config });
  running.store.set(round());
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

describe('while the store is down', () => {
  it.each(['/api/results', '/api/results.csv', '/api/votes', '/total', '/api/rounds', '/api/comment/list/x', '/'])(
    'GET %s is 503 with Retry-After, and right again afterwards',
    async (path) => {
      const { get, store, pass } = await front();
      await get('/api/definition');
      store.down = true;
      pass();
      const response = await get(path);
      expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'store_unavailable' } }]);
      expect(response.headers.get('retry-after')).toMatch(/^[1-3]$/);
      store.down = false;
      pass();
      expect((await get(path)).status).toBeLessThan(500);
    },
  );

  it('goes on serving the definition and the poll it knows', async () => {
    const { get, store, pass } = await front();
    await get('/api/definition');
    store.down = true;
    pass();
    const response = await get('/api/definition');
    expect([response.status, response.headers.get(CLOCK_HEADER)]).toEqual([200, String(START + 1_000)]);
    expect(await response.json()).toEqual(definition());
    expect((await get('/api/definition', { 'if-none-match': '"3"' })).status).toBe(304);
    expect(await (await get('/api/poll')).json()).toMatchObject({ state: 'Open', version: 3 });
  });

  it('does not let the definition wait for a store that does not answer', async () => {
    const { get, store, pass } = await front();
    await get('/api/definition');
    let answer: () => void = () => undefined;
    store.slow = new Promise((resolve) => {
      answer = resolve;
    });
    pass();
    const startedAt = performance.now();
    expect((await get('/api/definition')).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    answer();
  });

  it('has no definition to serve when it never read one, but a clock', async () => {
    const { get, store } = await front();
    store.down = true;
    const response = await get('/api/definition');
    expect([response.status, response.headers.get(CLOCK_HEADER)]).toEqual([503, String(START)]);
  });

  it('stays ready, and counts the failures', async () => {
    const { get, store } = await front();
    store.down = true;
    await get('/api/results');
    expect((await get('/readyz')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toMatch(
      /^voteapp_front_store_failures_total\{service="front"\} [1-9]/m,
    );
  });
});

describe('the log', () => {
  it('tells once that an outage began and once that it ended', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', service: 'front', destination: { write: (line) => lines.push(line) } });
    running = await startFront({ log });
    const { get, store, pass } = running;
    store.set(round());
    for (const down of [false, true, true, true, false, false]) {
      store.down = down;
      await get('/api/results');
      pass();
    }
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((message) => message.startsWith('Store'))).toEqual(['Store failed', 'Store works again']);
  });
});

describe('an error nobody expected', () => {
  it('is answered as internal, without its text, and logged', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'error', service: 'front', destination: { write: (line) => lines.push(line) } });
    running = await startFront({ log });
    running.store.set(round());
    running.store.snapshot = () => Promise.reject(new TypeError('secret detail'));
    const response = await running.get('/api/results');
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'internal' } });
    expect(text).not.toContain('secret detail');
    expect(lines.join('')).toContain('secret detail');
  });
});

describe('admin routes', () => {
  it('are on the service’s own port without an admin port', async () => {
    const { get } = await front();
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await get(path)).status).toBe(200);
  });

  it('are only on the admin port where there is one', async () => {
    const { get, adminUrl } = await front({ ADMIN_PORT: 0 });
    for (const path of ['/livez', '/readyz', '/metrics']) {
      expect((await get(path)).status).toBe(404);
      expect((await fetch(adminUrl + path)).status).toBe(200);
    }
  });

  it('count requests by template and status, never by path', async () => {
    const { get } = await front();
    await Promise.all([get('/api/comment/list/private'), get('/nothing'), get('/api/results?round=nothing')]);
    const text = await (await get('/metrics')).text();
    expect(text).toContain(
      'voteapp_front_requests_total{route="/api/comment/list/:id",status="404",service="front"} 1',
    );
    expect(text).toContain('voteapp_front_requests_total{route="none",status="404",service="front"} 1');
    expect(text).toContain('voteapp_front_requests_total{route="/api/results",status="404",service="front"} 1');
    expect(text).not.toMatch(/private|nothing/);
  });

  it('frees both ports when it stops, and when the second one is taken', async () => {
    const first = await front({ ADMIN_PORT: 0 });
    const taken = Number(new URL(first.adminUrl).port);
    await expect(startFront({ config: { PORT: 0, ADMIN_PORT: taken } })).rejects.toThrow('is in use');
    await first.stop();
    for (const url of [first.url, first.adminUrl]) await expect(fetch(url)).rejects.toThrow();
  });
});

import { connect } from 'node:net';
import { once } from 'node:events';

import { afterEach, describe, expect, it } from 'vitest';

import { adminRoutes } from './admin.ts';
import { Counter, createRegistry } from './metrics.ts';
import { CannotListen, closeServer, createHttpServer, listen } from './server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: Parameters<typeof createHttpServer>[0], requestTimeoutMs?: number) {
  const server = createHttpServer(listener, {
    timeoutBody: '{"late":true}',
    ...(requestTimeoutMs && { requestTimeoutMs }),
  });
  closers.push(() => closeServer(server, 0));
  const port = await listen(server, '127.0.0.1', 0);
  return { server, port, url: `http://127.0.0.1:${port}` };
}

async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

describe('a server', () => {
  it('answers 408 with its body to a request that does not arrive', async () => {
    const { port } = await serve((request, response) => void request.resume().on('end', () => response.end()), 100);
    const answer = await raw(port, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toMatch(/\r\n\r\n\{"late":true\}$/);
  });

  it('keeps an idle connection for longer than a load balancer does', async () => {
    const { url } = await serve((_, response) => response.end('fine'));
    expect((await fetch(url)).headers.get('keep-alive')).toBe('timeout=65');
  });

  it('answers 400 to what is not HTTP and goes on', async () => {
    const { port, url } = await serve((_, response) => response.end('fine'));
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await (await fetch(url)).text()).toBe('fine');
  });

  it('says in a sentence that its address is taken', async () => {
    const { port } = await serve((_, response) => response.end());
    const second = createHttpServer(() => undefined, { timeoutBody: '' });
    const failure = listen(second, '127.0.0.1', port);
    await expect(failure).rejects.toThrow(CannotListen);
    await expect(failure).rejects.toThrow(`127.0.0.1:${port} is in use by another program`);
  });

  it('lets a running request finish when it closes', async () => {
    const { promise: answerNow, resolve } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { server, url } = await serve((_, response) => {
      arrive();
      void answerNow.then(() => response.end('done'));
    });
    const answer = fetch(url).then((response) => response.text());
    await arrived;
    const closed = closeServer(server, 10_000);
    await expect(fetch(url)).rejects.toThrow();
    resolve();
    expect(await answer).toBe('done');
    await closed;
  });

  it('does not wait for connections over which nothing was asked when it closes', async () => {
    const { server, port } = await serve((_, response) => response.end());
    const unused = connect(port, '127.0.0.1');
    await once(unused, 'connect');
    const kept = connect(port, '127.0.0.1');
    kept.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(kept, 'data');
    const left = Promise.all([once(unused.resume(), 'close'), once(kept.resume(), 'close')]);
    const startedAt = performance.now();
    await closeServer(server, 10_000);
    await left;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('the admin routes', () => {
  it('tell liveness, readiness with its reason, and metrics', async () => {
    const registry = createRegistry('vote', false);
    new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(2);
    let reason: string | null = 'starting';
    const admin = adminRoutes({ registry, notReady: () => reason });
    const { url } = await serve((request, response) => {
      if (!admin(request, response)) response.writeHead(404).end();
    });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const starting = await fetch(`${url}/readyz`);
    expect([starting.status, await starting.text()]).toEqual([503, 'starting\n']);
    reason = null;
    expect((await fetch(`${url}/readyz?verbose`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('things_total{service="vote"} 2');
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });
});

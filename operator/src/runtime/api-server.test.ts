import { webcrypto } from 'node:crypto';

import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterEach, describe, expect, it } from 'vitest';

import { ApiError, ApiServer, type ApiServerOptions, NoAnswer } from './api-server.ts';
import { type Certificate, configOf, type Exchange, startWire, type Wire } from './testing/wire.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Bench {
  readonly wire: Wire;
  readonly api: ApiServer;
  readonly pauses: number[];
  readonly responses: (readonly [string, number | '<error>'])[];
}

async function bench(
  answer: (exchange: Exchange) => void | Promise<void>,
  { certificate, ...options }: Partial<ApiServerOptions> & { certificate?: Certificate } = {},
): Promise<Bench> {
  const wire = await startWire(answer, certificate);
  closers.push(() => wire.close());
  const pauses: number[] = [];
  const responses: (readonly [string, number | '<error>'])[] = [];
  const api = new ApiServer({
    config: wire.config,
    userAgent: 'kernel/1',
    onResponse: (method, code) => responses.push([method, code]),
    wait: async (ms) => void pauses.push(ms),
    ...options,
  });
  closers.push(() => api.close());
  return { wire, api, pauses, responses };
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error as Error,
  );
}

async function collected(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function certificate(name = 'CN=wire'): Promise<Certificate> {
  x509.cryptoProvider.set(webcrypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const cert = made.toString('pem');
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert, key: x509.PemConverter.encode(der, 'PRIVATE KEY'), ca: cert };
}

describe('a request', () => {
  it('carries its user, its agent, its query and its body as they are', async () => {
    const { wire, api, responses } = await bench((exchange) => exchange.answer({ fine: true }));
    const body = { spec: { ingress: [{ from: [] }], 'x-kubernetes-validations': [null] } };
    const query = { fieldManager: 'me & you', force: true, dryRun: undefined };
    const contentType = 'application/apply-patch+yaml';
    expect(await api.request({ method: 'PATCH', path: '/api/v1/nodes/a', query, body, contentType })).toEqual({
      fine: true,
    });
    const [exchange] = wire.exchanges;
    expect(exchange?.method).toBe('PATCH');
    expect([...(exchange?.query ?? [])]).toEqual([
      ['fieldManager', 'me & you'],
      ['force', 'true'],
    ]);
    expect(JSON.parse(exchange?.body ?? '')).toEqual(body);
    expect(exchange?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'user-agent': 'kernel/1',
      'content-type': contentType,
      accept: 'application/json',
    });
    expect(responses).toEqual([['PATCH', 200]]);
  });

  it('keeps the path that the server is under', async () => {
    const { wire } = await bench((exchange) => exchange.answer({}));
    const api = new ApiServer({ config: configOf(`${wire.url}/clusters/a/`), userAgent: 'kernel/1' });
    closers.push(() => api.close());
    await api.request({ method: 'GET', path: '/api/v1/nodes' });
    expect(wire.exchanges[0]?.path).toBe('/clusters/a/api/v1/nodes');
  });

  it('tells what the server refused, and why', async () => {
    const status = {
      reason: 'Invalid',
      message: 'no good',
      details: { causes: [{ reason: 'FieldValueInvalid', message: 'too big', field: 'spec.size' }] },
    };
    const { api } = await bench((exchange) => exchange.answer(status, 422));
    const error = await failure(api.request({ method: 'POST', path: '/api/v1/nodes', body: {} }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      message: 'no good',
      code: 422,
      reason: 'Invalid',
      retryAfterMs: null,
      request: 'POST /api/v1/nodes',
      causes: [{ field: 'spec.size', reason: 'FieldValueInvalid', message: 'too big' }],
    });
  });

  it('tells the text of a refusal that is not JSON, as a proxy gives it', async () => {
    const { api } = await bench((exchange) => void exchange.response.writeHead(502).end('bad gateway\n'));
    expect(await failure(api.request({ method: 'GET', path: '/x' }))).toMatchObject({
      code: 502,
      message: 'bad gateway',
    });
  });

  it('says that nobody answered, and counts it', async () => {
    const { wire, api, responses } = await bench((exchange) => exchange.reset());
    const error = await failure(api.request({ method: 'GET', path: '/x' }));
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error.message).toMatch(/^GET \/x got no answer: /);
    expect(responses).toEqual([['GET', '<error>']]);
    expect(wire.exchanges.length).toBe(1);
  });

  it.each([
    ['silent before the answer', () => {}],
    ['silent within the answer', (exchange: Exchange) => void exchange.response.writeHead(200).write('{')],
  ])('ends when its time is over: %s', async (_, answer) => {
    const { wire, api } = await bench(answer);
    const error = await failure(api.request({ method: 'GET', path: '/x', timeoutMs: 100 }));
    expect(error).toBeInstanceOf(NoAnswer);
    expect(error.message).toContain('100 ms are over');
    await expect.poll(() => wire.openConnections).toBe(0);
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    const { api } = await bench(() => controller.abort(new Error('enough')));
    const error = await failure(api.request({ method: 'GET', path: '/x', signal: controller.signal }));
    expect(error.message).toBe('enough');
  });
});

describe('a server that has no time', () => {
  const GET = { method: 'GET', path: '/x' } as const;
  const APPLY = { method: 'PATCH', path: '/x', body: {}, contentType: 'application/apply-patch+yaml' } as const;
  const after = (seconds: string) => ({ 'retry-after': seconds });

  it.each([
    ['a GET with 429 and Retry-After', GET, 429, after('7'), [7000]],
    ['a GET with 503 and Retry-After', GET, 503, after('2'), [2000]],
    ['a GET with 429 alone', GET, 429, {}, [1000]],
    ['an apply with 429', APPLY, 429, {}, [1000]],
  ])('is asked again: %s', async (_, request, code, headers, expected) => {
    let refusals = 0;
    const { api, pauses } = await bench((exchange) => {
      if (refusals++ < 1) exchange.refuse(code, '', headers);
      else exchange.answer('done');
    });
    expect(await api.request(request)).toBe('done');
    expect(pauses).toEqual(expected);
  });

  it.each([
    ['503 without advice', GET, 503, {}],
    ['429 that asks for more than 30 s', GET, 429, after('31')],
    ['a create', { method: 'POST', path: '/x', body: {} } as const, 429, after('1')],
    ['another patch', { ...APPLY, contentType: 'application/merge-patch+json' } as const, 429, after('1')],
    ['a failure', GET, 500, after('1')],
  ])('is not asked again: %s', async (_, request, code, headers) => {
    const { wire, api } = await bench((exchange) => exchange.refuse(code, '', headers));
    expect(await failure(api.request(request))).toMatchObject({ code });
    expect(wire.exchanges.length).toBe(1);
  });

  it('is asked four times at most', async () => {
    const { wire, api } = await bench((exchange) => exchange.refuse(429, 'TooManyRequests', after('1')));
    const error = await failure(api.request(GET));
    expect(error).toMatchObject({ code: 429, reason: 'TooManyRequests', retryAfterMs: 1000 });
    expect(wire.exchanges.length).toBe(4);
  });
});

describe('connections', () => {
  it('are kept: 100 requests over TLS take two at most', async () => {
    const { wire, api } = await bench((exchange) => exchange.answer({}), { certificate: await certificate() });
    for (let i = 0; i < 100; i += 1) await api.request({ method: 'GET', path: '/x' });
    expect(wire.exchanges.length).toBe(100);
    expect(wire.connections).toBeLessThanOrEqual(2);
  });

  it('are made anew when the certificates change', async () => {
    const made = await certificate();
    const { wire, api } = await bench((exchange) => exchange.answer({}), { certificate: made });
    await api.request({ method: 'GET', path: '/x' });
    // What a file of certificates would hold after a rotation.
    const cluster = wire.config.clusters[0] as { caData: string };
    const { ca: other } = await certificate('CN=other');
    cluster.caData = Buffer.from(other).toString('base64');
    expect(await failure(api.request({ method: 'GET', path: '/x' }))).toBeInstanceOf(NoAnswer);
    cluster.caData = Buffer.from(`${other}\n${made.ca}`).toString('base64');
    await api.request({ method: 'GET', path: '/x' });
    expect(wire.exchanges.length).toBe(2);
    await expect.poll(() => wire.openConnections).toBe(1);
  });

  it('carry 20 requests at a time, whatever streams there are', async () => {
    const held: Exchange[] = [];
    const { wire, api } = await bench((exchange) => {
      if (exchange.isWatch) exchange.send();
      else held.push(exchange);
    });
    const streams = [1, 2, 3].map(() =>
      api
        .lines({ method: 'GET', path: '/s', query: { watch: true } })
        .next()
        .catch(() => null),
    );
    const all = Promise.all(Array.from({ length: 50 }, () => api.request({ method: 'GET', path: '/x' })));
    await expect.poll(() => [held.length, wire.watches.length]).toEqual([20, 3]);
    const left = new AbortController();
    const leaving = failure(api.request({ method: 'GET', path: '/never', signal: left.signal }));
    left.abort(new Error('left'));
    expect((await leaving).message).toBe('left');
    for (let answered = 0; answered < 50; answered += 1) {
      await expect.poll(() => held.length).toBeGreaterThan(0);
      expect(held.length).toBeLessThanOrEqual(20);
      held.shift()?.answer({});
    }
    await all;
    expect(wire.lists.some(({ path }) => path === '/never')).toBe(false);
    await api.close();
    await Promise.all(streams);
  });

  it('are gone after close', async () => {
    const { wire, api } = await bench((exchange) => exchange.answer({}));
    await api.request({ method: 'GET', path: '/x' });
    expect(wire.openConnections).toBe(1);
    await api.close();
    await expect.poll(() => wire.openConnections).toBe(0);
  });
});

describe('lines', () => {
  const STREAM = { method: 'GET', path: '/stream' } as const;

  it('are whole, wherever the network cuts them', async () => {
    const text = 'first\nzwölf Stimmen für 🐈\n\nlast';
    const { api } = await bench(async ({ response }) => {
      response.writeHead(200);
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect(await collected(api.lines(STREAM))).toEqual(text.split('\n'));
  });

  it('end with an error when the server is silent for too long', async () => {
    const { wire, api } = await bench(({ response }) => void response.writeHead(200).write('one\ntw'), {
      silenceMs: 100,
    });
    const lines = api.lines(STREAM);
    expect(await lines.next()).toEqual({ done: false, value: 'one' });
    expect(await failure(lines.next())).toBeInstanceOf(NoAnswer);
    await expect.poll(() => wire.openConnections).toBe(0);
  });

  it('end with an error when the connection is lost', async () => {
    let stream: Exchange | undefined;
    const { api } = await bench((exchange) => {
      stream = exchange;
      exchange.response.writeHead(200).write('one\n');
    });
    const lines = api.lines(STREAM);
    await lines.next();
    stream?.reset();
    expect(await failure(lines.next())).toBeInstanceOf(NoAnswer);
  });

  it('leave no connection when nobody reads on', async () => {
    const { wire, api } = await bench(({ response }) => void response.writeHead(200).write('one\n'));
    for await (const line of api.lines(STREAM)) if (line === 'one') break;
    await expect.poll(() => wire.openConnections).toBe(0);
  });

  it('throw a refusal at once', async () => {
    const { wire, api } = await bench((exchange) => exchange.refuse(429, '', { 'retry-after': '1' }));
    expect(await failure(api.lines(STREAM).next())).toMatchObject({ code: 429, retryAfterMs: 1000 });
    expect(wire.exchanges.length).toBe(1);
  });
});

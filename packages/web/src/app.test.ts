import { createServer, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';

import { ERRORS, RequestError } from '@voteapp/contracts/errors';
import { closeServer, listen } from '@voteapp/kit/server';
import { createLogger } from '@voteapp/kit/log';
import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { answerErrors, createWebApp, retryAfterSeconds, route } from './app.ts';

const lines: string[] = [];
const log = createLogger({ level: 'info', service: 'test', destination: { write: (line) => void lines.push(line) } });
let server: Server;
let base: string;

beforeAll(async () => {
  const app = createWebApp();
  const body = express.json({ limit: 64, strict: true });
  route(app, '/echo', {
    get: (_request, response) => void response.json('here'),
    post: [body, (request, response) => void response.json(request.body)],
  });
  route(app, '/item/:id', { get: (request, response) => void response.json(request.params['id']) });
  route(app, '/refused', {
    get() {
      throw new RequestError('invalid_field', { field: 'voter' });
    },
  });
  route(app, '/busy', {
    get() {
      throw new RequestError('queue_unavailable');
    },
  });
  route(app, '/broken', {
    async get() {
      throw new Error('secret detail');
    },
  });
  answerErrors(app, log, () => 0.99);
  server = createServer(app);
  base = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
});

afterAll(() => closeServer(server, 0));

const json = { 'content-type': 'application/json' };

describe('an error is answered as the catalogue says', () => {
  const cases: Record<string, [path: string, init: RequestInit, status: number, code: string]> = {
    'an unknown address': ['/nowhere', {}, 404, 'not_found'],
    'an address that does not decode': ['/item/%E0%A4%A', {}, 404, 'not_found'],
    'a method the address does not know': ['/echo', { method: 'DELETE' }, 405, 'method_not_allowed'],
    'a body that is not JSON': ['/echo', { method: 'POST', headers: json, body: '{"a":' }, 400, 'malformed_body'],
    'a body that is too large': [
      '/echo',
      { method: 'POST', headers: json, body: `"${'x'.repeat(99)}"` },
      413,
      'body_too_large',
    ],
    'a charset nobody knows': [
      '/echo',
      { method: 'POST', headers: { 'content-type': 'application/json; charset=klingon' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    'an encoding nobody knows': [
      '/echo',
      { method: 'POST', headers: { ...json, 'content-encoding': 'snail' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    'a small body that unpacks to a large one': [
      '/echo',
      { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(`"${'x'.repeat(9_999)}"`) },
      413,
      'body_too_large',
    ],
    'a refusal with its field': ['/refused', {}, 400, 'invalid_field'],
    'an outage': ['/busy', {}, 503, 'queue_unavailable'],
    'a fault of ours': ['/broken', {}, 500, 'internal'],
  };
  test.each(Object.entries(cases))('%s', async (_name, [path, init, status, code]) => {
    const response = await fetch(`${base}${path}`, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ error: { code } });
  });
});

test('a refusal has its sentence and its field', async () => {
  const response = await fetch(`${base}/refused`);
  const { message } = ERRORS.invalid_field;
  expect(await response.json()).toEqual({ error: { code: 'invalid_field', message, field: 'voter' } });
});

test('405 says what is allowed, and HEAD comes with GET', async () => {
  const refused = await fetch(`${base}/echo`, { method: 'PUT' });
  expect(refused.headers.get('allow')).toBe('GET, HEAD, POST');
  expect((await fetch(`${base}/echo`, { method: 'HEAD' })).status).toBe(200);
});

test('503 asks to come back after 1 to 3 seconds', async () => {
  expect((await fetch(`${base}/busy`)).headers.get('retry-after')).toBe('3');
  expect([0, 0.34, 0.67, 0.999].map((value) => retryAfterSeconds(() => value))).toEqual([1, 2, 3, 3]);
});

test('what was thrown is logged and never shown', async () => {
  lines.length = 0;
  const response = await fetch(`${base}/broken`);
  expect(await response.text()).not.toContain('secret detail');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { msg: 'Request failed', path: '/broken', err: { message: 'secret detail' } },
  ]);
  lines.length = 0;
  await fetch(`${base}/refused`);
  await fetch(`${base}/echo`, { method: 'POST', headers: json, body: '{"a":' });
  expect(lines).toEqual([]);
});

test('a browser is shown a page instead of JSON', async () => {
  const response = await fetch(`${base}/busy`, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await response.text()).toContain('The vote could not be stored');
});

test('every answer carries the security headers', async () => {
  for (const path of ['/echo', '/nowhere', '/broken']) {
    const { headers } = await fetch(`${base}${path}`);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';img-src 'self' https: data:;form-action 'self';frame-ancestors 'none';base-uri 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin');
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

import { createServer, type Server } from 'node:http';
import { readdirSync } from 'node:fs';

import { closeServer, listen } from '@voteapp/kit/server';
import { createLogger } from '@voteapp/kit/log';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { answerErrors, createWebApp } from './app.ts';
import { assetUrl } from './assets.ts';

let server: Server;
let base: string;

beforeAll(async () => {
  const app = createWebApp();
  answerErrors(app, createLogger({ level: 'silent', service: 'test' }));
  server = createServer(app);
  base = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
});

afterAll(() => closeServer(server, 0));

test.each([
  ['style.css', 'text/css; charset=utf-8'],
  ['favicon.svg', 'image/svg+xml'],
  ['vote-page.js', 'text/javascript; charset=utf-8'],
])('%s is served for good under the version of the pages', async (name, type) => {
  const response = await fetch(`${base}${assetUrl(name)}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
});

test('every script that the browser may import is served', async () => {
  const scripts = readdirSync(new URL('./browser', import.meta.url)).filter((name) => name.endsWith('.js'));
  expect(scripts).toContain('page.js');
  for (const name of scripts) expect((await fetch(`${base}${assetUrl(name)}`)).status).toBe(200);
});

test('a page of another release gets this release’s asset, not to be kept', async () => {
  const response = await fetch(`${base}/assets/0123456789abcdef/style.css`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-cache');
});

test('nothing else of the disk is served', async () => {
  for (const name of ['assets.ts', '..%2fassets.ts', '%2e%2e%2fapp.ts', 'constructor']) {
    expect((await fetch(`${base}/assets/x/${name}`)).status).toBe(404);
  }
});

import type { IncomingMessage } from 'node:http';

import { describe, expect, it } from 'vitest';

import { createOrigins } from './origin.ts';

function request(headers: Record<string, string>, remoteAddress = '10.0.0.7'): IncomingMessage {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

describe('a request comes from another site', () => {
  const origins = createOrigins('https://vote.example.org/', '');
  it.each([
    ['a client that is no browser', {}, false],
    [
      'the own page',
      { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080', host: 'localhost:8080' },
      false,
    ],
    ['an address typed by hand', { 'sec-fetch-site': 'none' }, false],
    [
      'the public address behind a proxy that changes Host',
      { origin: 'https://vote.example.org', host: 'vote' },
      false,
    ],
    ['a Host with the default port', { origin: 'http://a.org', host: 'a.org:80' }, false],
    ['another site', { 'sec-fetch-site': 'cross-site' }, true],
    ['a sister domain', { 'sec-fetch-site': 'same-site' }, true],
    ['another origin', { origin: 'https://evil.org', host: 'vote.example.org' }, true],
    ['another port', { origin: 'http://localhost:9999', host: 'localhost:8080' }, true],
    ['an origin the browser hides', { origin: 'null', host: 'localhost:8080' }, true],
    ['an origin without a Host to compare', { origin: 'https://evil.org' }, true],
  ])('%s', (_, headers, crossSite) => {
    expect(origins.isCrossSite(request(headers as Record<string, string>))).toBe(crossSite);
  });
});

describe('a browser speaks TLS', () => {
  const https = { 'x-forwarded-proto': 'https' };
  it.each([
    ['when the public address is https', 'https://vote.example.org', '', {}, true],
    ['when a trusted proxy says so', undefined, '10.0.0.0/8', https, true],
    ['when a trusted proxy says so first', undefined, '10.0.0.0/8', { 'x-forwarded-proto': 'https, http' }, true],
    ['when the one proxy there is says so', undefined, '1', https, true],
    ['not when anybody says so', undefined, '', https, false],
    ['not when a proxy of another network says so', undefined, '192.168.0.0/16', https, false],
    ['not when a trusted proxy says otherwise', undefined, 'uniquelocal', { 'x-forwarded-proto': 'http' }, false],
    ['not when a trusted proxy says nothing', undefined, 'uniquelocal', {}, false],
  ])('%s', (_, url, proxies, headers, secure) => {
    expect(createOrigins(url, proxies).isSecure(request(headers as Record<string, string>))).toBe(secure);
  });

  it('is not decided with proxies that are no addresses', () => {
    expect(() => createOrigins(undefined, 'the proxy')).toThrow(TypeError);
  });
});

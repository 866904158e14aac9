import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { MAX_BODY_BYTES } from '@voteapp/contracts/http/vote';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readPlainRequest } from './plain-request.ts';

const BODY = '{"option":"coca"}';

function request({
  line = 'POST /api/vote HTTP/1.1',
  fields = [`host: vote.example.org`, 'content-type: application/json', `content-length: ${BODY.length}`],
  more = [] as readonly string[],
  body = BODY,
}): Buffer {
  return Buffer.from([line, ...fields, ...more, '', body].join('\r\n'), 'latin1');
}

const read = (given: Parameters<typeof request>[0]) => readPlainRequest(request(given));

it('reads target, fields and body', () => {
  const more = ['Cookie: a=1; b=2', 'X-Empty:', 'x-padded: \t two  words \t'];
  expect(read({ line: 'POST /api/vote?a=b HTTP/1.1', more })).toEqual({
    target: '/api/vote?a=b',
    headers: {
      host: 'vote.example.org',
      'content-type': 'application/json',
      'content-length': '17',
      cookie: 'a=1; b=2',
      'x-empty': '',
      'x-padded': 'two  words',
    },
    body: Buffer.from(BODY),
    isLast: false,
  });
});

it.each([
  ['keep-alive', false],
  ['Keep-Alive', false],
  ['close', true],
])('knows from connection: %s whether it is the last one', (value, isLast) => {
  expect(read({ more: [`Connection: ${value}`] })?.isLast).toBe(isLast);
});

describe('is not for the lane:', () => {
  const [host, type, length] = ['host: a', 'content-type: application/json', `content-length: ${BODY.length}`];
  it.each<[string, Parameters<typeof request>[0]]>([
    ['another method', { line: 'GET /api/vote HTTP/1.1' }],
    ['an older version', { line: 'POST /api/vote HTTP/1.0' }],
    ['a whole address', { line: 'POST http://a/api/vote HTTP/1.1' }],
    ['two spaces in the request line', { line: 'POST  /api/vote HTTP/1.1' }],
    ['a target that is not ASCII', { line: 'POST /api/v\u00f6te HTTP/1.1' }],
    ['an empty line first', { line: '\r\nPOST /api/vote HTTP/1.1' }],
    ['no host', { fields: [type, length] }],
    ['no length', { fields: [host, type] }],
    ['a signed length', { fields: [host, type, `content-length: +${BODY.length}`] }],
    ['two lengths', { fields: [host, type, length, length] }],
    ['a list of lengths', { fields: [host, type, `content-length: ${BODY.length}, ${BODY.length}`] }],
    ['a field twice', { more: ['x-a: 1', 'X-A: 2'] }],
    ['a field with the name of something that all objects have', { more: ['constructor: 1'] }],
    ['chunks', { more: ['transfer-encoding: chunked'] }],
    ['an expectation', { more: ['expect: 100-continue'] }],
    ['an upgrade', { more: ['connection: upgrade', 'upgrade: websocket'] }],
    ['a connection that asks for more than its end', { more: ['connection: close, te'] }],
    ['a folded field', { more: ['x-a: 1', ' 2'] }],
    ['a space before the colon', { more: ['x-a : 1'] }],
    ['no colon', { more: ['x-a'] }],
    ['a bare line feed', { more: ['x-a: 1\nx-b: 2'] }],
    ['a bare carriage return', { more: ['x-a: 1\rx-b: 2'] }],
    ['a NUL', { more: ['x-a: \0'] }],
    ['a value that is not ASCII', { more: ['x-a: \u00e9'] }],
    ['half of its body', { body: BODY.slice(0, 8) }],
    ['a second request behind it', { body: `${BODY}${request({}).toString('latin1')}` }],
    [
      'a body that is too large',
      { fields: [host, `content-length: ${MAX_BODY_BYTES + 1}`], body: 'x'.repeat(MAX_BODY_BYTES + 1) },
    ],
    ['a head that is too large', { more: [`x-a: ${'x'.repeat(17_000)}`] }],
  ])('%s', (_, given) => {
    expect(readPlainRequest(request({}))).not.toBeNull();
    expect(read(given)).toBeNull();
  });

  it('a part of a request, wherever it ends', () => {
    const whole = request({});
    for (let size = 0; size < whole.length; size += 1) expect(readPlainRequest(whole.subarray(0, size))).toBeNull();
  });
});

interface Read {
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What Node's server reads of bytes that begin with a request. */
async function readByNode(bytes: Buffer): Promise<Read> {
  const server = createServer();
  const [client, socket] = duplexPair();
  const arrival = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const refusal = once(server, 'clientError').then(([error]) => Promise.reject(error as Error));
  server.emit('connection', socket);
  client.write(bytes);
  const [incoming] = await Promise.race([arrival, refusal]);
  const { method, url: target, headers } = incoming;
  const body = await Promise.race([buffer(incoming), refusal]);
  socket.destroy();
  return { method, target, headers, body };
}

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
const value = fc.stringMatching(/^[\t -~]{0,12}$/);
const field = fc.tuple(token, fc.constantFrom(': ', ':', ' : ', ':\t'), value).map((parts) => parts.join(''));
const known = fc.constantFrom(
  'connection: keep-alive',
  'connection: close',
  'Connection: Upgrade',
  'cookie: a=b',
  'content-length: 17',
  'Content-Length: 18',
  'transfer-encoding: chunked',
  'host: b',
  'origin: https://vote.example.org',
);
const target = fc.stringMatching(/^\/[!-~]{0,12}$/);
/** A good request, or one with a byte more, less, or other. */
const anyRequest = fc
  .record({
    target,
    more: fc.array(fc.oneof({ weight: 5, arbitrary: field }, { weight: 1, arbitrary: known }), { maxLength: 4 }),
    body: fc.stringMatching(/^[ -~]{17}$/),
    change: fc.option(
      fc.record({
        at: fc.nat(200),
        drop: fc.constantFrom(0, 0, 1),
        put: fc.constantFrom('', '\r', '\n', '\0', ' ', ':', '\x80'),
      }),
    ),
  })
  .map(({ target: address, more, body, change }) => {
    const bytes = request({ line: `POST ${address} HTTP/1.1`, more, body });
    if (change === null) return bytes;
    const { at, drop, put } = change;
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(put, 'latin1'), bytes.subarray(at + drop)]);
  });

it('never reads a request otherwise than Node does', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(anyRequest, async (bytes) => {
      const plain = readPlainRequest(bytes);
      if (plain === null) return;
      taken += 1;
      const { target: address, headers, body } = plain;
      expect(await readByNode(bytes)).toEqual({ method: 'POST', target: address, headers, body });
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(100);
});

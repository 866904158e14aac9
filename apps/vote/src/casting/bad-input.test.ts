import { ERRORS, type ErrorCode } from '@voteapp/contracts/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { rawAnswer, submit, vote } from '../testing/requests.ts';
import { type RunningService, runService, type RunOptions } from '../testing/run-service.ts';

/** What a bad request must leave behind: nothing in the queue, and a service that takes the next vote. */
async function expectUnharmed({ url, queue }: RunningService, batchesBefore: number): Promise<void> {
  expect(queue.batches).toHaveLength(batchesBefore);
  expect((await vote(url, { option: 'coca' })).status).toBe(202);
  expect(queue.batches).toHaveLength(batchesBefore + 1);
}

const JSON_TYPE = { 'content-type': 'application/json' };

let running: RunningService;
beforeAll(async () => {
  running = await runService({ requestTimeoutMs: 300 });
});
afterAll(() => running.stop());

interface BadRequest {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

function send({ path = '/api/vote', method = 'POST', headers = JSON_TYPE, body }: BadRequest): Promise<Response> {
  return fetch(`${running.url}${path}`, { method, headers, ...(body !== undefined && { body: body as string }) });
}

describe('a native vote is refused', () => {
  const MALFORMED = 'malformed_body';
  const INVALID = 'invalid_field';
  it.each<[string, BadRequest, ErrorCode, string?]>([
    ['without a body', {}, MALFORMED],
    ['with an empty body', { body: '' }, MALFORMED],
    ['with malformed JSON', { body: '{"option":' }, MALFORMED],
    ['with a list', { body: '["coca"]' }, MALFORMED],
    ['with a string', { body: '"coca"' }, MALFORMED],
    ['with null', { body: 'null' }, MALFORMED],
    ['with a NUL byte between the tokens', { body: '{"option":\0"coca"}' }, MALFORMED],
    ['with bytes that are not UTF-8', { body: Buffer.from('{"option":"coca","voter":"é"}', 'latin1') }, MALFORMED],
    ['without an option', { body: '{}' }, INVALID, 'option'],
    ['with a numeric option', { body: '{"option":1}' }, INVALID, 'option'],
    ['with a null option', { body: '{"option":null}' }, INVALID, 'option'],
    ['with a numeric voter', { body: '{"option":"coca","voter":7}' }, INVALID, 'voter'],
    ['with an empty voter', { body: '{"option":"coca","voter":""}' }, INVALID, 'voter'],
    ['with a NUL in the voter', { body: '{"option":"coca","voter":"a\\u0000b"}' }, INVALID, 'voter'],
    ['with a line break in the voter', { body: '{"option":"coca","voter":"a\\nb"}' }, INVALID, 'voter'],
    ['with a numeric id', { body: '{"option":"coca","id":7}' }, INVALID, 'id'],
    ['with an id of 65 characters', { body: `{"option":"coca","id":"${'x'.repeat(65)}"}` }, INVALID, 'id'],
    ['with an id of the form we give', { body: '{"option":"coca","id":"00112233aabbccdd-0-1-0"}' }, INVALID, 'id'],
    ['for an option the poll does not have', { body: '{"option":"fanta"}' }, 'unknown_option'],
    ['for an option in other letters', { body: '{"option":"Coca"}' }, 'unknown_option'],
    ['for an option with a NUL', { body: '{"option":"coca\\u0000"}' }, 'unknown_option'],
    ['for a name every object has', { body: '{"option":"__proto__"}' }, 'unknown_option'],
    ['with a voter of 257 bytes', { body: `{"option":"coca","voter":"${'é'.repeat(128)}x"}` }, 'voter_too_long'],
    ['with a voter of 10 kB', { body: `{"option":"coca","voter":"${'x'.repeat(10_240)}"}` }, 'body_too_large'],
    ['with a body of 10 MB', { body: Buffer.alloc(10 * 1024 * 1024, 'x') }, 'body_too_large'],
    ['as text', { headers: { 'content-type': 'text/plain' }, body: '{"option":"coca"}' }, 'unsupported_media_type'],
    ['as a form', { headers: {}, body: 'option=coca' }, 'unsupported_media_type'],
    ['with GET', { method: 'GET' }, 'method_not_allowed'],
    ['with PUT', { method: 'PUT', body: '{"option":"coca"}' }, 'method_not_allowed'],
    ['with OPTIONS', { method: 'OPTIONS' }, 'method_not_allowed'],
    [
      'from a page of another site',
      { headers: { ...JSON_TYPE, 'sec-fetch-site': 'cross-site' }, body: '{"option":"coca"}' },
      'cross_site',
    ],
    [
      'from another origin',
      { headers: { ...JSON_TYPE, origin: 'https://evil.org' }, body: '{"option":"coca"}' },
      'cross_site',
    ],
    [
      'with a voter cookie that was tampered with',
      { headers: { ...JSON_TYPE, cookie: `userID=${'A'.repeat(22)}.${'B'.repeat(22)}` }, body: '{"option":"coca"}' },
      'invalid_cookie',
    ],
  ])('%s', async (_, request, code, field) => {
    const batches = running.queue.batches.length;
    const response = await send(request);
    expect(response.status).toBe(ERRORS[code].status);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({
      error: { code, message: expect.stringMatching(/\.$/) as string, ...(field && { field }) },
    });
    if (code === 'method_not_allowed') expect(response.headers.get('allow')).toBe('POST');
    await expectUnharmed(running, batches);
  });

  it('and fields that it does not know are ignored', async () => {
    const batches = running.queue.batches.length;
    const response = await vote(running.url, { option: 'coca', voter: 'ann', seq: 1, round: 'other' });
    expect([response.status, running.queue.batches.length]).toEqual([202, batches + 1]);
  });
});

describe('a body that is too large', () => {
  const head = 'POST /api/vote HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const LARGE = /^HTTP\/1\.1 413 .*connection: close.*"code":"body_too_large"/is;

  it('is refused by its announced length, before any of it has come', async () => {
    const batches = running.queue.batches.length;
    expect(await rawAnswer(running.port, `${head}content-length: 10485760\r\n\r\n`)).toMatch(LARGE);
    await expectUnharmed(running, batches);
  });

  it('is refused at its 8193rd byte when no length is announced', async () => {
    const batches = running.queue.batches.length;
    const chunk = `${'x'.repeat(8_193)}\r\n`;
    const answer = await rawAnswer(running.port, `${head}transfer-encoding: chunked\r\n\r\n2001\r\n${chunk}`);
    expect(answer).toMatch(LARGE);
    await expectUnharmed(running, batches);
  });

  it('is refused as well when it comes whole, in one piece, and its connection is not used again', async () => {
    const batches = running.queue.batches.length;
    const body = `2001\r\n${'x'.repeat(8_193)}\r\n0\r\n\r\n`;
    expect(await rawAnswer(running.port, `${head}transfer-encoding: chunked\r\n\r\n${body}`)).toMatch(LARGE);
    await expectUnharmed(running, batches);
  });
});

it('a body that does not come to its end in time is answered with 408', async () => {
  const batches = running.queue.batches.length;
  const head = 'POST /api/vote HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n';
  const answer = await rawAnswer(running.port, `${head}{"option":`);
  expect(answer).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
  await expectUnharmed(running, batches);
});

describe('on the predecessors’ addresses', () => {
  const BAD = [400, { badRequest: 'Your json doesnt pass in the application creteria' }];
  it.each<[string, BadRequest]>([
    ['malformed JSON', { body: '{' }],
    ['no body', {}],
    ['another content type', { headers: { 'content-type': 'text/plain' }, body: '{"userID":"ann","vote":"coca"}' }],
    ['no vote', { body: '{"userID":"ann"}' }],
    ['no userID', { body: '{"vote":"coca"}' }],
    ['a numeric userID', { body: '{"userID":1,"vote":"coca"}' }],
    ['an empty userID', { body: '{"userID":"","vote":"coca"}' }],
    ['a NUL in the userID', { body: '{"userID":"a\\u0000","vote":"coca"}' }],
    ['an unknown option', { body: '{"userID":"ann","vote":"fanta"}' }],
  ])('POST /api/postVotes with %s', async (_, request) => {
    const batches = running.queue.batches.length;
    const response = await send({ ...request, path: '/api/postVotes' });
    expect([response.status, await response.json()]).toEqual(BAD);
    await expectUnharmed(running, batches);
  });

  it.each<[string, BadRequest, number, string]>([
    [
      '/api/postVotes with a userID of 300 bytes',
      { path: '/api/postVotes', body: `{"userID":"${'x'.repeat(300)}","vote":"coca"}` },
      413,
      'voter_too_long',
    ],
    [
      '/api/postVotes with a userID of 10 kB',
      { path: '/api/postVotes', body: `{"userID":"${'x'.repeat(10_240)}","vote":"coca"}` },
      413,
      'body_too_large',
    ],
    ['/api/postVotes with GET', { path: '/api/postVotes', method: 'GET' }, 405, 'method_not_allowed'],
    ['/votar as a form', { path: '/votar', headers: {}, body: 'voto=1' }, 415, 'unsupported_media_type'],
    ['/votar with malformed JSON', { path: '/votar', body: '{' }, 400, 'malformed_body'],
    ['/votar without a number', { path: '/votar', body: '{}' }, 400, 'invalid_field'],
    [
      'a voter with half a surrogate pair',
      { path: '/api/vote', body: '{"option":"coca","voter":"\\ud800"}' },
      400,
      'invalid_field',
    ],
    ['/votar with text for a number', { path: '/votar', body: '{"voto":"first"}' }, 400, 'invalid_field'],
    ['/votar with GET', { path: '/votar', method: 'GET' }, 405, 'method_not_allowed'],
    ['/votar/1 with GET', { path: '/votar/1', method: 'GET' }, 405, 'method_not_allowed'],
    [
      '/votar/1 from another site',
      { path: '/votar/1', headers: { 'sec-fetch-site': 'cross-site' } },
      403,
      'cross_site',
    ],
  ])('%s', async (_, request, status, code) => {
    const batches = running.queue.batches.length;
    const response = await send(request);
    expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
    await expectUnharmed(running, batches);
  });

  it.each([
    ['POST /votar {"voto":0}', { path: '/votar', body: '{"voto":0}' }],
    ['POST /votar {"voto":3}', { path: '/votar', body: '{"voto":3}' }],
    ['POST /votar {"voto":1.5}', { path: '/votar', body: '{"voto":1.5}' }],
    ['POST /votar {"voto":-1}', { path: '/votar', body: '{"voto":-1}' }],
    ['POST /votar/0', { path: '/votar/0' }],
    ['POST /votar/3', { path: '/votar/3' }],
    ['POST /votar/01234', { path: '/votar/01234' }],
    ['POST /votar/coca', { path: '/votar/coca' }],
  ])('%s is 406 NÚMERO DE VOTO INVÁLIDO', async (_, request) => {
    const batches = running.queue.batches.length;
    const response = await send(request);
    expect([response.status, await response.text()]).toEqual([406, 'NÚMERO DE VOTO INVÁLIDO']);
    await expectUnharmed(running, batches);
  });
});

describe('the form is answered with a page', () => {
  it.each<[string, Record<string, string>, Record<string, string>, ErrorCode]>([
    ['without an option', {}, {}, 'invalid_field'],
    ['for an unknown option', { vote: 'fanta' }, {}, 'unknown_option'],
    ['for an option with a NUL', { vote: 'coca\0' }, {}, 'unknown_option'],
    ['as JSON', { vote: 'coca' }, { 'content-type': 'application/json' }, 'unsupported_media_type'],
    ['from another site', { vote: 'coca' }, { origin: 'https://evil.org' }, 'cross_site'],
    ['of 10 kB', { vote: 'x'.repeat(10_240) }, {}, 'body_too_large'],
    ['with a tampered cookie', { vote: 'coca' }, { cookie: 'userID=3f2a9c' }, 'invalid_cookie'],
  ])('%s', async (_, fields, headers, code) => {
    const batches = running.queue.batches.length;
    const response = await submit(running.url, fields, headers);
    expect(response.status).toBe(ERRORS[code].status);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const messages = {
      invalid_field: 'Choose an option.',
      unsupported_media_type: 'Send the vote as application/x-www-form-urlencoded.',
    };
    expect(await response.text()).toContain(messages[code as keyof typeof messages] ?? ERRORS[code].message);
    await expectUnharmed(running, batches);
  });

  it('and other methods than its page’s are refused', async () => {
    const response = await send({ path: '/', method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });
});

describe('while the poll takes no votes', () => {
  const HOUR = 3_600_000;
  it.each<[string, RunOptions['definition'], ErrorCode]>([
    ['not open yet', { opensAt: Date.now() + HOUR }, 'poll_not_open'],
    ['closed', { closesAt: Date.now() - HOUR }, 'poll_closed'],
    ['suspended', { suspensions: [{ from: 0, until: null }] }, 'poll_suspended'],
  ])('%s: every way to vote is refused, and nothing is published', async (_, definition, code) => {
    const closed = await runService({ definition: definition ?? {} });
    try {
      const ways = await Promise.all([
        vote(closed.url, { option: 'coca' }),
        fetch(`${closed.url}/api/postVotes`, {
          method: 'POST',
          headers: JSON_TYPE,
          body: '{"userID":"a","vote":"coca"}',
        }),
        fetch(`${closed.url}/votar`, { method: 'POST', headers: JSON_TYPE, body: '{"voto":1}' }),
        fetch(`${closed.url}/votar/1`, { method: 'POST' }),
      ]);
      for (const response of ways) {
        expect([response.status, await response.json()]).toEqual([
          403,
          { error: { code, message: ERRORS[code].message } },
        ]);
      }
      const form = await submit(closed.url, { vote: 'coca' });
      expect([form.status, await form.text()]).toEqual([403, expect.stringContaining(ERRORS[code].message) as string]);
      expect(closed.queue.batches).toEqual([]);
    } finally {
      await closed.stop();
    }
  });
});

it('a poll takes only the voters it names', async () => {
  const named = await runService({ definition: { voters: ['Named'] } });
  const cookie = await runService({ definition: { voters: ['Cookie'] } });
  try {
    const refused = [
      await vote(named.url, { option: 'coca' }),
      await vote(cookie.url, { option: 'coca', voter: 'ann' }),
    ];
    for (const response of refused) {
      expect([response.status, await response.json()]).toMatchObject([403, { error: { code: 'voter_not_taken' } }]);
    }
    expect([named.queue.batches, cookie.queue.batches]).toEqual([[], []]);
    expect((await vote(named.url, { option: 'coca', voter: 'ann' })).status).toBe(202);
    expect((await vote(cookie.url, { option: 'coca' })).status).toBe(202);
  } finally {
    await Promise.all([named.stop(), cookie.stop()]);
  }
});

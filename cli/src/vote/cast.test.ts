import { describe, expect, test } from 'vitest';

import { cast } from './cast.ts';

const BALLOT = { option: 'coca', id: 'voteapp-1' };
const ACCEPTED = { status: 'accepted', id: 'voteapp-1', round: 'r', option: 'coca', seq: 1 };
const { signal } = new AbortController();

function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error: { code, message: `It is ${code}.` } }, { status, headers });
}

/** A vote service that gives these answers in turn. */
function service(...answers: readonly (Response | Error)[]) {
  const left = [...answers];
  const asked: RequestInit[] = [];
  return {
    asked,
    async ask(_service: string, _path: string, init: RequestInit = {}): Promise<Response> {
      asked.push(init);
      const answer = left.shift();
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('Nobody answers.');
      return answer;
    },
  };
}

const AT_ONCE = { 'retry-after': '0' };

describe('what becomes of a vote', () => {
  const cases: Record<string, readonly [answers: readonly (Response | Error)[], outcome: object, sent: number]> = {
    'that is taken': [[Response.json(ACCEPTED, { status: 202 })], { kind: 'accepted', receipt: null }, 1],
    'that opens the results': [
      [Response.json({ ...ACCEPTED, receipt: 'abc' }, { status: 202 })],
      { kind: 'accepted', receipt: 'abc' },
      1,
    ],
    'that comes too late': [
      [refusal(403, 'poll_closed')],
      { kind: 'refused', code: 'poll_closed', message: 'It is poll_closed.' },
      1,
    ],
    'that has to wait': [
      [refusal(503, 'queue_unavailable', AT_ONCE), Response.json(ACCEPTED, { status: 202 })],
      { kind: 'accepted' },
      2,
    ],
    'that the queue never takes': [
      [1, 2, 3, 4].map(() => refusal(503, 'queue_unavailable', AT_ONCE)),
      { kind: 'unknown', message: 'It is queue_unavailable.' },
      4,
    ],
    'that the service is not ready for': [
      [1, 2, 3, 4].map(() => refusal(503, 'starting', AT_ONCE)),
      { kind: 'refused', code: 'starting' },
      4,
    ],
    'that a proxy stops': [[new Response('<h1>', { status: 404 })], { kind: 'unknown' }, 1],
  };
  test.each(Object.entries(cases))('%s', async (_, [answers, outcome, sent]) => {
    const poll = service(...answers);
    expect(await cast(poll, BALLOT, signal)).toMatchObject(outcome);
    expect(poll.asked).toHaveLength(sent);
  });

  test('that had no answer is sent again under its id', async () => {
    const poll = service(new Error('reset'), Response.json(ACCEPTED, { status: 202 }));
    expect(await cast(poll, BALLOT, signal)).toMatchObject({ kind: 'accepted' });
    expect(poll.asked.map(({ body }) => body)).toEqual([JSON.stringify(BALLOT), JSON.stringify(BALLOT)]);
  });
});

test('who is sent again is the same voter', async () => {
  const first = refusal(503, 'queue_unavailable', AT_ONCE);
  first.headers.append('set-cookie', 'userID=abc.def; HttpOnly; Path=/');
  const poll = service(first, Response.json(ACCEPTED, { status: 202 }));
  await cast(poll, BALLOT, signal);
  expect(poll.asked.map(({ headers }) => new Headers(headers).get('cookie'))).toEqual([null, 'userID=abc.def']);
});

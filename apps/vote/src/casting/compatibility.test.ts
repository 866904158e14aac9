import { hostname } from 'node:os';

import { createSecretKey } from 'node:crypto';

import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { cookiesOf, submit, vote } from '../testing/requests.ts';
import { ROUND_KEY, type RunningService, runService } from '../testing/run-service.ts';

let running: RunningService;
beforeAll(async () => {
  running = await runService();
});
afterAll(() => running.stop());

function post(path: string, body?: string): Promise<Response> {
  const init = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body };
  return fetch(`${running.url}${path}`, { method: 'POST', ...init });
}

/** The entry that was stored last: tag, option index, seq and id tag. */
function lastEntry() {
  return running.queue.batches.at(-1)?.votes.at(-1);
}

function tag(kind: 'cookie' | 'named' | 'id', value: string): string {
  return tagOf(roundTagKey(createSecretKey(ROUND_KEY), 'drinks'), kind, value);
}

describe('an accepted vote is answered', () => {
  it('202 by POST /api/vote, with the name it was given', async () => {
    const before = Date.now();
    const response = await vote(running.url, { option: 'pepsi', voter: 'ann' });
    const batch = running.queue.batches.at(-1)!;
    const [voter, option, seq] = lastEntry()!;
    expect([response.status, response.headers.get('content-type')]).toEqual([202, 'application/json; charset=utf-8']);
    expect(await response.json()).toEqual({
      status: 'accepted',
      id: `${batch.producer}-0-${batch.n}-0`,
      round: 'drinks',
      option: 'pepsi',
      seq,
    });
    expect([voter, option, batch.def]).toEqual([tag('named', 'ann'), 1, 1]);
    expect(seq).toBeGreaterThanOrEqual(before * 4_096);
    expect(seq).toBeLessThanOrEqual((Date.now() + 1) * 4_096);
  });

  it('202 with the caller’s own id, of which only the tag is stored', async () => {
    const response = await vote(running.url, { option: 'coca', voter: 'ann', id: 'order-7 🗳' });
    expect(await response.json()).toMatchObject({ status: 'accepted', id: 'order-7 🗳' });
    expect(lastEntry()).toEqual([tag('named', 'ann'), 0, expect.any(Number), tag('id', 'order-7 🗳')]);
    const stored = running.queue.stored.at(-1)!.body.toString();
    expect(stored).not.toMatch(/order-7|ann/);
  });

  it('200 {"voteStatus": 200} by POST /api/postVotes', async () => {
    const response = await post('/api/postVotes', '{"userID":"id-xxxyyyzzz","vote":"coca","extra":true}');
    expect([response.status, await response.json()]).toEqual([200, { voteStatus: 200 }]);
    expect(lastEntry()?.slice(0, 2)).toEqual([tag('named', 'id-xxxyyyzzz'), 0]);
  });

  it.each([
    ['POST /votar {"voto": 2}', '/votar', '{"voto": 2}'],
    ['POST /votar {"voto": "2"}', '/votar', '{"voto": "2"}'],
    ['POST /votar/2', '/votar/2', undefined],
  ])('200 in text by %s', async (_, path, body) => {
    const response = await post(path, body);
    expect([response.status, await response.text()]).toEqual([200, ` [x] Sent to queue 2 FROM ${hostname()}`]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(lastEntry()?.[1]).toBe(1);
    expect(cookiesOf(response)).toMatch(/^userID=/);
  });

  it('303 by the form, so that a reload does not vote again', async () => {
    const response = await submit(running.url, { vote: 'pepsi' });
    expect([response.status, response.headers.get('location'), await response.text()]).toEqual([303, '/', '']);
    expect(lastEntry()?.[1]).toBe(1);
  });

  it('202 also for a body sent with a charset and in pieces', async () => {
    const pieces = new ReadableStream({
      start(controller) {
        for (const piece of ['{"opt', 'ion":"coca","voter":"jo', 'sé"}']) controller.enqueue(Buffer.from(piece));
        controller.close();
      },
    });
    const response = await fetch(`${running.url}/api/vote?from=test`, {
      method: 'POST',
      headers: { 'content-type': 'Application/JSON; charset=utf-8' },
      body: pieces,
      duplex: 'half',
    });
    expect(response.status).toBe(202);
    expect(lastEntry()?.[0]).toBe(tag('named', 'josé'));
  });
});

describe('while the queue does not store, every way to vote is answered 503 with Retry-After', () => {
  it.each<[string, () => Promise<Response>]>([
    ['POST /api/vote', () => vote(running.url, { option: 'coca' })],
    ['POST /api/postVotes', () => post('/api/postVotes', '{"userID":"ann","vote":"coca"}')],
    ['POST /votar', () => post('/votar', '{"voto":1}')],
    ['POST /votar/1', () => post('/votar/1')],
    ['POST / (form)', () => submit(running.url, { vote: 'coca' })],
  ])('%s', async (_, send) => {
    running.queue.fate = () => 'fail';
    try {
      const response = await send();
      expect(response.status).toBe(503);
      expect(['1', '2', '3']).toContain(response.headers.get('retry-after'));
      const text = await response.text();
      expect(text).toContain('The vote could not be stored; try again in a moment.');
      expect(text).not.toMatch(/Sent|voteStatus|badRequest/);
    } finally {
      running.queue.fate = () => 'confirm';
    }
  });
});

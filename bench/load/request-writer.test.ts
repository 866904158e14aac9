import { createSecretKey, randomBytes } from 'node:crypto';

import { readVoter } from '@voteapp/contracts/signed';
import { describe, expect, it } from 'vitest';

import { type Load, PLAIN_LOAD } from './load.ts';
import { RequestWriter, signCookies } from './request-writer.ts';

const LOAD: Load = { ...PLAIN_LOAD, port: 0, path: '/api/vote', durationMs: 0, ballots: { voters: 1_000, options: 3 } };

function requestOf(load: Load, vote: number): { head: string; body: string } {
  const writer = new RequestWriter(load);
  const blank = writer.blank();
  // What it was used for before must not show.
  writer.fill(blank, 999);
  writer.fill(blank, vote);
  const [head = '', body = ''] = blank.toString().split('\r\n\r\n');
  return { head, body };
}

describe('a request', () => {
  it('names the voter, as browsers are named, and the option of its vote', () => {
    const { head, body } = requestOf(LOAD, 1_042);
    const voterOf = (vote: number) => (JSON.parse(requestOf(LOAD, vote).body) as { voter: string }).voter;
    expect(JSON.parse(body)).toEqual({ voter: voterOf(42), option: 'option-1' });
    const voters = Array.from({ length: 1_000 }, (_, vote) => voterOf(vote));
    expect(voters.filter((voter) => !/^[\w-]{22}$/.test(voter))).toEqual([]);
    expect(new Set(voters).size).toBe(1_000);
    // Neither up nor down: about half of them are above the one before.
    const rises = voters.filter((voter, vote) => vote > 0 && voter > (voters[vote - 1] ?? '')).length;
    expect(rises).toBeGreaterThan(400);
    expect(rises).toBeLessThan(600);
    expect(head.split('\r\n')).toEqual([
      'POST /api/vote HTTP/1.1',
      'host: bench',
      'content-type: application/json',
      `content-length: ${body.length}`,
    ]);
  });

  it('is the same wherever its run began', () => {
    const ballots = { voters: 400_000, options: 3 };
    const [near, far] = [300_000, 0].map((first) => requestOf({ ...LOAD, ballots, first }, 300_001));
    expect(near).toEqual(far);
    expect(requestOf({ ...LOAD, ballots, first: 300_000 }, 300_002)).not.toEqual(far);
  });

  it('ends its connection where each vote has one of its own', () => {
    expect(requestOf({ ...LOAD, connectionPerVote: true }, 0).head).toContain('\r\nconnection: close\r\n');
  });

  it('brings the cookie of its voter', () => {
    const key = createSecretKey(randomBytes(32));
    const ballots = { voters: 1_000, options: 3 };
    const load: Load = { ...LOAD, ballots, electorate: { by: 'cookie', cookies: signCookies(key, ballots) } };
    const cookies = [7, 8, 1_007].map((vote) => /cookie: userID=(\S+)/.exec(requestOf(load, vote).head)?.[1] ?? '');
    const [seven, eight, again] = cookies.map((cookie) => readVoter(key, cookie));
    expect(seven).not.toBeNull();
    expect(eight).not.toBe(seven);
    expect(again).toBe(seven);
    expect(JSON.parse(requestOf(load, 7).body)).toEqual({ option: 'option-1' });
  });

  it('reads where there is nothing to vote for', () => {
    expect(requestOf({ ...LOAD, ballots: null }, 3)).toEqual({
      head: 'GET /api/vote HTTP/1.1\r\nhost: bench',
      body: '',
    });
  });
});

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

import { afterEach, describe, expect, it } from 'vitest';

import { generate } from './generator.ts';
import { type Load, PLAIN_LOAD } from './load.ts';
import { voterIds } from './request-writer.ts';

const BALLOTS = { voters: 100, options: 4 };

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

async function serve(answer: RequestListener): Promise<Load> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  closers.push(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { ...PLAIN_LOAD, ballots: BALLOTS, port, path: '/', connections: 4, durationMs: 200 };
}

/** Voters in the order they came. */
function taking(voters: string[], answer: (vote: number) => number): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = answer(voters.push((JSON.parse(Buffer.concat(chunks).toString()) as { voter: string }).voter));
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, { 'content-length': 0 }).end();
    });
  };
}

describe('a generator', () => {
  it.each([
    ['in a closed loop', {}],
    ['in a closed loop with a connection for each vote', { connectionPerVote: true }],
    ['at a rate', { rate: 500 }],
    ['at a rate, in bursts', { rate: 500, tickMs: 50 }],
  ])('%s has an answer for each vote, which are those of the formula', async (_, how) => {
    const voters: string[] = [];
    const load = { ...(await serve(taking(voters, () => 202))), ...how, first: 1_050 };
    const { sent, acceptedAt, refused, unknown, latenessP99 } = await generate(load);
    expect(sent).toBe('rate' in how ? 100 : acceptedAt.length);
    expect(sent).toBeGreaterThanOrEqual(load.connections);
    expect({ accepted: acceptedAt.length, refused, unknown }).toEqual({ accepted: sent, refused: [], unknown: [] });
    expect(latenessP99 === null).toBe(!('rate' in how));
    const ids = voterIds(0, BALLOTS.voters);
    const expected = Array.from({ length: sent }, (_, index) => ids[(1_050 + index) % BALLOTS.voters] ?? '');
    const byName = (a: string, b: string): number => a.localeCompare(b);
    expect(voters.toSorted(byName)).toEqual(expected.toSorted(byName));
  });

  it('tells votes that were refused from those nobody answered', async () => {
    const load = await serve(taking([], (count) => (count % 10 === 0 ? 503 : count % 10 === 5 ? 0 : 200)));
    const { sent, acceptedAt, refused, unknown } = await generate(load);
    expect(refused.length).toBeGreaterThan(0);
    expect(unknown.length).toBeGreaterThan(0);
    expect(acceptedAt.length + refused.length + unknown.length).toBe(sent);
    expect(new Set([...refused, ...unknown]).size).toBe(refused.length + unknown.length);
  });

  it('counts the wait for a free connection as latency, and not as lateness', async () => {
    const slow: RequestListener = (request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(202, { 'content-length': 0 }).end(), 50);
    };
    const load = { ...(await serve(slow)), connections: 1, rate: 100 };
    const { sent, latency, latenessP99 } = await generate(load);
    // Twenty requests that are due in 200 ms take a second.
    expect(sent).toBe(20);
    expect(latency.p99).toBeGreaterThan(500);
    expect(latenessP99).toBeLessThan(latency.p99);
  });

  it('says that nothing listens', async () => {
    const load = await serve(() => {});
    closers.splice(0).forEach((close) => close());
    await expect(generate(load)).rejects.toThrow('takes no connection');
  });
});

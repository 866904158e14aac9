import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { compare, rateRatio } from './compare.ts';
import { type Tally, zeros } from './load/ledger.ts';
import { BALLOTS } from './load/load.ts';
import { startBare } from './targets/bare.ts';
import { startEmbedded } from './targets/embedded.ts';
import { NAMED, type StartTarget, type Target } from './targets/target.ts';

const SHORT = { rounds: 1, durationMs: 300, warmUpMs: 100 };

/** Counts every vote in memory, the hundredth as somebody has it wrong. */
function counting(hundredth: (counts: number[], option: number) => void, status = 202): StartTarget {
  return async (): Promise<Target> => {
    const counts = zeros(BALLOTS.options);
    let taken = 0;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { option } = JSON.parse(Buffer.concat(chunks).toString()) as { option: string };
        const index = Number(option.slice('option-'.length));
        taken += 1;
        if (taken === 100) hundredth(counts, index);
        else counts[index] = (counts[index] ?? 0) + 1;
        response.writeHead(taken === 100 ? status : 202, { 'content-length': 0 }).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      ...NAMED,
      name: 'played',
      policy: 'Unlimited',
      port: (server.address() as AddressInfo).port,
      path: '/',
      parts: {},
      counted: null,
      tally: () => Promise.resolve({ cast: counts, votes: counts, rows: null, rejected: 0, duplicates: 0 }),
      async stop() {
        server.close().closeAllConnections();
        await once(server, 'close');
      },
    };
  };
}

const add = (counts: number[], option: number, votes: number): number =>
  (counts[option] = (counts[option] ?? 0) + votes);

describe('a comparison', () => {
  it.each([
    ['stands when every vote is counted', counting((counts, option) => add(counts, option, 1)), 0],
    ['stands when a vote is refused and not counted', counting(() => {}, 503), 0],
    ['is void when a vote is lost', counting(() => {}), 2],
    ['is void when a vote is doubled', counting((counts, option) => add(counts, option, 2)), 2],
    ['is void when a vote is for another', counting((counts, option) => add(counts, (option + 1) % 4, 1)), 4],
    ['is void when a refused vote is counted', counting((counts, option) => add(counts, option, 1), 503), 2],
  ])('%s', async (_, target, wrong) => {
    const { voids } = await compare([target], SHORT);
    // A machine that is needed by others has reasons of its own.
    const ofVotes = voids.filter((reason) => reason.includes('wrong'));
    // Votes that are cast wrong are counted wrong.
    expect(ofVotes).toEqual(wrong === 0 ? [] : [`played: ${wrong} of the votes that it accepted are wrong.`]);
  });

  it('asks the tables of the product, and believes them', async () => {
    let told: Tally | undefined;
    const lying: StartTarget = async () => {
      const target = await startEmbedded('LastVoteWins');
      return {
        ...target,
        async tally() {
          told = (await target.tally?.()) as Tally;
          return { ...told, rows: told.rows?.with(0, (told.rows[0] ?? 0) - 1) ?? null };
        },
      };
    };
    const found = await compare([startBare, lying], SHORT);
    const [bare, embedded] = found.contestants;
    expect(found.voids.filter((reason) => reason.includes('wrong'))).toEqual([
      'voteapp up, LastVoteWins: 1 of the votes that it accepted are wrong.',
    ]);
    expect(told?.rows).toEqual(told?.votes);
    expect(bare).toMatchObject({ lag: null, ratios: { rate: { median: 1 } } });
    expect(embedded?.lag?.p99).toBeLessThan(60_000);
    expect(rateRatio(found, 1, 0)).toEqual(embedded?.ratios.rate);
  });
});

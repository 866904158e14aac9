import { CLOCK_HEADER, publicPoll } from '@voteapp/contracts/http/poll';
import { describe, expect, it } from 'vitest';

import { definition, frontWith, round, START } from './fixtures/front.ts';
import type { StoredRound } from './fixtures/memory-store.ts';

const CLOSED = definition({ closesAt: START - 60_000 });
const EMPTY = round({
  counts: [
    { votes: 0, cast: 0 },
    { votes: 0, cast: 0 },
  ],
  minutes: [],
});

describe('exact bodies', () => {
  const bodies: { path: string; name: string; stored?: StoredRound; status?: number; body: unknown }[] = [
    {
      path: '/api',
      name: 'says what it is',
      body: { about: 'Vote App Viewer. To get quantity of votes, please query /api/votes' },
    },
    { path: '/api/votes', name: 'counts as strings', body: { votes: { coca: '2', pepsi: '1' } } },
    {
      path: '/api/votes',
      name: 'has every option of an empty poll',
      stored: EMPTY,
      body: { votes: { coca: '0', pepsi: '0' } },
    },
    {
      path: '/total',
      name: 'counts by position, and what was cast in the last 60 minutes',
      body: { voto_1: 2, voto_2: 1, votos_ultima_hora: 3 },
    },
    {
      path: '/total',
      name: 'is all zeros for an empty poll',
      stored: EMPTY,
      body: { voto_1: 0, voto_2: 0, votos_ultima_hora: 0 },
    },
    {
      path: '/api/poll',
      name: 'is the poll with the clock',
      body: {
        round: 'sodas',
        title: 'Coca × Pepsi',
        policy: 'LastVoteWins',
        options: [
          { id: 'coca', label: 'Coca', color: '#c8102e' },
          { id: 'pepsi', label: 'Pepsi' },
        ],
        opensAt: null,
        closesAt: null,
        timeZone: 'UTC',
        voters: ['Cookie', 'Named'],
        visibility: 'Always',
        comments: true,
        version: 3,
        state: 'Open',
        clock: START,
      },
    },
    {
      path: '/api/rounds',
      name: 'lists the rounds',
      body: { rounds: [{ round: 'sodas', title: 'Coca × Pepsi', state: 'Open', current: true }] },
    },
  ];
  it.each(bodies)('GET $path $name', async ({ path, stored, status = 200, body }) => {
    const { get } = await frontWith(stored);
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual(body);
  });

  it('GET /api/poll has the shape and clock of the contract', async () => {
    const { get } = await frontWith();
    const response = await get('/api/poll');
    expect(response.headers.get(CLOCK_HEADER)).toBe(String(START));
    publicPoll.parse(await response.json());
  });

  it('GET /api/poll tells a closed poll that is final from one that still counts', async () => {
    const { get, store, pass } = await frontWith(round({ definition: CLOSED }));
    const state = async () => ((await (await get('/api/poll')).json()) as { state: string }).state;
    expect(await state()).toBe('Draining');
    store.set(round({ definition: CLOSED, final: { version: 1, at: START } }));
    pass();
    expect(await state()).toBe('Final');
    store.down = true;
    pass();
    expect(await state()).toBe('Final');
  });

  it('GET /openapi.json describes every route of the API', async () => {
    const { get } = await frontWith();
    const { openapi, paths } = (await (await get('/openapi.json')).json()) as { openapi: string; paths: object };
    expect(openapi).toBe('3.1.1');
    expect(Object.keys(paths)).toContain('/api/results');
  });

  const moved: { from: string; to: string; config?: object }[] = [
    { from: '/index.html', to: '/' },
    { from: '/index.html', to: 'https://vote.example/', config: { PUBLIC_VOTE_URL: 'https://vote.example/' } },
    { from: '/resultado.html', to: '/' },
    { from: '/painel.html', to: '/' },
    { from: '/swagger', to: '/openapi.json' },
    { from: '/swagger/', to: '/openapi.json' },
  ];
  it.each(moved)('GET $from leads to $to', async ({ from, to, config }) => {
    const { get } = await frontWith(round(), config);
    const response = await get(from);
    expect([response.status, response.headers.get('location')]).toEqual([308, to]);
  });
});

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

import type { ServiceName } from '@voteapp/contracts/cluster-objects';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Fetch, NOTHING_HEARD, Readings } from './readings.ts';

const SHOP = { namespace: 'show', name: 'shop', uid: 'uid-of-shop' };
const ALL: ReadonlySet<ServiceName> = new Set(['vote', 'worker', 'front']);
const VOTE = 'http://shop-vote-service.show/api/healthcheck';
const WORKER = 'http://shop-worker-service.show/api/healthcheckmysql';
const DEFINITION = 'http://shop-front-service.show/api/definition';
const POLL = 'http://shop-front-service.show/api/poll';
const RESULTS = 'http://shop-front-service.show/api/results';

const publicPoll = {
  round: 'shop',
  title: 'Shop',
  policy: 'LastVoteWins',
  options: [
    { id: 'coca', label: 'Coca' },
    { id: 'pepsi', label: 'Pepsi' },
  ],
  opensAt: null,
  closesAt: null,
  timeZone: 'UTC',
  voters: ['Cookie'],
  visibility: 'Always',
  comments: false,
  version: 1,
  state: 'Open',
};
const totals = {
  round: 'shop',
  title: 'Shop',
  state: 'Open',
  asOf: '2026-11-20T21:00:00.000Z',
  accepted: 4,
  duplicates: 0,
  rejected: 0,
  late: 0,
  cast: 4,
  counted: 3,
  replaced: 1,
  pending: 2,
  final: null,
};
const shown = {
  ...totals,
  options: [
    { id: 'coca', label: 'Coca', votes: 2, share: 2 / 3, cast: 3 },
    { id: 'pepsi', label: 'Pepsi', votes: 1, share: 1 / 3, cast: 1 },
  ],
  hours: [],
};
const hidden = { error: { code: 'results_hidden', message: 'Later.' }, totals };

type Answer = readonly [status: number, body: unknown];
const WELL: Readonly<Record<string, Answer>> = {
  [VOTE]: [200, { sqsStatus: 'OK' }],
  [WORKER]: [200, { mysqlStatus: 'OK' }],
  [DEFINITION]: [200, { revision: 7, version: 3 }],
  [POLL]: [200, publicPoll],
  [RESULTS]: [200, shown],
};

let now = 0;
let asked: string[] = [];
beforeEach(() => {
  now = 1_000_000;
  asked = [];
});

function readings(answers: Readonly<Record<string, Answer | Error>> = {}): Readings {
  const fetch: Fetch = async (url) => {
    asked.push(url);
    const answer = { ...WELL, ...answers }[url];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error(`Nobody is at ${url}`);
    const [status, body] = answer;
    return await Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
  };
  return new Readings({ fetch, now: () => now });
}

const HEARD = {
  queue: true,
  database: true,
  revision: 7,
  state: 'Open',
  count: {
    total: 3,
    options: [
      { id: 'coca', votes: 2 },
      { id: 'pepsi', votes: 1 },
    ],
    pending: 2,
    isFinal: false,
    isAssumed: false,
    asOf: totals.asOf,
  },
};
const GARBAGE = '<html>not what was asked for';
const away = new Error('connect ECONNREFUSED');

describe('what the services say', () => {
  test.each<[string, Readonly<Record<string, Answer | Error>>, object]>([
    ['all is well', {}, {}],
    ['the queue does not answer', { [VOTE]: [503, { sqsStatus: 'NOK' }] }, { queue: false }],
    ['the database does not answer', { [WORKER]: [503, { mysqlStatus: 'NOK' }] }, { database: false }],
    ['another status is no answer', { [VOTE]: [404, {}], [WORKER]: [500, {}] }, { queue: null, database: null }],
    ['no JSON is no answer', { [VOTE]: [200, GARBAGE], [WORKER]: [503, GARBAGE] }, { queue: null, database: null }],
    ['a service that is away says nothing', { [VOTE]: away }, { queue: null }],
    ['there is no definition yet', { [DEFINITION]: [404, { error: { code: 'no_definition' } }] }, { revision: null }],
    ['the definition is of no revision', { [DEFINITION]: [200, { revision: 'seven' }] }, { revision: null }],
    ['the poll is in no state there is', { [POLL]: [200, { ...publicPoll, state: 'Frozen' }] }, { state: null }],
    ['the poll is garbage', { [POLL]: [200, GARBAGE] }, { state: null }],
    ['the poll is over', { [POLL]: [200, { ...publicPoll, state: 'Final' }] }, { state: 'Final' }],
    ['the results are hidden', { [RESULTS]: [403, hidden] }, { count: { ...HEARD.count, options: null } }],
    [
      'the results are final',
      { [RESULTS]: [200, { ...shown, final: { version: 1, at: totals.asOf } }] },
      { count: { ...HEARD.count, isFinal: true } },
    ],
    [
      'the results are final by assumption',
      { [RESULTS]: [200, { ...shown, final: { version: 1, at: totals.asOf, reason: 'assumed' } }] },
      { count: { ...HEARD.count, isFinal: true, isAssumed: true } },
    ],
    [
      'what was assumed has been repaired since',
      { [RESULTS]: [200, { ...shown, final: { version: 2, at: totals.asOf, reason: 'assumed' } }] },
      { count: { ...HEARD.count, isFinal: true } },
    ],
    [
      'it is unknown how many wait',
      { [RESULTS]: [200, { ...shown, pending: null }] },
      { count: { ...HEARD.count, pending: null } },
    ],
    ['the results cannot be read', { [RESULTS]: [503, { error: { code: 'database_unavailable' } }] }, { count: null }],
    ['the results are garbage', { [RESULTS]: [200, { counted: -1 }] }, { count: null }],
    [
      'another refusal is none of results',
      { [RESULTS]: [403, { ...hidden, error: { code: 'forbidden', message: '' } }] },
      { count: null },
    ],
  ])('%s', async (_, answers, heard) => {
    expect(await readings(answers).of(SHOP, ALL)).toEqual({ ...HEARD, ...heard });
  });
});

describe('who is asked', () => {
  test.each<[string, readonly ServiceName[], readonly string[]]>([
    ['nobody who does not run', [], []],
    ['the vote service of the queue', ['vote'], [VOTE]],
    ['the worker of the database', ['worker'], [WORKER]],
    ['front of the poll', ['front'], [DEFINITION, POLL, RESULTS]],
  ])('%s', async (_, up, urls) => {
    const all = readings();
    const heard = await all.of(SHOP, new Set(up));
    expect(asked).toEqual(urls);
    if (up.length === 0) expect(heard).toEqual(NOTHING_HEARD);
  });

  test('nobody again before a second and a half', async () => {
    const all = readings();
    await Promise.all([all.of(SHOP, ALL), all.of(SHOP, ALL)]);
    now += 1_499;
    await all.of(SHOP, ALL);
    expect(asked).toHaveLength(5);
    now += 1;
    await all.of(SHOP, ALL);
    expect(asked).toHaveLength(10);
  });

  test('each resource’s own services', async () => {
    const all = readings();
    await all.of(SHOP, new Set(['vote']));
    expect(await all.of({ namespace: 'show', name: 'kiosk', uid: 'other' }, new Set(['vote']))).toEqual(NOTHING_HEARD);
    expect(asked).toEqual([VOTE, 'http://kiosk-vote-service.show/api/healthcheck']);
  });

  test('nobody for what was heard last', async () => {
    const all = readings();
    expect(await all.last(SHOP.uid)).toEqual(NOTHING_HEARD);
    await all.of(SHOP, ALL);
    now += 3_600_000;
    expect(await all.last(SHOP.uid)).toEqual(HEARD);
    expect(asked).toHaveLength(5);
    all.forget(SHOP.uid);
    expect(await all.last(SHOP.uid)).toEqual(NOTHING_HEARD);
  });
});

describe('a service that has answered before', () => {
  test('is believed for 15 s while it does not answer, and then no more', async () => {
    const answers: Record<string, Answer | Error> = {};
    const all = readings(answers);
    await all.of(SHOP, ALL);
    for (const url of Object.keys(WELL)) answers[url] = away;
    now += 10_000;
    expect(await all.of(SHOP, ALL)).toEqual(HEARD);
    now += 5_000;
    expect(await all.of(SHOP, ALL)).toEqual(NOTHING_HEARD);
    delete answers[VOTE];
    now += 10_000;
    expect(await all.of(SHOP, ALL)).toEqual({ ...NOTHING_HEARD, queue: true });
  });

  test('is not believed once it does not run', async () => {
    const all = readings();
    await all.of(SHOP, ALL);
    now += 2_000;
    expect(await all.of(SHOP, new Set(['vote']))).toEqual({ ...NOTHING_HEARD, queue: true });
  });

  test('is not the same-named one of another resource', async () => {
    const answers: Record<string, Answer | Error> = {};
    const all = readings(answers);
    await all.of(SHOP, ALL);
    for (const url of Object.keys(WELL)) answers[url] = away;
    expect(await all.of({ ...SHOP, uid: 'later' }, ALL)).toEqual(NOTHING_HEARD);
  });
});

describe('over the wire', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function serve(listener: RequestListener) {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    });
    const { port } = server.address() as AddressInfo;
    const here: Fetch = async (url, init) => await fetch(`http://127.0.0.1:${port}/${url}`, init);
    const connections = () => promisify<number>((done) => server.getConnections(done))();
    return { connections, all: new Readings({ fetch: here, now: () => now, timeoutMs: 250 }) };
  }

  test('a service that never answers, or never to the end, is given up', async () => {
    const { all, connections } = await serve((request, response) => {
      if (request.url === `/${WORKER}`) response.writeHead(200).write('{"mysqlStatus":');
    });
    expect(await all.of(SHOP, ALL)).toEqual(NOTHING_HEARD);
    await expect.poll(connections).toBe(0);
  });

  test('a process that ends waits for nobody', async () => {
    const ending = new AbortController();
    const reason = new Error('This process ends');
    const fetch: Fetch = async (_, { signal }) =>
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(reason)));
    const heard = new Readings({ fetch, now: () => now, signal: ending.signal }).of(SHOP, ALL);
    ending.abort(reason);
    await expect(heard).rejects.toBe(reason);
  });

  test('a service that cuts the line says nothing', async () => {
    const { all } = await serve((request) => request.socket.destroy());
    expect(await all.of(SHOP, ALL)).toEqual(NOTHING_HEARD);
  });
});

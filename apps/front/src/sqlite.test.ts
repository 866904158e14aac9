import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { basePoll, CONTROL_DELAY_MS } from '@voteapp/contracts/definition';
import { results } from '@voteapp/contracts/http/results';
import { encodeEntry, encodeVotes, SEQ_PER_MS } from '@voteapp/contracts/message';
import { type PollSpec, pollSchema } from '@voteapp/contracts/poll';
import { openSqliteStore, type SqliteStore } from '@voteapp/store/sqlite/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { openEvents } from './fixtures/events.ts';
import { START, startFrontOver } from './fixtures/front.ts';

let folder: string;
let store: SqliteStore;
let front: Awaited<ReturnType<typeof startFrontOver>>;
let batches: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-front-'));
  store = await openSqliteStore(join(folder, 'store.db'));
  await store.open('default/sodas');
  front = await startFrontOver(store);
  batches = 0;
});

afterEach(async () => {
  await front.stop();
  await store.close();
  await rm(folder, { recursive: true });
});

function poll(round: string, changes: Partial<PollSpec> = {}) {
  const spec = pollSchema.parse({ id: round, options: [{ id: 'coca' }, { id: 'pepsi' }], comments: { enabled: true } });
  return basePoll({ ...spec, ...changes }, 'sodas');
}

/** Applies one batch of the round: each vote a voter's letter and an option's index, a millisecond apart. */
async function cast(round: string, votes: readonly (readonly [voter: string, option: number])[]): Promise<void> {
  batches += 1;
  const entries = votes.map(([voter, option], index) => {
    const seq = (START + batches * 1_000 + index) * SEQ_PER_MS;
    return encodeEntry(`${voter.padEnd(21, 'A')}A`, option, seq);
  });
  const head = { round, def: 1, producer: '00000000000000aa', shard: 0, n: batches, nonce: `nonce-${batches}` };
  await store.apply(0, [encodeVotes(head, entries)], START);
}

const json = async (path: string): Promise<unknown> => (await front.get(path)).json();

describe('front over SQLite', () => {
  it('has no poll before the worker wrote one', async () => {
    expect((await front.get('/api/definition')).status).toBe(404);
    expect(await json('/api/rounds')).toEqual({ rounds: [] });
  });

  it('shows the votes as they are applied, and tells its viewers', async () => {
    await store.putBase(1, poll('sodas'), START);
    front.pass();
    expect(await json('/api/votes')).toEqual({ votes: { coca: '0', pepsi: '0' } });
    const { events } = await openEvents(`${front.url}/api/results/stream`);
    await vi.waitFor(() => expect(events).toHaveLength(1), 30_000);

    await cast('sodas', [
      ['a', 0],
      ['b', 0],
      ['c', 1],
    ]);
    await cast('sodas', [['c', 0]]);
    front.pass();
    await vi.waitFor(() => expect(events).toHaveLength(2), 30_000);
    const shown = results.parse(await json('/api/results'));
    expect(results.parse(events[1]?.data)).toEqual(shown);
    expect(shown).toMatchObject({ accepted: 4, cast: 4, counted: 3, replaced: 1, final: null });
    expect(shown.options.map(({ votes, cast }) => [votes, cast])).toEqual([
      [3, 3],
      [0, 1],
    ]);
    expect(shown.hours).toEqual([{ hour: '2026-11-20T21:00:00.000Z', cast: 4, options: [3, 1] }]);
    expect(await json('/total')).toEqual({ voto_1: 3, voto_2: 0, votos_ultima_hora: 4 });
  });

  it('serves each new version of the definition', async () => {
    await store.putBase(1, poll('sodas'), START);
    front.pass();
    const first = await front.get('/api/definition');
    await store.putBase(2, poll('sodas', { title: 'New' }), START);
    front.pass();
    const second = await front.get('/api/definition', { 'if-none-match': first.headers.get('etag') ?? '' });
    expect(second.status).toBe(200);
    expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'));
    expect(await second.json()).toMatchObject({ round: 'sodas', title: 'New' });
  });

  it('keeps a hidden round hidden until the round that follows has closed it', async () => {
    await store.putBase(1, poll('sodas', { results: { visibility: 'AfterClose' } }), START);
    await cast('sodas', [['a', 0]]);
    front.pass();
    expect((await front.get('/api/results')).status).toBe(403);
    await store.putBase(2, poll('second'), START + 1_000);
    front.pass(CONTROL_DELAY_MS - 1);
    expect((await front.get('/api/results?round=sodas')).status).toBe(403);
    front.pass(251);
    expect(await json('/api/results?round=sodas')).toMatchObject({ state: 'Draining', counted: 1 });
    expect(await json('/api/results')).toMatchObject({ round: 'second', counted: 0 });
    await store.finalize('sodas', START + 10_000);
    front.pass();
    expect(await json('/api/results?round=sodas')).toMatchObject({ state: 'Final', pending: 0, final: { version: 1 } });
    expect(await json('/api/rounds')).toMatchObject({
      rounds: [
        { round: 'sodas', state: 'Final', current: false },
        { round: 'second', state: 'Open', current: true },
      ],
    });
  });

  it('keeps comments', async () => {
    await store.putBase(1, poll('sodas'), START);
    front.pass();
    await front.post('/api/comment/new', { email: 'ana@example.org', comment: 'Coca 🥤', content_id: 'x' });
    expect(await json('/api/comment/list/x')).toEqual([{ email: 'a***@e***', comment: 'Coca 🥤' }]);
  });

  it('answers 503, and goes on serving the definition, when the store has gone', async () => {
    await store.putBase(1, poll('sodas'), START);
    front.pass();
    const known = await json('/api/definition');
    await store.close();
    front.pass();
    expect((await front.get('/api/results')).status).toBe(503);
    expect(await json('/api/definition')).toEqual(known);
  });
});

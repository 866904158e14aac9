import { tracingChannel } from 'node:diagnostics_channel';

import { encodeBeat, encodeMarker } from '@voteapp/contracts/message';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';

import { basePollOf, batchOf, optionList, producerId, seqAt, T0 } from '../contract/fixtures.ts';
import { describeServers, type Rival, TestDatabase } from './fixtures/servers.ts';
import { SEPARATOR } from './session.ts';
import type { MySqlStore } from './store.ts';

/** The statements sent to a database from now on, as the server reads them. */
function statementsTo(database: string): string[] {
  const statements: string[] = [];
  const note = (message: unknown): void => {
    const { query, database: to } = message as { query: string; database: string };
    if (to === database) statements.push(...query.split(SEPARATOR));
  };
  const { start } = tracingChannel('mysql2:query');
  start.subscribe(note);
  onTestFinished(() => {
    start.unsubscribe(note);
  });
  return statements;
}

/** Calls everything, with something to find for each statement. */
async function useAll(store: MySqlStore): Promise<void> {
  const votes = (first: number) =>
    Array.from({ length: 3 }, (_, index) => ({
      voter: first + index,
      option: index % 2,
      seq: seqAt(index),
      id: first + index,
    }));
  const beat = (b: number) => ({ b, last: 2, clock: T0, closed: true, refused: { poll_closed: 1 } });
  const round = 'round';
  await store.open('test/statements');
  await store.open('test/statements');
  await store.putBase(1, basePollOf('before', { policy: 'Unlimited' }), T0);
  await store.apply(0, [batchOf({ round: 'before', votes: [...votes(1), null] })], T0);
  await store.putBase(2, basePollOf(round, { shards: 2 }), T0);
  await store.putBase(3, basePollOf(round, { shards: 2 }), T0);
  await store.putBase(4, basePollOf(round, { shards: 2, options: optionList(3) }), T0);
  await store.addControl({ action: 'suspend', by: 'pat', reason: 'rain' }, T0);
  const messages = [
    batchOf({ round, n: 1, votes: [...votes(1), null] }),
    batchOf({ round, n: 2, votes: votes(2) }),
    batchOf({ round, n: 1, nonce: 'other', votes: votes(1) }),
    batchOf({ round: 'nowhere', votes: votes(1) }),
    encodeBeat({ round, shard: 0, def: 1, producer: producerId(1), beat: beat(1) }),
    encodeMarker({ round, shard: 0, marker: 1 }),
    Buffer.from('junk 👋'),
  ];
  await store.apply(0, messages, T0);
  await store.apply(0, messages, T0);
  await store.apply(0, [encodeBeat({ round, shard: 0, def: 1, producer: producerId(1), beat: beat(2) })], T0);
  for (const n of [3, 4])
    await store.apply(0, [batchOf({ round, n, votes: [{ voter: 1, option: n % 2, seq: seqAt(n) }] })], T0);
  await store.reject(1, batchOf({ round, shard: 1, votes: votes(1) }), 'store_error', 'a reason', T0);
  await store.addMarker(round, T0);
  await store.addMarker(round, T0);
  for (const votesWaiting of [1, 2]) await store.writePending(0, votesWaiting, T0);
  await store.addComment('1', { email: 'a@example.com', comment: 'Olá 👋 \\ \' "' }, T0);
  await store.retireProducers(T0);
  await store.finalize('before', T0);
  await store.finalize(round, T0);
  for (const ended of ['before', round]) {
    await store.recount(ended);
    await store.purge(ended, T0 + 1);
  }
  await store.currentDefinition();
  await store.rounds();
  await store.closingState(round);
  await store.snapshot(round);
  await store.minutes(round);
  await store.comments('1');
  await store.ping();
  await store.warnings();
}

await describeServers('statements', (server) => {
  let database: TestDatabase;
  let rival: Rival;

  beforeEach(async () => {
    database = await TestDatabase.on(server);
    rival = await database.rival();
  });
  afterEach(() => database.remove());

  it('draw no warning', async () => {
    const statements = statementsTo(database.name);
    await useAll(database.store({ poolSize: 1 }));
    const replay = await TestDatabase.on(server);
    onTestFinished(() => replay.remove());
    const again = await replay.rival();
    const warnings = [];
    for (const statement of statements.splice(0)) {
      await again.run(statement);
      for (const { Message } of await again.run('SHOW WARNINGS')) {
        // That a voter's vote is there already is what an insertion of votes asks.
        const isAnswer =
          statement.startsWith('INSERT IGNORE INTO votes ') && String(Message).startsWith('Duplicate entry ');
        if (!isAnswer) warnings.push({ statement, Message });
      }
    }
    expect(warnings).toEqual([]);
  });

  it('find their rows by keys in tables that grow', async () => {
    const store = database.store();
    await useAll(store);
    await fill(rival);
    const statements = statementsTo(database.name);
    await store.putBase(5, basePollOf('hot'), T0);
    const votes = Array.from({ length: 1_500 }, (_, voter) => ({
      voter,
      option: voter % 2,
      seq: seqAt(voter),
      id: voter % 100,
    }));
    const batch = batchOf({ round: 'hot', votes });
    const junk = Array.from({ length: 20 }, (_, index) => Buffer.from(`junk ${index}`));
    await store.apply(0, [batch, ...junk], T0);
    await store.apply(0, [batch, ...junk], T0);
    await store.closingState('hot');
    await store.snapshot('hot');
    await store.minutes('hot');
    await store.comments('1');
    const scans = [];
    for (const statement of statements.splice(0)) {
      if (!/^\s*(SELECT|INSERT|REPLACE|UPDATE|DELETE)/.test(statement)) continue;
      const [plan] = await rival.run(`EXPLAIN FORMAT=JSON ${statement}`);
      for (const table of fullScans(JSON.parse(Object.values(plan!).join())))
        if (GROWING.includes(table)) scans.push({ table, statement: statement.slice(0, 200) });
    }
    expect(scans).toEqual([]);
  });
});

const GROWING = ['batches', 'votes', 'vote_ids', 'minute_counts', 'rejected', 'comments', 'b', 'r'];

async function fill(rival: Rival): Promise<void> {
  const numbers = `(SELECT a.n + 20 * b.n + 400 * c.n AS n FROM (SELECT choice AS n FROM digits) AS a, (SELECT choice AS n FROM digits) AS b, (SELECT choice AS n FROM digits) AS c) AS numbers`;
  await rival.run('CREATE TABLE digits (choice INT PRIMARY KEY)');
  await rival.run(`INSERT INTO digits VALUES ${Array.from({ length: 20 }, (_, n) => `(${n})`).join()}`);
  const bytes = (width: number) => `UNHEX(LPAD(HEX(n), ${width * 2}, '0'))`;
  const inserts = {
    votes: `'hot', ${bytes(16)}, 0, n, ${bytes(8)}, n, 0`,
    vote_ids: `'hot', ${bytes(16)}, ${bytes(16)}, 0, n`,
    batches: `'hot', ${bytes(8)}, 0, n, n, 1, 0, 0, ${bytes(32)}, 'body', 0`,
    minute_counts: `CONCAT('round-', n % 100), n, 0, 0, 1`,
    rejected: `${bytes(32)}, -1, 'hot', 0, ${bytes(8)}, n, 'store_error', '', 1, NULL, 0`,
    comments: `n + 100, CONCAT('c', n), '', '', 0`,
  };
  for (const [table, values] of Object.entries(inserts)) {
    await rival.run(`INSERT INTO ${table} SELECT ${values} FROM ${numbers}`);
    await rival.run(`ANALYZE TABLE ${table}`);
  }
}

/** Tables that a plan, in the form of either server, reads from end to end. */
function fullScans(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { access_type: access, table_name: name, index_access_type: index } = node as Record<string, unknown>;
  const scan =
    typeof name === 'string' &&
    (access === 'ALL' || access === 'table' || index === 'index_scan' || (access === 'index' && index === undefined));
  return [...(scan ? [name] : []), ...Object.values(node).flatMap(fullScans)];
}

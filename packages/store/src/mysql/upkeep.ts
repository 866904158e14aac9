import { setTimeout as wait } from 'node:timers/promises';

import { addRows, addVotes, differences, type Tally } from '../apply/recount.ts';
import type { CountDifference } from '../port.ts';
import type { Database } from './database.ts';
import { findRound } from './definitions.ts';
import { numbersOf } from './results.ts';
import type { Session } from './session.ts';

/** Rows that one call deletes of a table: those are locked, and go to replicas in one piece. */
const ROWS_PER_CALL = 5_000;

const BATCHES_PER_QUERY = 50;

/** About as many rows are counted at a time: a server does that in some 3 ms, and a worker commits each 15 ms at most. */
const ROWS_PER_COUNT = 5_000;
const MOST_COUNTS = 4_096;
/** So much longer than each part of a recount took, the server is left to the votes. */
const REST = 3;
/** Without a list of its keys, a table may take its time. */
const COUNT_LIMIT_MS = 600_000;

type CountedTable = readonly ['votes', 'voter'] | readonly ['vote_ids', 'id'];

interface Counted {
  readonly choice: number;
  readonly votes: number;
}

const DELETIONS = [
  'DELETE FROM votes WHERE round = ? ORDER BY voter LIMIT ?',
  'DELETE FROM vote_ids WHERE round = ? ORDER BY id LIMIT ?',
  `UPDATE batches SET body = '' WHERE round = ? AND body <> '' ORDER BY shard, log_index LIMIT ?`,
  'UPDATE rejected SET body = NULL WHERE round = ? AND body IS NOT NULL ORDER BY digest, idx LIMIT ?',
];

/** The first and the last of the keys in each of so many parts; keys are hashes, so that parts are alike in size. */
function* keyRanges(parts: number): Generator<readonly [first: Buffer, last: Buffer]> {
  const edge = (part: number): number => Math.floor((part * 2 ** 32) / parts);
  for (let part = 0; part < parts; part += 1) {
    const [first, last] = [Buffer.alloc(16), Buffer.alloc(16, 0xff)];
    first.writeUInt32BE(edge(part));
    last.writeUInt32BE(edge(part + 1) - 1);
    yield [first, last];
  }
}

/** Leaves the server to others for as long as follows from how long it was used. */
async function rest(startedAt: number): Promise<void> {
  await wait(REST * (performance.now() - startedAt));
}

/** `most`: how many rows there are by the counters, which may be wrong. */
async function countRows(session: Session, [table, key]: CountedTable, round: string, most: number): Promise<Tally> {
  const tally: Tally = new Map();
  const sql = `SELECT choice, count(*) AS votes FROM ${table} FORCE INDEX (PRIMARY)
               WHERE round = ? AND ${key} BETWEEN ? AND ? GROUP BY choice`;
  const parts = Math.min(Math.max(Math.ceil(most / ROWS_PER_COUNT), 1), MOST_COUNTS);
  for (const range of keyRanges(parts)) {
    const startedAt = performance.now();
    addRows(tally, await session.rows<Counted>(sql, [round, ...range], COUNT_LIMIT_MS));
    await rest(startedAt);
  }
  return tally;
}

async function countBatches(session: Session, round: string, shards: number, most: number): Promise<Tally> {
  const tally = await countRows(session, ['vote_ids', 'id'], round, most);
  const rejected = await session.rows<{ digest: Buffer; idx: number }>(
    'SELECT digest, idx FROM rejected WHERE round = ? AND idx >= 0',
    [round],
    COUNT_LIMIT_MS,
  );
  const setAside = Map.groupBy(rejected, ({ digest }) => digest.toString('hex'));
  for (let shard = 0; shard < shards; shard += 1) {
    for await (const { digest, body } of batchesOf(session, round, shard)) {
      const entries = setAside.get(digest.toString('hex')) ?? [];
      addVotes(tally, { body, setAside: new Set(entries.map(({ idx }) => idx)) });
    }
  }
  return tally;
}

async function* batchesOf(session: Session, round: string, shard: number) {
  for (let last = 0; ;) {
    const startedAt = performance.now();
    const batches = await session.rows<{ logIndex: number; digest: Buffer; body: Buffer }>(
      `SELECT log_index AS logIndex, digest, body FROM batches
       WHERE round = ? AND shard = ? AND log_index > ? ORDER BY log_index LIMIT ${BATCHES_PER_QUERY}`,
      [round, shard, last],
    );
    yield* batches;
    if (batches.length < BATCHES_PER_QUERY) return;
    last = batches.at(-1)?.logIndex ?? last;
    await rest(startedAt);
  }
}

/** What is done to rounds beside the votes: proving their counters, deleting what is kept long enough. */
export class Upkeep {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  recount(round: string): Promise<CountDifference[] | null> {
    return this.#db.read(async (session) => {
      const stored = await findRound(session, round);
      if (stored === null) return null;
      if ((await session.rows('SELECT 1 AS found FROM purges WHERE round = ?', [round])).length > 0) return null;
      const { policy, shards } = stored.base;
      const { counts } = await numbersOf(session, stored);
      const most = counts.reduce((sum, { cast }) => sum + cast, 0);
      const tally = await (policy === 'Unlimited'
        ? countBatches(session, round, shards, most)
        : countRows(session, ['votes', 'voter'], round, most));
      return differences(counts, tally);
    });
  }

  purge(round: string, before: number): Promise<boolean> {
    return this.#db.write(async (session) => {
      const [final] = await session.rows<{ at: number | null }>(
        'SELECT max(final_at) AS at FROM finals WHERE round = ?',
        [round],
      );
      const at = final?.at ?? before;
      if (at >= before) return false;
      await session.run('REPLACE INTO purges (round) VALUES (?)', [round]);
      let more = false;
      for (const deletion of DELETIONS) {
        if ((await session.run(deletion, [round, ROWS_PER_CALL])) === ROWS_PER_CALL) more = true;
      }
      return more;
    });
  }
}

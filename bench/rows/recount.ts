import { setTimeout as wait } from 'node:timers/promises';

import { openMySqlStore } from '@voteapp/store/mysql/store';

import { Contestant } from '../contestant.ts';
import { watchCounting } from '../load/counting.ts';
import type { Tally } from '../load/ledger.ts';
import { BALLOTS } from '../load/load.ts';
import { median } from '../statistics.ts';
import type { BenchDatabase } from '../targets/database.ts';
import { type Deployed, startDeployed } from '../targets/deployed.ts';
import { NOTHING, type Row, type RowResult, type RunShape } from './row.ts';

const RECOUNT_LIMIT_S = 60;
const LAG_LIMIT_MS = 100;
const THROUGHPUT_SHARE = 0.7;
/** Of what the whole takes at most: the count itself needs one of two cores. */
const SHARE_MEANWHILE = 0.25;
const ROWS_PER_STATEMENT = 100_000;
const SETTLE_LIMIT_MS = 120_000;
const FEW_PAGES = 500;
/** Votes collect in the queue for so many rounds' time, and that so many times. */
const BACKLOG_ROUNDS = 2;
const DRAINS = 5;
/** For how many rounds' time votes come beside a recount: a few stalls of the disk must not be all that is seen. */
const ROUNDS_MEANWHILE = 8;

/** Names of what larger polls are reckoned from. */
export const FACTS = {
  shardVotesPerSecond: 'worker’s votes/s with all of them stored',
  bytesPerVoter: 'bytes of a voter in the database',
  bytesPerVote: 'bytes of a vote in its message',
} as const;

/**
 * Makes the table what votes in random order make of it. Its pages are as full (ln 2 of them, Yao 1978), where those of
 * rows in the key's order are full to the brim and the next vote splits each; and it is in its file, for in a poll the
 * votes came over hours, not in the minute before.
 */
async function settle(database: BenchDatabase): Promise<void> {
  const { connection } = database;
  await connection.query('SET GLOBAL innodb_fill_factor = 69');
  await connection.query('ALTER TABLE votes ENGINE = InnoDB');
  await writeBack(database);
  // And in memory, which has room for it.
  await connection.query('SELECT SUM(seq) FROM votes');
}

/** Waits until changed pages are in their files, as they come to be between the bursts of a poll. */
async function writeBack({ connection, query }: BenchDatabase): Promise<void> {
  await connection.query('SET GLOBAL innodb_max_dirty_pages_pct = 0');
  const limit = performance.now() + SETTLE_LIMIT_MS;
  for (let dirty = Infinity; dirty > FEW_PAGES && performance.now() < limit;) {
    await wait(200);
    const [status] = await query(`SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'`);
    dirty = Number(status?.['Value']);
  }
  await connection.query('SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT');
}

/** Stores voters by SQL, as if they had voted before, and counts them. Their tags are spread like real ones. */
async function storeVoters({ connection }: BenchDatabase, voters: number): Promise<void> {
  const rows = Math.min(ROWS_PER_STATEMENT, voters);
  await connection.query(`SET SESSION cte_max_recursion_depth = ${rows}`);
  for (let first = 0; first < voters; first += rows) {
    // In the order of the key, which is how InnoDB takes them fastest.
    await connection.query(
      `INSERT INTO votes (round, voter, choice, seq, producer, n, idx)
       WITH RECURSIVE numbers AS (SELECT ? AS i UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)
       SELECT round, UNHEX(CONCAT(LPAD(HEX(FLOOR(i * ?)), 8, '0'), LEFT(SHA2(i, 256), 24))), i MOD ?, 1, '', 0, 0
       FROM numbers CROSS JOIN rounds`,
      [first, Math.min(first + rows, voters) - 1, 2 ** 32 / voters, BALLOTS.options],
    );
  }
  for (const [choice, votes] of storedOf(voters).entries()) {
    await connection.query('UPDATE counts SET votes = votes + ?, `cast` = `cast` + ? WHERE choice = ?', [
      votes,
      votes,
      choice,
    ]);
  }
  await connection.query('UPDATE shards SET accepted = accepted + ?', [voters]);
}

function storedOf(voters: number): number[] {
  return Array.from({ length: BALLOTS.options }, (_, choice) => Math.ceil((voters - choice) / BALLOTS.options));
}

/** Without what was stored by SQL. */
function withoutStored({ cast, votes, rows, ...rest }: Tally, voters: number): Tally {
  const stored = storedOf(voters);
  const less = (counts: readonly number[]): number[] => counts.map((count, choice) => count - (stored[choice] ?? 0));
  return { ...rest, cast: less(cast), votes: less(votes), rows: rows === null ? null : less(rows) };
}

/** How fast the worker counts what waits for it in the queue, votes/s. Nothing else needs the machine meanwhile. */
async function drain(deployed: Deployed, contestant: Contestant, durationMs: number): Promise<number> {
  const before = await deployed.counted();
  deployed.pauseWorker();
  const accepted = await contestant.collect({ durationMs });
  const counting = watchCounting(deployed.counted);
  deployed.resumeWorker();
  const samples = await counting.until(before + accepted);
  const first = samples.find(({ counted }) => counted > before);
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at)
    throw new Error('Too few votes to time a drain.');
  return (last.counted - first.counted) / ((last.at - first.at) / 1_000);
}

/** The median of several drains. */
async function drainRate(deployed: Deployed, contestant: Contestant, durationMs: number): Promise<number> {
  const rates: number[] = [];
  for (let each = 0; each < DRAINS; each += 1) rates.push(await drain(deployed, contestant, durationMs));
  return median(rates);
}

/** What the database keeps of a voter, and of a vote in the message that brought it. */
async function sizesOf({ query }: BenchDatabase): Promise<{ bytesPerVoter: number; bytesPerVote: number }> {
  await query('ANALYZE TABLE votes');
  const [table] = await query(
    `SELECT data_length / table_rows AS bytes FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name = 'votes'`,
  );
  const [messages] = await query('SELECT SUM(LENGTH(body)) / SUM(accepted) AS bytes FROM batches');
  return { bytesPerVoter: Number(table?.['bytes']), bytesPerVote: Number(messages?.['bytes']) };
}

/** Counts anew, again and again until told to stop; resolves with how long it took at most, s. */
async function recountUntil(
  deployed: Deployed,
  isOver: () => boolean,
): Promise<{ seconds: number; differing: number }> {
  const { host, port, user, password } = deployed.database.server;
  const store = openMySqlStore({ host, port, user, password, database: deployed.database.name });
  try {
    const [row] = await deployed.database.query('SELECT CONVERT(round USING utf8mb4) AS round FROM rounds');
    let [seconds, differing] = [0, 0];
    do {
      const started = performance.now();
      differing += (await store.recount(String(row?.['round'])))?.length ?? Infinity;
      seconds = Math.max(seconds, (performance.now() - started) / 1_000);
    } while (!isOver());
    return { seconds, differing };
  } finally {
    await store.close();
  }
}

async function measureOn(deployed: Deployed, shape: RunShape): Promise<RowResult> {
  const { durationMs, warmUpMs, storedVotes: voters } = shape;
  let stored = 0;
  const contestant = new Contestant({
    ...deployed,
    tally: async () => withoutStored(await deployed.tally(), stored),
  });
  await contestant.measure({ durationMs: warmUpMs });
  const capacity = (await contestant.measure({ durationMs })).votesPerSecond;
  const empty = await drainRate(deployed, contestant, durationMs * BACKLOG_ROUNDS);
  await storeVoters(deployed.database, voters);
  await settle(deployed.database);
  stored = voters;
  const full = await drainRate(deployed, contestant, durationMs * BACKLOG_ROUNDS);
  await writeBack(deployed.database);

  let isOver = false;
  const recounting = recountUntil(deployed, () => isOver);
  const demand = { rate: Math.floor(capacity * SHARE_MEANWHILE), durationMs: durationMs * ROUNDS_MEANWHILE };
  const meanwhile = await contestant.measure(demand);
  isOver = true;
  const { seconds, differing } = await recounting;
  const sizes = await sizesOf(deployed.database);
  return {
    ...NOTHING,
    limits: [
      { name: 'recount', measured: seconds, keeps: 'at most', limit: RECOUNT_LIMIT_S, unit: 's' },
      {
        name: 'lag p99 meanwhile',
        measured: meanwhile.lag?.p99 ?? Infinity,
        keeps: 'at most',
        limit: LAG_LIMIT_MS,
        unit: 'ms',
      },
      { name: 'counters that differ', measured: differing, keeps: 'at most', limit: 0, unit: '' },
      {
        name: 'worker’s votes/s, of those with nothing stored',
        measured: full / empty,
        keeps: 'at least',
        limit: THROUGHPUT_SHARE,
        unit: '×',
      },
    ],
    facts: {
      'votes stored before': voters,
      'worker’s votes/s with nothing stored': empty,
      [FACTS.shardVotesPerSecond]: full,
      [FACTS.bytesPerVoter]: sizes.bytesPerVoter,
      [FACTS.bytesPerVote]: sizes.bytesPerVote,
      'votes/s meanwhile': meanwhile.votesPerSecond,
    },
    voids: await contestant.voids(),
  };
}

/** What is different when many have voted before. */
export const RECOUNT: Row = {
  name: 'recount',
  title: 'ten million voters stored: recount and worker',
  runs: 'named',
  async measure(shape) {
    const deployed = await startDeployed();
    try {
      return await measureOn(deployed, shape);
    } finally {
      await deployed.stop();
    }
  },
};

import { DatabaseSync } from 'node:sqlite';

import { type MySqlAddress, runSql } from '../servers/mysql.ts';

/** Rows of an SQL that every store understands; all values as text. */
export type Query = (sql: string) => Promise<readonly (readonly string[])[]>;

/** On a connection of its own, by the server's own client: nothing of the product lies between. */
export function queryMySql(server: MySqlAddress, database: string): Query {
  return async (sql) => {
    const text = await runSql(server, `USE ${database}; ${sql}`);
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t'));
  };
}

export function querySqlite(file: string): Query {
  return async (sql) => {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    try {
      return db
        .prepare(sql)
        .all()
        .map((row) => Object.values(row).map(String));
    } finally {
      db.close();
    }
  };
}

/** An entry of a committed batch: a vote, or null where it is none. Tags are in base64url. */
export interface Entry {
  readonly voter: string;
  readonly choice: number;
  readonly seq: number;
  readonly id: string | null;
}

export interface Batch {
  readonly shard: number;
  readonly logIndex: number;
  readonly producer: string;
  readonly n: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly committedAt: number;
  readonly entries: readonly (Entry | null)[];
}

/** All that a store holds of the one round in it, as it is stored. */
export interface Stored {
  /** By shard, in the order of their commits. */
  readonly batches: readonly Batch[];
  readonly votes: ReadonlyMap<string, { readonly choice: number; readonly seq: number }>;
  readonly ids: ReadonlySet<string>;
  readonly counts: readonly { readonly choice: number; readonly votes: number; readonly cast: number }[];
  /** `cast` by `<minute> <choice>`. */
  readonly minutes: ReadonlyMap<string, number>;
  readonly totals: Readonly<Record<'accepted' | 'duplicates' | 'rejected' | 'batches', number>>;
  /** Entries of messages that were set aside whole, by reason. */
  readonly setAside: ReadonlyMap<string, number>;
  readonly final: boolean;
}

const PAGE = 2_000;

function base64url(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}

function entriesOf(body: string): (Entry | null)[] {
  const { votes } = JSON.parse(Buffer.from(body, 'hex').toString()) as { votes: unknown[] };
  return votes.map((entry) => {
    if (!Array.isArray(entry)) return null;
    const [voter, choice, seq, id = null] = entry as [string, number, number, string?];
    return { voter, choice, seq, id };
  });
}

async function readBatches(query: Query): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let page: readonly (readonly string[])[] = [[]]; page.length > 0;) {
    page = await query(
      `SELECT shard, log_index, HEX(producer), n, accepted, duplicates, rejected, committed_at, HEX(body)
       FROM batches ORDER BY shard, log_index LIMIT ${PAGE} OFFSET ${batches.length}`,
    );
    for (const [shard, logIndex, producer = '', n, accepted, duplicates, rejected, committedAt, body = ''] of page) {
      batches.push({
        shard: Number(shard),
        logIndex: Number(logIndex),
        producer,
        n: Number(n),
        accepted: Number(accepted),
        duplicates: Number(duplicates),
        rejected: Number(rejected),
        committedAt: Number(committedAt),
        entries: entriesOf(body),
      });
    }
  }
  return batches;
}

export async function readStored(query: Query): Promise<Stored> {
  const votes = await query('SELECT HEX(voter), choice, seq FROM votes');
  const counts = await query('SELECT choice, SUM(votes), SUM(`cast`) FROM counts GROUP BY choice ORDER BY choice');
  const minutes = await query('SELECT minute, choice, SUM(`cast`) FROM minute_counts GROUP BY minute, choice');
  const [totals = []] = await query(
    'SELECT COALESCE(SUM(accepted), 0), COALESCE(SUM(duplicates), 0), COALESCE(SUM(rejected), 0), COALESCE(SUM(log_size), 0) FROM shards',
  );
  const setAside = await query('SELECT reason, SUM(entries) FROM rejected WHERE idx < 0 GROUP BY reason');
  const [accepted, duplicates, rejected, batches] = totals.map(Number);
  return {
    batches: await readBatches(query),
    votes: new Map(
      votes.map(([voter = '', choice, seq]) => [base64url(voter), { choice: Number(choice), seq: Number(seq) }]),
    ),
    ids: new Set((await query('SELECT HEX(id) FROM vote_ids')).map(([id = '']) => base64url(id))),
    counts: counts.map(([choice, inTally, cast]) => ({
      choice: Number(choice),
      votes: Number(inTally),
      cast: Number(cast),
    })),
    minutes: new Map(minutes.map(([minute, choice, cast]) => [`${minute} ${choice}`, Number(cast)])),
    totals: { accepted: accepted ?? 0, duplicates: duplicates ?? 0, rejected: rejected ?? 0, batches: batches ?? 0 },
    setAside: new Map(setAside.map(([reason = '', entries]) => [reason, Number(entries)])),
    final: (await query('SELECT round FROM finals')).length > 0,
  };
}

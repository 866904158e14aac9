import type { FinalRecord, MinuteCast, RoundSnapshot } from '../port.ts';
import { definitionOf, type StoredRound } from '../rules.ts';
import type { Database } from './database.ts';
import { findRound } from './definitions.ts';
import type { Session } from './session.ts';

type Numbers = Pick<RoundSnapshot, 'counts' | 'accepted' | 'duplicates' | 'rejected' | 'late'>;

/** Belongs inside a transaction. */
export async function numbersOf(session: Session, { base }: StoredRound): Promise<Numbers> {
  const rows = await session.rows<{ choice: number; votes: number; cast: number }>(
    'SELECT choice, sum(votes) AS votes, sum(`cast`) AS `cast` FROM counts WHERE round = ? GROUP BY choice',
    [base.round],
  );
  const counts = base.options.map(() => ({ votes: 0, cast: 0 }));
  for (const { choice, votes, cast } of rows) counts[choice] = { votes, cast };
  const [totals] = await session.rows<Omit<Numbers, 'counts'>>(
    `SELECT sum(accepted) AS accepted, sum(duplicates) AS duplicates, sum(rejected) AS rejected, sum(late) AS late
     FROM shards WHERE round = ?`,
    [base.round],
  );
  if (totals === undefined) throw new Error(`The round ${base.round} has no shards`);
  return { counts, ...totals };
}

/** The numbers that a final round is remembered by. Belongs inside a transaction. */
export async function tallyOf(session: Session, stored: StoredRound) {
  const { counts, ...totals } = await numbersOf(session, stored);
  return { options: stored.base.options.map(({ id }, choice) => ({ id, ...counts[choice] })), ...totals };
}

async function pendingOf(session: Session, shards: number): Promise<RoundSnapshot['pending']> {
  const [row] = await session.rows<{ shards: number; votes: number; writtenAt: number }>(
    `SELECT count(*) AS shards, sum(votes) AS votes, min(written_at) AS writtenAt FROM pending WHERE shard < ?`,
    [shards],
  );
  return row?.shards === shards ? { votes: row.votes, writtenAt: row.writtenAt } : null;
}

async function finalOf(session: Session, round: string): Promise<FinalRecord | null> {
  const [row] = await session.rows<{ version: number; at: number; reason: string | null }>(
    'SELECT version, final_at AS at, reason FROM finals WHERE round = ? ORDER BY version DESC LIMIT 1',
    [round],
  );
  if (row === undefined) return null;
  const { version, at, reason } = row;
  return reason === null ? { version, at } : { version, at, reason };
}

/** Reads the counters; no vote row is touched. */
export class Results {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  snapshot(round: string): Promise<RoundSnapshot | null> {
    return this.#db.read(async (session) => {
      const stored = await findRound(session, round);
      if (stored === null) return null;
      return {
        definition: definitionOf(stored),
        ...(await numbersOf(session, stored)),
        pending: await pendingOf(session, stored.base.shards),
        final: await finalOf(session, round),
      };
    });
  }

  minutes(round: string): Promise<MinuteCast[]> {
    return this.#db.read(async (session) => {
      const stored = await findRound(session, round);
      if (stored === null) return [];
      const rows = await session.rows<{ minute: number; choice: number; cast: number }>(
        `SELECT minute, choice, sum(\`cast\`) AS \`cast\` FROM minute_counts WHERE round = ?
         GROUP BY minute, choice ORDER BY minute, choice`,
        [round],
      );
      const minutes = new Map<number, number[]>();
      for (const { minute, choice, cast } of rows) {
        const counts = minutes.get(minute) ?? stored.base.options.map(() => 0);
        counts[choice] = cast;
        minutes.set(minute, counts);
      }
      return [...minutes].map(([minute, cast]) => ({ minute, cast }));
    });
  }

  async writePending(shard: number, votes: number, now: number): Promise<void> {
    await this.#db.write((session) =>
      session.run('REPLACE INTO pending (shard, votes, written_at) VALUES (?, ?, ?)', [shard, votes, now]),
    );
  }
}

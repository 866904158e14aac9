import type { FinalRecord, MinuteCast, RoundSnapshot } from '../port.ts';
import { definitionOf, type StoredRound } from '../rules.ts';
import type { Database } from './database.ts';
import type { Definitions } from './definitions.ts';

type Numbers = Pick<RoundSnapshot, 'counts' | 'accepted' | 'duplicates' | 'rejected' | 'late'>;

/** Reads the counters; no vote row is touched. */
export class Results {
  readonly #db: Database;
  readonly #definitions: Definitions;
  readonly #statements;

  constructor(db: Database, definitions: Definitions) {
    this.#db = db;
    this.#definitions = definitions;
    this.#statements = {
      counts: db.prepare(
        `SELECT choice, sum(votes) AS votes, sum("cast") AS "cast" FROM counts WHERE round = ? GROUP BY choice`,
      ),
      totals: db.prepare(
        `SELECT sum(accepted) AS accepted, sum(duplicates) AS duplicates, sum(rejected) AS rejected, sum(late) AS late
         FROM shards WHERE round = ?`,
      ),
      minutes: db.prepare(
        `SELECT minute, choice, sum("cast") AS "cast" FROM minute_counts WHERE round = ?
         GROUP BY minute, choice ORDER BY minute, choice`,
      ),
      final: db.prepare(
        'SELECT version, final_at AS at, reason FROM finals WHERE round = ? ORDER BY version DESC LIMIT 1',
      ),
      pending: db.prepare(
        `SELECT count(*) AS shards, sum(votes) AS votes, min(written_at) AS writtenAt FROM pending WHERE shard < ?`,
      ),
      writePending: db.prepare(
        `INSERT INTO pending (shard, votes, written_at) VALUES (?, ?, ?)
         ON CONFLICT (shard) DO UPDATE SET votes = excluded.votes, written_at = excluded.written_at`,
      ),
    };
  }

  snapshot(round: string): RoundSnapshot | null {
    return this.#db.read(() => {
      const stored = this.#definitions.find(round);
      if (stored === null) return null;
      return {
        definition: definitionOf(stored),
        ...this.numbers(stored),
        pending: this.#pending(stored.base.shards),
        final: this.#final(round),
      };
    });
  }

  /** The numbers that a final round is remembered by. Belongs inside a transaction. */
  tally(stored: StoredRound) {
    const { counts, ...totals } = this.numbers(stored);
    return { options: stored.base.options.map(({ id }, choice) => ({ id, ...counts[choice] })), ...totals };
  }

  /** Belongs inside a transaction. */
  numbers({ base }: StoredRound): Numbers {
    const rows = this.#statements.counts.all(base.round) as { choice: number; votes: number; cast: number }[];
    const counts = base.options.map(() => ({ votes: 0, cast: 0 }));
    for (const { choice, votes, cast } of rows) counts[choice] = { votes, cast };
    const totals = this.#statements.totals.get(base.round) as unknown as Omit<Numbers, 'counts'>;
    return { counts, ...totals };
  }

  #pending(shards: number): RoundSnapshot['pending'] {
    const row = this.#statements.pending.get(shards) as { shards: number; votes: number; writtenAt: number };
    return row.shards === shards ? { votes: row.votes, writtenAt: row.writtenAt } : null;
  }

  #final(round: string): FinalRecord | null {
    const row = this.#statements.final.get(round) as { version: number; at: number; reason: string | null } | undefined;
    if (row === undefined) return null;
    const { version, at, reason } = row;
    return reason === null ? { version, at } : { version, at, reason };
  }

  minutes(round: string): MinuteCast[] {
    return this.#db.read(() => {
      const stored = this.#definitions.find(round);
      if (stored === null) return [];
      const rows = this.#statements.minutes.all(round) as { minute: number; choice: number; cast: number }[];
      const minutes = new Map<number, number[]>();
      for (const { minute, choice, cast } of rows) {
        const counts = minutes.get(minute) ?? stored.base.options.map(() => 0);
        counts[choice] = cast;
        minutes.set(minute, counts);
      }
      return [...minutes].map(([minute, cast]) => ({ minute, cast }));
    });
  }

  writePending(shard: number, votes: number, now: number): void {
    this.#db.write(() => this.#statements.writePending.run(shard, votes, now));
  }
}

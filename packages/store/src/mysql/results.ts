import type { FinalRecord, MinuteCast, RoundSnapshot } from '../port.ts';
import { definitionOf, type StoredRound } from '../rules.ts';
import type { Database } from './database.ts';
import { type RoundAnswers, roundQuestions, storedRoundOf } from './definitions.ts';
import type { Session } from './session.ts';
import type { Statement } from './statements.ts';

type Numbers = Pick<RoundSnapshot, 'counts' | 'accepted' | 'duplicates' | 'rejected' | 'late'>;

/** To {@link numbersQuestions}. */
type NumbersAnswers = [readonly Record<'choice' | 'votes' | 'cast', number>[], readonly Omit<Numbers, 'counts'>[]];

/** {@link numbersIn} tells what the answers mean. */
function numbersQuestions(round: string): Statement[][] {
  return [
    [
      {
        sql: 'SELECT choice, sum(votes) AS votes, sum(`cast`) AS `cast` FROM counts WHERE round = ? GROUP BY choice',
        values: [round],
      },
    ],
    [
      {
        sql: `SELECT sum(accepted) AS accepted, sum(duplicates) AS duplicates, sum(rejected) AS rejected,
                     sum(late) AS late
              FROM shards WHERE round = ?`,
        values: [round],
      },
    ],
  ];
}

function numbersIn({ base }: StoredRound, [rows, [totals]]: NumbersAnswers): Numbers {
  const counts = base.options.map(() => ({ votes: 0, cast: 0 }));
  for (const { choice, votes, cast } of rows) counts[choice] = { votes, cast };
  if (totals === undefined) throw new Error(`The round ${base.round} has no shards`);
  return { counts, ...totals };
}

/** Belongs inside a transaction. */
export async function numbersOf(session: Session, stored: StoredRound): Promise<Numbers> {
  return numbersIn(stored, (await session.ask(numbersQuestions(stored.base.round))) as NumbersAnswers);
}

/** The numbers that a final round is remembered by. Belongs inside a transaction. */
export async function tallyOf(session: Session, stored: StoredRound) {
  const { counts, ...totals } = await numbersOf(session, stored);
  return { options: stored.base.options.map(({ id }, choice) => ({ id, ...counts[choice] })), ...totals };
}

interface FinalRow {
  readonly version: number;
  readonly at: number;
  readonly reason: string | null;
}

type PendingRow = Readonly<Record<'shard' | 'votes' | 'writtenAt', number>>;

function pendingIn({ base }: StoredRound, rows: readonly PendingRow[]): RoundSnapshot['pending'] {
  const own = rows.filter(({ shard }) => shard < base.shards);
  if (own.length < base.shards) return null;
  return {
    votes: own.reduce((sum, { votes }) => sum + votes, 0),
    writtenAt: Math.min(...own.map(({ writtenAt }) => writtenAt)),
  };
}

function finalIn([row]: readonly FinalRow[]): FinalRecord | null {
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

  async snapshot(round: string): Promise<RoundSnapshot | null> {
    const [rounds, controls, counts, totals, pending, finals] = (await this.#db.ask([
      ...roundQuestions(round),
      ...numbersQuestions(round),
      [{ sql: 'SELECT shard, votes, written_at AS writtenAt FROM pending', values: [] }],
      [
        {
          sql: 'SELECT version, final_at AS at, reason FROM finals WHERE round = ? ORDER BY version DESC LIMIT 1',
          values: [round],
        },
      ],
    ])) as [...RoundAnswers, ...NumbersAnswers, readonly PendingRow[], readonly FinalRow[]];
    const stored = storedRoundOf([rounds, controls]);
    if (stored === null) return null;
    return {
      definition: definitionOf(stored),
      ...numbersIn(stored, [counts, totals]),
      pending: pendingIn(stored, pending),
      final: finalIn(finals),
    };
  }

  async minutes(round: string): Promise<MinuteCast[]> {
    const [rounds, controls, rows] = (await this.#db.ask([
      ...roundQuestions(round),
      [
        {
          sql: `SELECT minute, choice, sum(\`cast\`) AS \`cast\` FROM minute_counts WHERE round = ?
                GROUP BY minute, choice ORDER BY minute, choice`,
          values: [round],
        },
      ],
    ])) as [...RoundAnswers, readonly Record<'minute' | 'choice' | 'cast', number>[]];
    const stored = storedRoundOf([rounds, controls]);
    if (stored === null) return [];
    const minutes = new Map<number, number[]>();
    for (const { minute, choice, cast } of rows) {
      const counts = minutes.get(minute) ?? stored.base.options.map(() => 0);
      counts[choice] = cast;
      minutes.set(minute, counts);
    }
    return [...minutes].map(([minute, cast]) => ({ minute, cast }));
  }

  async writePending(shard: number, votes: number, now: number): Promise<void> {
    await this.#db.write((session) =>
      session.run('REPLACE INTO pending (shard, votes, written_at) VALUES (?, ?, ?)', [shard, votes, now]),
    );
  }
}

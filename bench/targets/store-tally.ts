import { type Tally, zeros } from '../load/ledger.ts';

/** Asks a database; backquoted names are understood by MySQL, MariaDB and SQLite alike. */
export type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

// Numbers come as strings where they are sums of MySQL's.
function byChoice(rows: readonly Readonly<Record<string, unknown>>[], column: string, options: number): number[] {
  const numbers = zeros(options);
  for (const row of rows) numbers[Number(row['choice'])] = Number(row[column]);
  return numbers;
}

/** Votes in the counters of a store of one round. */
export async function countedIn(query: Query): Promise<number> {
  const [row] = await query('SELECT SUM(`cast`) AS counted FROM counts');
  return Number(row?.['counted'] ?? 0);
}

/** What the tables of a store of one round say; `hasRows`: its policy keeps a row for each voter. */
export async function tallyOf(query: Query, options: number, hasRows: boolean): Promise<Tally> {
  const counts = await query('SELECT choice, SUM(votes) AS votes, SUM(`cast`) AS applied FROM counts GROUP BY choice');
  const [sums] = await query('SELECT SUM(duplicates) AS duplicates FROM shards');
  const [setAside] = await query('SELECT SUM(entries) AS rejected FROM rejected');
  const rows = hasRows ? await query('SELECT choice, COUNT(*) AS voters FROM votes GROUP BY choice') : null;
  return {
    cast: byChoice(counts, 'applied', options),
    votes: byChoice(counts, 'votes', options),
    rows: rows === null ? null : byChoice(rows, 'voters', options),
    rejected: Number(setAside?.['rejected'] ?? 0),
    duplicates: Number(sums?.['duplicates'] ?? 0),
  };
}

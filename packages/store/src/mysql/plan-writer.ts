import type { Plan, RejectedRow } from '../apply/plan.ts';
import type { RoundPlan } from '../apply/round-ledger.ts';
import { type Row, type Statement, withRows } from './statements.ts';

/** As long as the columns are; what does not fit is not needed by anybody. */
const ROUND_BYTES = 64;
const DETAIL_LENGTH = 1_000;

function hexBytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function tagBytes(tag: string): Buffer {
  return Buffer.from(tag, 'base64url');
}

function bytes({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Adds numbers to rows that differ by their `choice` alone, or inserts them. The sums come in a CASE, for MySQL and
 * MariaDB have no name in common, but a derived table's, for the values of an INSERT.
 */
function additions(table: string, keys: readonly string[], numbers: readonly string[]) {
  const columns = [...keys, 'choice', ...numbers].map((column) => `\`${column}\``).join(', ');
  return (key: Row, rows: readonly { readonly choice: number; readonly add: readonly number[] }[]): Statement[] => {
    if (rows.length === 0) return [];
    const cases = rows.map(() => 'WHEN ? THEN ?').join(' ');
    const updates = numbers.map((name) => `\`${name}\` = \`${name}\` + CASE choice ${cases} END`);
    return [
      {
        sql: `INSERT INTO ${table} (${columns}) VALUES ? ON DUPLICATE KEY UPDATE ${updates.join(', ')}`,
        values: [
          rows.map(({ choice, add }) => [...key, choice, ...add]),
          ...numbers.flatMap((_, index) => rows.flatMap(({ choice, add }) => [choice, add[index] ?? 0])),
        ],
      },
    ];
  };
}

const addCounts = additions('counts', ['round', 'shard'], ['votes', 'cast']);
const addMinute = additions('minute_counts', ['round', 'shard', 'minute'], ['cast']);

function addTotals(shard: number, { round, totals }: RoundPlan): Statement[] {
  const { accepted, duplicates, rejected, late, batches } = totals;
  if (accepted === 0 && batches === 0) return [];
  const numbers = { accepted, duplicates, rejected, late, log_size: batches };
  const names = Object.keys(numbers);
  const sql = `INSERT INTO shards (round, shard, ${names.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ?)
               ON DUPLICATE KEY UPDATE ${names.map((name) => `${name} = ${name} + ?`).join(', ')}`;
  return [{ sql, values: [round, shard, ...Object.values(numbers), ...Object.values(numbers)] }];
}

// Assignments take effect one after the other: `beat`, which decides, comes last.
const BEAT_VALUES = ['def', 'last', 'clock', 'closed', 'refused', 'committed_at', 'beat'];
const BEAT_COLUMNS = ['round', 'producer', 'shard', ...BEAT_VALUES];
const PUT_BEAT = `INSERT INTO beats (${BEAT_COLUMNS.join(', ')})
  SELECT ${BEAT_COLUMNS.map((name) => `new.${name}`).join(', ')}
  FROM (SELECT ${BEAT_COLUMNS.map((name) => `? AS ${name}`).join(', ')}) AS new
  ON DUPLICATE KEY UPDATE
    ${BEAT_VALUES.map((name) => `${name} = IF(new.beat > beats.beat, new.${name}, beats.${name})`).join(', ')}`;

function logStatements(shard: number, plan: RoundPlan, now: number): Statement[] {
  const { round, batches } = plan;
  return [
    ...addTotals(shard, plan),
    ...withRows(
      `INSERT INTO batches
         (round, producer, shard, n, log_index, accepted, duplicates, rejected, digest, body, committed_at)
       VALUES`,
      batches.map(({ producer, n, logIndex, accepted, duplicates, rejected, digest, body }) => {
        const name = [round, hexBytes(producer), shard, n];
        return [...name, logIndex, accepted, duplicates, rejected, hexBytes(digest), bytes(body), now];
      }),
    ),
  ];
}

export const VOTE_COLUMNS = 'votes (round, voter, choice, seq, producer, n, idx)';

/** In the order of {@link VOTE_COLUMNS}. */
export function voteRow(round: string, { voter, choice, seq, producer, n, index }: RoundPlan['votes'][number]): Row {
  return [round, tagBytes(voter), choice, seq, hexBytes(producer), n, index];
}

function voteStatements(shard: number, { round, votes, ids, counts, minutes }: RoundPlan): Statement[] {
  return [
    ...withRows(
      `REPLACE INTO ${VOTE_COLUMNS} VALUES`,
      votes.map((vote) => voteRow(round, vote)),
    ),
    ...withRows(
      'INSERT INTO vote_ids (round, id, voter, choice, seq) VALUES',
      ids.map(({ id, voter, choice, seq }) => [round, tagBytes(id), tagBytes(voter), choice, seq]),
    ),
    ...addCounts(
      [round, shard],
      counts.map(({ choice, votes: inTally, cast }) => ({ choice, add: [inTally, cast] })),
    ),
    ...[...Map.groupBy(minutes, ({ minute }) => minute)].flatMap(([minute, rows]) =>
      addMinute(
        [round, shard, minute],
        rows.map(({ choice, cast }) => ({ choice, add: [cast] })),
      ),
    ),
  ];
}

function signStatements(shard: number, { round, beats, markers }: RoundPlan, now: number): Statement[] {
  return [
    ...beats.map(({ producer, def, beat }) => {
      const { b, last, clock, closed, refused } = beat;
      const values = [def, last, clock, closed ? 1 : 0, JSON.stringify(refused), now, b];
      return { sql: PUT_BEAT, values: [round, hexBytes(producer), shard, ...values] };
    }),
    ...withRows(
      'REPLACE INTO marker_commits (round, marker, shard) VALUES',
      markers.map((marker) => [round, marker, shard]),
    ),
  ];
}

function rejectedStatements(rows: readonly RejectedRow[], now: number): Statement[] {
  return withRows(
    `INSERT INTO rejected (digest, idx, round, shard, producer, n, reason, detail, entries, body, rejected_at)
     VALUES`,
    rows.map(({ digest, index, round, shard, producer, n, reason, detail, entries, body }) => {
      const cut = round === null ? null : Buffer.from(round).subarray(0, ROUND_BYTES);
      const name = [cut, shard, producer === null ? null : hexBytes(producer), n];
      const text = detail.slice(0, DETAIL_LENGTH);
      return [hexBytes(digest), index, ...name, reason, text, entries, body === null ? null : bytes(body), now];
    }),
  );
}

/** What writes a plan, sorted by key, under the locks of its rounds' rows of the shard. */
export function planStatements(shard: number, plan: Plan, now: number): Statement[] {
  return [
    ...plan.rounds.flatMap((round) => [
      ...logStatements(shard, round, now),
      ...voteStatements(shard, round),
      ...signStatements(shard, round, now),
    ]),
    ...rejectedStatements(plan.rejected, now),
  ];
}

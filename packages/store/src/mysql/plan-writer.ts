import type { Plan, RejectedRow } from '../apply/plan.ts';
import type { RoundPlan } from '../apply/round-ledger.ts';
import type { Row, Session } from './session.ts';

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

type Write = (session: Session, rows: readonly Row[]) => Promise<void>;

/** Rows of one statement, each of which is a SELECT of its own to the server. */
const UPSERT_ROWS = 100;

/**
 * Inserts rows, or updates those whose keys are there. In `updates` the table is `new` where the values to insert are
 * meant: a derived table is the one name for them that MySQL and MariaDB both know and do not warn of.
 */
function upsert(table: string, columns: readonly string[], updates: readonly string[]): Write {
  const names = columns.map((column) => `\`${column}\``);
  const first = `SELECT ${names.map((name) => `? AS ${name}`).join(', ')}`;
  const further = ` UNION ALL SELECT ${names.map(() => '?').join(', ')}`;
  return async (session, rows) => {
    for (let start = 0; start < rows.length; start += UPSERT_ROWS) {
      const part = rows.slice(start, start + UPSERT_ROWS);
      await session.run(
        `INSERT INTO ${table} (${names.join(', ')})
         SELECT ${names.map((name) => `new.${name}`).join(', ')}
         FROM (${first}${further.repeat(part.length - 1)}) AS new
         ON DUPLICATE KEY UPDATE ${updates.join(', ')}`,
        part.flat(),
      );
    }
  };
}

function additions(table: string, keys: readonly string[], numbers: readonly string[]): Write {
  const updates = numbers.map((name) => `\`${name}\` = ${table}.\`${name}\` + new.\`${name}\``);
  return upsert(table, [...keys, ...numbers], updates);
}

const addTotals = additions('shards', ['round', 'shard'], ['accepted', 'duplicates', 'rejected', 'late', 'log_size']);
const addCounts = additions('counts', ['round', 'shard', 'choice'], ['votes', 'cast']);
const addMinutes = additions('minute_counts', ['round', 'minute', 'shard', 'choice'], ['cast']);

// Assignments take effect one after the other: `beat`, which decides, comes last.
const BEAT_VALUES = ['def', 'last', 'clock', 'closed', 'refused', 'committed_at', 'beat'];
const putBeats = upsert(
  'beats',
  ['round', 'producer', 'shard', ...BEAT_VALUES],
  BEAT_VALUES.map((name) => `${name} = IF(new.beat > beats.beat, new.${name}, beats.${name})`),
);

async function writeLog(session: Session, shard: number, { round, totals, batches }: RoundPlan, now: number) {
  if (totals.accepted > 0 || totals.batches > 0) {
    const { accepted, duplicates, rejected, late } = totals;
    await addTotals(session, [[round, shard, accepted, duplicates, rejected, late, totals.batches]]);
  }
  await session.runRows(
    `INSERT INTO batches
       (round, producer, shard, n, log_index, accepted, duplicates, rejected, digest, body, committed_at)
     VALUES`,
    batches.map(({ producer, n, logIndex, accepted, duplicates, rejected, digest, body }) => {
      const name = [round, hexBytes(producer), shard, n];
      return [...name, logIndex, accepted, duplicates, rejected, hexBytes(digest), bytes(body), now];
    }),
  );
}

async function writeVotes(session: Session, shard: number, { round, votes, ids, counts, minutes }: RoundPlan) {
  await session.runRows(
    'REPLACE INTO votes (round, voter, choice, seq, producer, n, idx) VALUES',
    votes.map(({ voter, choice, seq, producer, n, index }) => {
      return [round, tagBytes(voter), choice, seq, hexBytes(producer), n, index];
    }),
  );
  await session.runRows(
    'INSERT INTO vote_ids (round, id, voter, choice, seq) VALUES',
    ids.map(({ id, voter, choice, seq }) => [round, tagBytes(id), tagBytes(voter), choice, seq]),
  );
  await addCounts(
    session,
    counts.map(({ choice, votes: inTally, cast }) => [round, shard, choice, inTally, cast]),
  );
  await addMinutes(
    session,
    minutes.map(({ minute, choice, cast }) => [round, minute, shard, choice, cast]),
  );
}

async function writeSigns(session: Session, shard: number, { round, beats, markers }: RoundPlan, now: number) {
  await putBeats(
    session,
    beats.map(({ producer, def, beat }) => {
      const { b, last, clock, closed, refused } = beat;
      return [round, hexBytes(producer), shard, def, last, clock, closed ? 1 : 0, JSON.stringify(refused), now, b];
    }),
  );
  await session.runRows(
    'REPLACE INTO marker_commits (round, marker, shard) VALUES',
    markers.map((marker) => [round, marker, shard]),
  );
}

async function writeRejected(session: Session, rows: readonly RejectedRow[], now: number) {
  await session.runRows(
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

/** Writes a plan, sorted by key, under the locks of its rounds' rows of the shard. */
export async function writePlan(session: Session, shard: number, plan: Plan, now: number): Promise<void> {
  for (const round of plan.rounds) {
    await writeLog(session, shard, round, now);
    await writeVotes(session, shard, round);
    await writeSigns(session, shard, round, now);
  }
  await writeRejected(session, plan.rejected, now);
}

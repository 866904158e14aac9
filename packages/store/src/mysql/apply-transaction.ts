import { type Incoming, readMessage } from '../apply/incoming.ts';
import { planApply, WHOLE_MESSAGE } from '../apply/plan.ts';
import {
  batchKey,
  type BatchName,
  type IdRow,
  keysOf,
  type RoundFacts,
  type RoundRows,
  roundsOf,
  type Rows,
  type VoteRow,
} from '../apply/rows.ts';
import type { Applied } from '../port.ts';
import { definitionOf } from '../rules.ts';
import type { Database } from './database.ts';
import { findRound } from './definitions.ts';
import { writePlan } from './plan-writer.ts';
import { BYTES_PER_STATEMENT, type Session } from './session.ts';

function hexBytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function tagBytes(tag: string): Buffer {
  return Buffer.from(tag, 'base64url');
}

/** Far above what a replica publishes; nothing the server could not take may stop the queue behind it. */
function readWithinLimit(body: Uint8Array): Incoming {
  const incoming = readMessage(body);
  if (body.byteLength <= BYTES_PER_STATEMENT) return incoming;
  const detail = `is ${body.byteLength} bytes long, of which ${BYTES_PER_STATEMENT} are kept`;
  return {
    ...incoming,
    body: body.subarray(0, BYTES_PER_STATEMENT),
    message: null,
    fault: { reason: 'malformed_message', detail },
  };
}

/**
 * Takes the rounds' rows of this shard, always in the order of their names: whoever else applies votes of the shard
 * waits. The rows are written, for clusters see a conflict of two members in what was written only.
 */
async function lockShards(session: Session, shard: number, rounds: readonly string[]): Promise<void> {
  for (const round of rounds) {
    await session.run('UPDATE shards SET turn = turn + 1 WHERE round = ? AND shard = ?', [round, shard]);
  }
}

async function factsOf(session: Session, round: string): Promise<RoundFacts | null> {
  const stored = await findRound(session, round);
  if (stored === null) return null;
  const { policy, shards, options, closesAt } = definitionOf(stored);
  return { policy, shards, options: options.length, closesAt, closesSince: stored.closesSince, final: stored.final };
}

/** Digests by {@link batchKey}. */
async function batchesOf(session: Session, round: string, names: readonly BatchName[]) {
  const rows = await session.rowsOf<{ producer: Buffer; shard: number; n: number; digest: Buffer }>(
    'SELECT producer, shard, n, digest FROM batches WHERE round = ? AND (producer, shard, n) IN',
    [round],
    names.map(({ producer, shard, n }) => [hexBytes(producer), shard, n]),
  );
  return new Map(
    rows.map(({ producer, digest, ...name }) => {
      return [batchKey({ ...name, producer: producer.toString('hex') }), digest.toString('hex')];
    }),
  );
}

async function votesOf(session: Session, round: string, voters: readonly string[]): Promise<Map<string, VoteRow>> {
  const rows = await session.rowsOf<
    Omit<VoteRow, 'producer' | 'index'> & Record<'voter' | 'producer', Buffer> & { idx: number }
  >(
    'SELECT voter, choice, seq, producer, n, idx FROM votes FORCE INDEX (PRIMARY) WHERE round = ? AND voter IN',
    [round],
    voters.map((voter) => [tagBytes(voter)]),
  );
  return new Map(
    rows.map(({ voter, producer, idx, ...vote }) => {
      return [voter.toString('base64url'), { ...vote, producer: producer.toString('hex'), index: idx }];
    }),
  );
}

async function idsOf(session: Session, round: string, ids: readonly string[]): Promise<Map<string, IdRow>> {
  const rows = await session.rowsOf<Omit<IdRow, 'voter'> & Record<'id' | 'voter', Buffer>>(
    'SELECT id, voter, choice, seq FROM vote_ids FORCE INDEX (PRIMARY) WHERE round = ? AND id IN',
    [round],
    ids.map((id) => [tagBytes(id)]),
  );
  return new Map(
    rows.map(({ id, voter, ...row }) => [id.toString('base64url'), { ...row, voter: voter.toString('base64url') }]),
  );
}

async function logSizeOf(session: Session, round: string, shard: number): Promise<number> {
  const [row] = await session.rows<{ logSize: number }>(
    'SELECT log_size AS logSize FROM shards WHERE round = ? AND shard = ?',
    [round, shard],
  );
  return row?.logSize ?? 0;
}

async function setAsideOf(session: Session, digests: readonly string[]): Promise<Set<string>> {
  const rows = await session.rowsOf<{ digest: Buffer }>(
    'SELECT digest FROM rejected WHERE (digest, idx) IN',
    [],
    digests.map((digest) => [hexBytes(digest), WHOLE_MESSAGE]),
  );
  return new Set(rows.map(({ digest }) => digest.toString('hex')));
}

async function readRound(
  session: Session,
  round: string,
  shard: number,
  incoming: readonly Incoming[],
): Promise<RoundRows | null> {
  const facts = await factsOf(session, round);
  if (facts === null) return null;
  const keys = keysOf(round, facts.policy, incoming);
  return {
    facts,
    logSize: await logSizeOf(session, round, shard),
    batches: await batchesOf(session, round, keys.batches),
    votes: await votesOf(session, round, keys.voters),
    ids: await idsOf(session, round, keys.ids),
  };
}

/** The rows that messages meet. */
async function readRows(session: Session, shard: number, incoming: readonly Incoming[]): Promise<Rows> {
  const rounds = new Map<string, RoundRows>();
  for (const round of roundsOf(incoming)) {
    const rows = await readRound(session, round, shard, incoming);
    if (rows !== null) rounds.set(round, rows);
  }
  return {
    rounds,
    setAside: await setAsideOf(
      session,
      incoming.map(({ digest }) => digest),
    ),
  };
}

/** Reads the rows that messages meet, and writes what the plan says, in one transaction. */
export class ApplyTransaction {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  apply(shard: number, bodies: readonly Uint8Array[], now: number): Promise<Applied> {
    return this.#commit(shard, bodies.map(readWithinLimit), now);
  }

  /** Sets a message aside whole, unless it has been handled before. */
  async reject(shard: number, body: Uint8Array, fault: NonNullable<Incoming['fault']>, now: number): Promise<void> {
    await this.#commit(shard, [{ ...readWithinLimit(body), fault }], now);
  }

  #commit(shard: number, incoming: readonly Incoming[], now: number): Promise<Applied> {
    return this.#db.write(async (session) => {
      await lockShards(session, shard, roundsOf(incoming));
      const plan = planApply(shard, incoming, await readRows(session, shard, incoming));
      await writePlan(session, shard, plan, now);
      return plan.applied;
    });
  }
}

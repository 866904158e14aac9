import { type Incoming, readMessage } from '../apply/incoming.ts';
import { type Plan, planApply, WHOLE_MESSAGE } from '../apply/plan.ts';
import type { RoundPlan } from '../apply/round-ledger.ts';
import {
  batchKey,
  type IdRow,
  keysOf,
  type RoundKeys,
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
import { planStatements, VOTE_COLUMNS, voteRow } from './plan-writer.ts';
import type { Session } from './session.ts';
import { BYTES_PER_STATEMENT, type Statement, withKeys } from './statements.ts';

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
function lockStatements(shard: number, rounds: readonly string[]): Statement[] {
  return rounds.map((round) => {
    return { sql: 'UPDATE shards SET turn = turn + 1 WHERE round = ? AND shard = ?', values: [round, shard] };
  });
}

function setAsideQuestion(incoming: readonly Incoming[]): Statement[] {
  return withKeys(
    'SELECT digest FROM rejected WHERE (digest, idx) IN',
    [],
    incoming.map(({ digest }) => [hexBytes(digest), WHOLE_MESSAGE]),
  );
}

/** {@link roundRows} tells what the answers mean. */
function roundQuestions(shard: number, round: string, { batches, ids }: RoundKeys): Statement[][] {
  return [
    [{ sql: 'SELECT log_size AS logSize FROM shards WHERE round = ? AND shard = ?', values: [round, shard] }],
    withKeys(
      'SELECT producer, shard, n, digest FROM batches WHERE round = ? AND (producer, shard, n) IN',
      [round],
      batches.map((batch) => [hexBytes(batch.producer), batch.shard, batch.n]),
    ),
    withKeys(
      'SELECT id, voter, choice, seq FROM vote_ids FORCE INDEX (PRIMARY) WHERE round = ? AND id IN',
      [round],
      ids.map((id) => [tagBytes(id)]),
    ),
  ];
}

const QUESTIONS_PER_ROUND = 3;

function roundRows(facts: RoundFacts, answers: readonly (readonly object[])[]): RoundRows {
  const [shards, batches, ids] = answers as [
    { logSize: number }[],
    { producer: Buffer; shard: number; n: number; digest: Buffer }[],
    (Omit<IdRow, 'voter'> & Record<'id' | 'voter', Buffer>)[],
  ];
  return {
    facts,
    logSize: shards[0]?.logSize ?? 0,
    batches: new Map(
      batches.map(({ producer, digest, ...name }) => {
        return [batchKey({ ...name, producer: producer.toString('hex') }), digest.toString('hex')];
      }),
    ),
    votes: new Map(),
    ids: new Map(
      ids.map(({ id, voter, ...row }) => [id.toString('base64url'), { ...row, voter: voter.toString('base64url') }]),
    ),
  };
}

/** The votes, from before this transaction, of voters for whom it has one. */
async function earlierVotes(session: Session, { round, batches, votes }: RoundPlan): Promise<Map<string, VoteRow>> {
  const own = batches.map(({ producer, n }) => [hexBytes(producer), n]);
  const [rows] = (await session.ask([
    withKeys(
      `SELECT voter, choice, seq, producer, n, idx FROM votes FORCE INDEX (PRIMARY)
       WHERE round = ? AND (producer, n) NOT IN (?) AND voter IN`,
      [round, own],
      votes.map(({ voter }) => [tagBytes(voter)]),
    ),
  ])) as [(Omit<VoteRow, 'producer' | 'index'> & Record<'voter' | 'producer', Buffer> & { idx: number })[]];
  return new Map(
    rows.map(({ voter, producer, idx, ...vote }) => {
      return [voter.toString('base64url'), { ...vote, producer: producer.toString('hex'), index: idx }];
    }),
  );
}

async function readFacts(session: Session, round: string): Promise<RoundFacts | null> {
  const stored = await findRound(session, round);
  if (stored === null) return null;
  const { policy, shards, options, closesAt } = definitionOf(stored);
  return { policy, shards, options: options.length, closesAt, closesSince: stored.closesSince, final: stored.final };
}

/** What one connection knows of the rounds, as of a turn of `identity`: what changes them takes the next turn. */
interface KnownFacts {
  readonly turn: number;
  readonly facts: Map<string, RoundFacts | null>;
}

/** False: somebody of the plan has voted before, and some of the votes may be inserted. */
async function insertVotes(session: Session, rounds: readonly RoundPlan[]): Promise<boolean> {
  let isNew = true;
  for (const { round, votes } of rounds) {
    const rows = votes.map((vote) => voteRow(round, vote));
    if ((await session.insertNew(VOTE_COLUMNS, rows)) < rows.length) isNew = false;
  }
  return isNew;
}

function withoutVotes(plan: Plan): Plan {
  return { ...plan, rounds: plan.rounds.map((round) => ({ ...round, votes: [] })) };
}

/** Reads the rows that messages meet, and writes what the plan says, in one transaction of at most four packets. */
export class ApplyTransaction {
  readonly #db: Database;
  // By connection, for a server that took the place of another one may count its turns differently.
  readonly #known = new WeakMap<Session, KnownFacts>();
  /** The last votes met earlier ones; only how the next ones are written depends on it, not what. */
  #expectsEarlier = false;

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
      session.later(lockStatements(shard, roundsOf(incoming)));
      const rows = await this.#readRows(session, shard, incoming);
      const ifAllAreNew = planApply(shard, incoming, rows);
      const met = await this.#meetVotes(session, rows, ifAllAreNew);
      const plan = met === null ? withoutVotes(ifAllAreNew) : planApply(shard, incoming, met);
      session.later(planStatements(shard, plan, now));
      return plan.applied;
    });
  }

  /**
   * The rows with the earlier votes of whoever votes; null where there are none, and the votes are inserted
   * (docs/decisions/0028-a-vote-is-inserted-before-an-earlier-one-is-looked-for.md).
   */
  async #meetVotes(session: Session, rows: Rows, plan: Plan): Promise<Rows | null> {
    const voting = plan.rounds.filter(({ votes }) => votes.length > 0);
    if (voting.length === 0) return null;
    if (!this.#expectsEarlier && (await insertVotes(session, voting))) return null;
    const rounds = new Map(rows.rounds);
    this.#expectsEarlier = false;
    for (const one of voting) {
      const votes = await earlierVotes(session, one);
      if (votes.size > 0) this.#expectsEarlier = true;
      const stored = rounds.get(one.round);
      if (stored !== undefined) rounds.set(one.round, { ...stored, votes });
    }
    return { ...rows, rounds };
  }

  /** The rows that messages meet, but for votes. */
  async #readRows(session: Session, shard: number, incoming: readonly Incoming[]): Promise<Rows> {
    const rounds = roundsOf(incoming);
    const questions = rounds.flatMap((round) => roundQuestions(shard, round, keysOf(round, incoming)));
    const [turns, setAside, ...answers] = (await session.ask([
      [{ sql: 'SELECT turn FROM identity', values: [] }],
      setAsideQuestion(incoming),
      ...questions,
    ])) as [{ turn: number }[], { digest: Buffer }[], ...object[][]];
    const found = new Map<string, RoundRows>();
    for (const [index, round] of rounds.entries()) {
      const facts = await this.#factsOf(session, round, turns[0]?.turn);
      const first = index * QUESTIONS_PER_ROUND;
      if (facts !== null) found.set(round, roundRows(facts, answers.slice(first, first + QUESTIONS_PER_ROUND)));
    }
    return { rounds: found, setAside: new Set(setAside.map(({ digest }) => digest.toString('hex'))) };
  }

  async #factsOf(session: Session, round: string, turn = -1): Promise<RoundFacts | null> {
    let known = this.#known.get(session);
    if (known?.turn !== turn) {
      known = { turn, facts: new Map() };
      this.#known.set(session, known);
    }
    let facts = known.facts.get(round);
    if (facts === undefined) {
      facts = await readFacts(session, round);
      known.facts.set(round, facts);
    }
    return facts;
  }
}

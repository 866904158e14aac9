import { type Incoming, readMessage } from '../apply/incoming.ts';
import { planApply, WHOLE_MESSAGE } from '../apply/plan.ts';
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
import { planStatements } from './plan-writer.ts';
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
function roundQuestions(shard: number, round: string, { batches, voters, ids }: RoundKeys): Statement[][] {
  return [
    [{ sql: 'SELECT log_size AS logSize FROM shards WHERE round = ? AND shard = ?', values: [round, shard] }],
    withKeys(
      'SELECT producer, shard, n, digest FROM batches WHERE round = ? AND (producer, shard, n) IN',
      [round],
      batches.map((batch) => [hexBytes(batch.producer), batch.shard, batch.n]),
    ),
    withKeys(
      'SELECT voter, choice, seq, producer, n, idx FROM votes FORCE INDEX (PRIMARY) WHERE round = ? AND voter IN',
      [round],
      voters.map((voter) => [tagBytes(voter)]),
    ),
    withKeys(
      'SELECT id, voter, choice, seq FROM vote_ids FORCE INDEX (PRIMARY) WHERE round = ? AND id IN',
      [round],
      ids.map((id) => [tagBytes(id)]),
    ),
  ];
}

function roundRows(facts: RoundFacts, answers: readonly (readonly object[])[]): RoundRows {
  const [shards, batches, votes, ids] = answers as [
    { logSize: number }[],
    { producer: Buffer; shard: number; n: number; digest: Buffer }[],
    (Omit<VoteRow, 'producer' | 'index'> & Record<'voter' | 'producer', Buffer> & { idx: number })[],
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
    votes: new Map(
      votes.map(({ voter, producer, idx, ...vote }) => {
        return [voter.toString('base64url'), { ...vote, producer: producer.toString('hex'), index: idx }];
      }),
    ),
    ids: new Map(
      ids.map(({ id, voter, ...row }) => [id.toString('base64url'), { ...row, voter: voter.toString('base64url') }]),
    ),
  };
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

/** Reads the rows that messages meet, and writes what the plan says, in one transaction of three packets. */
export class ApplyTransaction {
  readonly #db: Database;
  // By connection, for a server that took the place of another one may count its turns differently.
  readonly #known = new WeakMap<Session, KnownFacts>();

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
      const plan = planApply(shard, incoming, await this.#readRows(session, shard, incoming));
      session.later(planStatements(shard, plan, now));
      return plan.applied;
    });
  }

  /** The rows that messages meet. */
  async #readRows(session: Session, shard: number, incoming: readonly Incoming[]): Promise<Rows> {
    const [turns, setAside] = (await session.ask([
      [{ sql: 'SELECT turn FROM identity', values: [] }],
      setAsideQuestion(incoming),
    ])) as [{ turn: number }[], { digest: Buffer }[]];
    const found: [round: string, RoundFacts][] = [];
    for (const round of roundsOf(incoming)) {
      const facts = await this.#factsOf(session, round, turns[0]?.turn);
      if (facts !== null) found.push([round, facts]);
    }
    const questions = found.map(([round, facts]) =>
      roundQuestions(shard, round, keysOf(round, facts.policy, incoming)),
    );
    const answers = await session.ask(questions.flat());
    const perRound = questions[0]?.length ?? 0;
    return {
      rounds: new Map(
        found.map(([round, facts], index) => {
          return [round, roundRows(facts, answers.slice(index * perRound, (index + 1) * perRound))];
        }),
      ),
      setAside: new Set(setAside.map(({ digest }) => digest.toString('hex'))),
    };
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

import { type BasePoll, type Control, CONTROL_DELAY_MS, type Definition } from '@voteapp/contracts/definition';

import { type BaseOutcome, RoundRefused } from '../port.ts';
import {
  controlRefusal,
  definitionOf,
  editProblems,
  endedRoundProblem,
  isSameBase,
  type StoredRound,
} from '../rules.ts';
import type { Database } from './database.ts';
import type { Session } from './session.ts';
import { type Statement, withRows } from './statements.ts';

interface RoundRow {
  readonly round: Buffer;
  readonly closesSince: number;
  readonly closing: number;
  readonly final: number;
  readonly version: number;
  readonly revision: number;
  readonly base: string;
}

interface ControlRow extends Control {
  readonly round: Buffer;
  readonly version: number;
}

const SELECT_ROUNDS = `
  SELECT rounds.round, rounds.closes_since AS closesSince,
         EXISTS (SELECT 1 FROM markers WHERE markers.round = rounds.round) AS closing,
         EXISTS (SELECT 1 FROM finals WHERE finals.round = rounds.round) AS final,
         definitions.version, definitions.revision, definitions.base
  FROM rounds JOIN definitions
    ON definitions.version = (SELECT max(version) FROM definitions WHERE definitions.round = rounds.round)`;

const SELECT_CONTROLS = `
  SELECT round, version, action, holds_from AS at, written_by AS \`by\`, reason, title FROM control`;

const CURRENT = Symbol('the current round');
type Current = typeof CURRENT;
const LAST_ROUND = '(SELECT round FROM rounds ORDER BY position DESC LIMIT 1)';

function storedRound(row: RoundRow, controls: readonly ControlRow[]): StoredRound {
  return {
    base: JSON.parse(row.base) as BasePoll,
    revision: row.revision,
    controls,
    version: Math.max(row.version, controls.at(-1)?.version ?? 0),
    closesSince: row.closesSince,
    closing: row.closing === 1,
    final: row.final === 1,
  };
}

/** To {@link roundQuestions}. */
export type RoundAnswers = [readonly RoundRow[], readonly ControlRow[]];

/** {@link storedRoundOf} tells what the answers mean. */
export function roundQuestions(round: string | Current): Statement[][] {
  const [which, values] = round === CURRENT ? [LAST_ROUND, []] : ['?', [round]];
  return [
    [{ sql: `${SELECT_ROUNDS} WHERE rounds.round = ${which}`, values }],
    [{ sql: `${SELECT_CONTROLS} WHERE round = ${which} ORDER BY version`, values }],
  ];
}

/** null: no such round. */
export function storedRoundOf([[row], controls]: RoundAnswers): StoredRound | null {
  return row === undefined ? null : storedRound(row, controls);
}

async function currentRound(session: Session): Promise<StoredRound | null> {
  return storedRoundOf((await session.ask(roundQuestions(CURRENT))) as RoundAnswers);
}

/** null: no such round. Belongs inside a transaction. */
export async function findRound(session: Session, round: string): Promise<StoredRound | null> {
  return storedRoundOf((await session.ask(roundQuestions(round))) as RoundAnswers);
}

async function nextVersion(session: Session): Promise<number> {
  const [row] = await session.rows<{ version: number }>(
    `SELECT greatest(coalesce((SELECT max(version) FROM definitions), 0),
                     coalesce((SELECT max(version) FROM control), 0)) + 1 AS version`,
  );
  return row?.version ?? 1;
}

/** Remembers the version of a moved close: whoever judged by an earlier one cannot have known of it. */
async function noteClose(session: Session, before: StoredRound, version: number): Promise<Definition> {
  const stored = await findRound(session, before.base.round);
  if (stored === null) throw new Error(`The round ${before.base.round} has vanished`);
  const after = definitionOf(stored);
  if (after.closesAt !== definitionOf(before).closesAt) {
    await session.run('UPDATE rounds SET closes_since = ? WHERE round = ?', [version, after.round]);
  }
  return after;
}

async function writeBase(session: Session, revision: number, base: BasePoll, now: number): Promise<number> {
  const version = await nextVersion(session);
  await session.run('INSERT INTO definitions (version, round, revision, base, written_at) VALUES (?, ?, ?, ?, ?)', [
    version,
    base.round,
    revision,
    JSON.stringify(base),
    now,
  ]);
  return version;
}

async function writeControl(session: Session, stored: StoredRound, control: Omit<Control, 'at'>, now: number) {
  const { action, by, reason, title = null } = control;
  const version = await nextVersion(session);
  await session.run(
    `INSERT INTO control (version, round, action, holds_from, written_by, reason, title, written_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [version, stored.base.round, action, now + CONTROL_DELAY_MS, by, reason, title, now],
  );
  return await noteClose(session, stored, version);
}

async function startRound(session: Session, revision: number, base: BasePoll, now: number): Promise<void> {
  await session.run(
    'INSERT INTO rounds (round, position, closes_since) SELECT ?, coalesce(max(position), 0) + 1, ? FROM rounds',
    [base.round, await nextVersion(session)],
  );
  const shards = Array.from({ length: base.shards }, (_, shard) => [base.round, shard]);
  session.later(withRows('INSERT INTO shards (round, shard) VALUES', shards));
  await writeBase(session, revision, base, now);
}

async function closeFor(session: Session, nextRound: string, current: StoredRound, now: number): Promise<void> {
  const close = { action: 'close', by: 'voteapp', reason: `the round "${nextRound}" takes its place` } as const;
  if (controlRefusal(current, close, now + CONTROL_DELAY_MS) === null) await writeControl(session, current, close, now);
}

/** Rounds, their bases and the on-air actions over them. */
export class Definitions {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async current(): Promise<Definition | null> {
    const current = storedRoundOf((await this.#db.ask(roundQuestions(CURRENT))) as RoundAnswers);
    return current === null ? null : definitionOf(current);
  }

  /** Oldest first. */
  async all(): Promise<{ definition: Definition; final: boolean }[]> {
    const [rounds, controls] = (await this.#db.ask([
      [{ sql: `${SELECT_ROUNDS} ORDER BY rounds.position`, values: [] }],
      [{ sql: `${SELECT_CONTROLS} ORDER BY version`, values: [] }],
    ])) as RoundAnswers;
    const ofRound = Map.groupBy(controls, ({ round }) => round.toString());
    return rounds.map((row) => {
      const stored = storedRound(row, ofRound.get(row.round.toString()) ?? []);
      return { definition: definitionOf(stored), final: stored.final };
    });
  }

  putBase(revision: number, base: BasePoll, now: number): Promise<BaseOutcome> {
    return this.#db.writeAlone(async (session): Promise<BaseOutcome> => {
      const current = await currentRound(session);
      if (current !== null && revision <= current.revision) return { outcome: 'unchanged' };
      if (current?.base.round === base.round) return await this.#editRound(session, current, revision, base, now);
      if ((await findRound(session, base.round)) !== null) {
        return { outcome: 'refused', problems: [endedRoundProblem(base.round)] };
      }
      if (current !== null) await closeFor(session, base.round, current, now);
      await startRound(session, revision, base, now);
      return { outcome: 'written' };
    });
  }

  async #editRound(
    session: Session,
    current: StoredRound,
    revision: number,
    base: BasePoll,
    now: number,
  ): Promise<BaseOutcome> {
    const problems = editProblems(current, base);
    if (problems.length > 0) return { outcome: 'refused', problems };
    if (isSameBase(current.base, base)) {
      await session.run('UPDATE definitions SET revision = ? WHERE round = ? ORDER BY version DESC LIMIT 1', [
        revision,
        base.round,
      ]);
      return { outcome: 'unchanged' };
    }
    await noteClose(session, current, await writeBase(session, revision, base, now));
    return { outcome: 'written' };
  }

  addControl(control: Omit<Control, 'at'>, now: number): Promise<Definition> {
    return this.#db.writeAlone(async (session) => {
      const current = await currentRound(session);
      if (current === null) throw new RoundRefused('There is no poll yet: the worker writes it when it starts.');
      const refusal = controlRefusal(current, control, now + CONTROL_DELAY_MS);
      if (refusal !== null) throw new RoundRefused(refusal);
      return await writeControl(session, current, control, now);
    });
  }
}

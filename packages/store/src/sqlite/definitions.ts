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

/** Rounds, their bases and the on-air actions over them. */
export class Definitions {
  readonly #db: Database;
  readonly #statements;

  constructor(db: Database) {
    this.#db = db;
    this.#statements = {
      currentRound: db.prepare('SELECT round FROM rounds ORDER BY position DESC LIMIT 1'),
      rounds: db.prepare('SELECT round FROM rounds ORDER BY position'),
      round: db.prepare(
        `SELECT closes_since AS closesSince,
                EXISTS (SELECT 1 FROM markers WHERE markers.round = rounds.round) AS closing,
                EXISTS (SELECT 1 FROM finals WHERE finals.round = rounds.round) AS final
         FROM rounds WHERE round = ?`,
      ),
      base: db.prepare('SELECT version, revision, base FROM definitions WHERE round = ? ORDER BY version DESC LIMIT 1'),
      controls: db.prepare(
        `SELECT version, action, holds_from AS at, written_by AS "by", reason, title
         FROM control WHERE round = ? ORDER BY version`,
      ),
      nextVersion: db.prepare(
        `SELECT max(coalesce((SELECT max(version) FROM definitions), 0),
                    coalesce((SELECT max(version) FROM control), 0)) + 1 AS version`,
      ),
      addRound: db.prepare(
        'INSERT INTO rounds (round, position, closes_since) SELECT ?, coalesce(max(position), 0) + 1, ? FROM rounds',
      ),
      addShard: db.prepare('INSERT INTO shards (round, shard) VALUES (?, ?)'),
      addBase: db.prepare(
        'INSERT INTO definitions (version, round, revision, base, written_at) VALUES (?, ?, ?, ?, ?)',
      ),
      addControl: db.prepare(
        `INSERT INTO control (version, round, action, holds_from, written_by, reason, title, written_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      raiseRevision: db.prepare(
        `UPDATE definitions SET revision = ?
         WHERE version = (SELECT max(version) FROM definitions WHERE round = ?)`,
      ),
      closesSince: db.prepare('UPDATE rounds SET closes_since = ? WHERE round = ?'),
    };
  }

  /** null: no such round. Belongs inside a transaction. */
  find(round: string): StoredRound | null {
    const row = this.#statements.round.get(round);
    if (row === undefined) return null;
    const base = this.#statements.base.get(round) as { version: number; revision: number; base: string };
    const controls = this.#statements.controls.all(round) as unknown as (Control & { version: number })[];
    return {
      base: JSON.parse(base.base) as BasePoll,
      revision: base.revision,
      controls,
      version: Math.max(base.version, controls.at(-1)?.version ?? 0),
      closesSince: row['closesSince'] as number,
      closing: row['closing'] === 1,
      final: row['final'] === 1,
    };
  }

  #current(): StoredRound | null {
    const row = this.#statements.currentRound.get() as { round: string } | undefined;
    return row === undefined ? null : this.find(row.round);
  }

  current(): Definition | null {
    return this.#db.read(() => {
      const current = this.#current();
      return current === null ? null : definitionOf(current);
    });
  }

  /** Oldest first. */
  all(): { definition: Definition; final: boolean }[] {
    return this.#db.read(() =>
      (this.#statements.rounds.all() as { round: string }[]).flatMap(({ round }) => {
        const stored = this.find(round);
        return stored === null ? [] : [{ definition: definitionOf(stored), final: stored.final }];
      }),
    );
  }

  putBase(revision: number, base: BasePoll, now: number): BaseOutcome {
    return this.#db.write(() => {
      const current = this.#current();
      if (current !== null && revision <= current.revision) return { outcome: 'unchanged' };
      if (current?.base.round === base.round) return this.#editRound(current, revision, base, now);
      if (this.find(base.round) !== null) return { outcome: 'refused', problems: [endedRoundProblem(base.round)] };
      if (current !== null) this.#closeFor(base.round, current, now);
      this.#startRound(revision, base, now);
      return { outcome: 'written' };
    });
  }

  #editRound(current: StoredRound, revision: number, base: BasePoll, now: number): BaseOutcome {
    const problems = editProblems(current, base);
    if (problems.length > 0) return { outcome: 'refused', problems };
    if (isSameBase(current.base, base)) {
      this.#statements.raiseRevision.run(revision, base.round);
      return { outcome: 'unchanged' };
    }
    const version = this.#writeBase(revision, base, now);
    this.#noteClose(current, version);
    return { outcome: 'written' };
  }

  #startRound(revision: number, base: BasePoll, now: number): void {
    this.#statements.addRound.run(base.round, this.#nextVersion());
    for (let shard = 0; shard < base.shards; shard += 1) this.#statements.addShard.run(base.round, shard);
    this.#writeBase(revision, base, now);
  }

  #closeFor(nextRound: string, current: StoredRound, now: number): void {
    const close = { action: 'close', by: 'voteapp', reason: `the round "${nextRound}" takes its place` } as const;
    if (controlRefusal(current, close, now + CONTROL_DELAY_MS) === null) this.#writeControl(current, close, now);
  }

  addControl(control: Omit<Control, 'at'>, now: number): Definition {
    return this.#db.write(() => {
      const current = this.#current();
      if (current === null) throw new RoundRefused('There is no poll yet: the worker writes it when it starts.');
      const refusal = controlRefusal(current, control, now + CONTROL_DELAY_MS);
      if (refusal !== null) throw new RoundRefused(refusal);
      return this.#writeControl(current, control, now);
    });
  }

  #writeControl(stored: StoredRound, control: Omit<Control, 'at'>, now: number): Definition {
    const { action, by, reason, title = null } = control;
    const { round } = stored.base;
    const version = this.#nextVersion();
    this.#statements.addControl.run(version, round, action, now + CONTROL_DELAY_MS, by, reason, title, now);
    return this.#noteClose(stored, version);
  }

  #writeBase(revision: number, base: BasePoll, now: number): number {
    const version = this.#nextVersion();
    this.#statements.addBase.run(version, base.round, revision, JSON.stringify(base), now);
    return version;
  }

  /** Remembers the version of a moved close: whoever judged by an earlier one cannot have known of it. */
  #noteClose(before: StoredRound, version: number): Definition {
    const stored = this.find(before.base.round);
    if (stored === null) throw new Error(`The round ${before.base.round} has vanished`);
    const after = definitionOf(stored);
    if (after.closesAt !== definitionOf(before).closesAt) this.#statements.closesSince.run(version, after.round);
    return after;
  }

  #nextVersion(): number {
    const row = this.#statements.nextVersion.get() as { version: number };
    return row.version;
  }
}

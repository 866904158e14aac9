import { addRows, addVotes, differences, type Tally } from '../apply/recount.ts';
import type { CountDifference } from '../port.ts';
import type { Database } from './database.ts';
import type { Definitions } from './definitions.ts';
import type { Results } from './results.ts';

/** Rows that one call deletes of a table: others wait as long. */
const ROWS_PER_CALL = 5_000;

interface Counted {
  readonly choice: number;
  readonly votes: number;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** What is done to rounds beside the votes: proving their counters, deleting what is kept long enough. */
export class Upkeep {
  readonly #db: Database;
  readonly #definitions: Definitions;
  readonly #results: Results;
  readonly #statements;

  constructor(db: Database, definitions: Definitions, results: Results) {
    this.#db = db;
    this.#definitions = definitions;
    this.#results = results;
    this.#statements = {
      purged: db.prepare('SELECT 1 FROM purges WHERE round = ?'),
      voters: db.prepare('SELECT choice, count(*) AS votes FROM votes WHERE round = ? GROUP BY choice'),
      ids: db.prepare('SELECT choice, count(*) AS votes FROM vote_ids WHERE round = ? GROUP BY choice'),
      setAside: db.prepare('SELECT digest, idx FROM rejected WHERE round = ? AND idx >= 0'),
      batches: db.prepare('SELECT digest, body FROM batches WHERE round = ?'),
      finalAt: db.prepare('SELECT max(final_at) AS at FROM finals WHERE round = ?'),
      notePurge: db.prepare('INSERT INTO purges (round) VALUES (?) ON CONFLICT DO NOTHING'),
      deletions: [
        db.prepare(
          `DELETE FROM votes WHERE round = ?1 AND voter IN (SELECT voter FROM votes WHERE round = ?1 LIMIT ?2)`,
        ),
        db.prepare(
          `DELETE FROM vote_ids WHERE round = ?1 AND id IN (SELECT id FROM vote_ids WHERE round = ?1 LIMIT ?2)`,
        ),
        db.prepare(
          `UPDATE batches SET body = x'' WHERE rowid IN
             (SELECT rowid FROM batches WHERE round = ?1 AND length(body) > 0 LIMIT ?2)`,
        ),
        db.prepare(
          `UPDATE rejected SET body = NULL WHERE rowid IN
             (SELECT rowid FROM rejected WHERE round = ?1 AND body IS NOT NULL LIMIT ?2)`,
        ),
      ],
    };
  }

  recount(round: string): CountDifference[] | null {
    return this.#db.read(() => {
      const stored = this.#definitions.find(round);
      if (stored === null || this.#statements.purged.get(round) !== undefined) return null;
      const tally = stored.base.policy === 'Unlimited' ? this.#tallyOfBatches(round) : this.#tallyOfVoters(round);
      return differences(this.#results.numbers(stored).counts, tally);
    });
  }

  #tallyOfVoters(round: string): Tally {
    const tally: Tally = new Map();
    addRows(tally, this.#statements.voters.all(round) as unknown as Counted[]);
    return tally;
  }

  #tallyOfBatches(round: string): Tally {
    const tally: Tally = new Map();
    addRows(tally, this.#statements.ids.all(round) as unknown as Counted[]);
    const rejected = this.#statements.setAside.all(round) as { digest: Uint8Array; idx: number }[];
    const setAside = Map.groupBy(rejected, ({ digest }) => hex(digest));
    for (const row of this.#statements.batches.iterate(round)) {
      const { digest, body } = row as { digest: Uint8Array; body: Uint8Array };
      const entries = setAside.get(hex(digest)) ?? [];
      addVotes(tally, { body, setAside: new Set(entries.map(({ idx }) => idx)) });
    }
    return tally;
  }

  purge(round: string, before: number): boolean {
    return this.#db.write(() => {
      const { at } = this.#statements.finalAt.get(round) as { at: number | null };
      if (at === null || at >= before) return false;
      this.#statements.notePurge.run(round);
      const changes = this.#statements.deletions.map((deletion) => deletion.run(round, ROWS_PER_CALL).changes);
      return changes.includes(ROWS_PER_CALL);
    });
  }
}

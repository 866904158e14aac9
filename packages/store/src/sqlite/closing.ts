import { type ClosingState, type ProducerState, RoundRefused } from '../port.ts';
import { type BeatRow, producerStates } from '../producer-states.ts';
import type { Database } from './database.ts';
import type { Definitions } from './definitions.ts';
import type { Results } from './results.ts';

/** Markers, producers and `final`. */
export class Closing {
  readonly #db: Database;
  readonly #definitions: Definitions;
  readonly #results: Results;
  readonly #statements;

  constructor(db: Database, definitions: Definitions, results: Results) {
    this.#db = db;
    this.#definitions = definitions;
    this.#results = results;
    this.#statements = {
      markers: db.prepare(
        `SELECT marker, written_at AS at,
                (SELECT count(*) FROM marker_commits c
                 WHERE c.round = markers.round AND c.marker = markers.marker) AS shards
         FROM markers WHERE round = ? ORDER BY marker`,
      ),
      // A batch set aside whole is settled too: waiting for it would keep the round from ever being final.
      beats: db.prepare(
        `SELECT lower(hex(producer)) AS producer, shard, last, closed,
                committed_at AS committedAt, retired_at AS retiredAt,
                (SELECT count(*) FROM batches b
                 WHERE b.round = beats.round AND b.producer = beats.producer AND b.shard = beats.shard) +
                (SELECT count(DISTINCT r.n) FROM rejected r
                 WHERE r.idx = -1 AND r.round = beats.round AND r.producer = beats.producer AND r.shard = beats.shard
                   AND NOT EXISTS (SELECT 1 FROM batches b
                                   WHERE b.round = r.round AND b.producer = r.producer AND b.shard = r.shard
                                     AND b.n = r.n)) AS settled
         FROM beats WHERE round = ? ORDER BY producer, shard`,
      ),
      addMarker: db.prepare(
        `INSERT INTO markers (round, marker, written_at)
         SELECT ?, coalesce(max(marker), 0) + 1, ? FROM markers WHERE round = ?
         RETURNING marker`,
      ),
      retire: db.prepare(
        'UPDATE beats SET retired_at = ? WHERE retired_at IS NULL AND round NOT IN (SELECT round FROM finals)',
      ),
      finalize: db.prepare('INSERT INTO finals (round, version, tally, reason, final_at) VALUES (?, 1, ?, ?, ?)'),
    };
  }

  state(round: string): ClosingState {
    return this.#db.read(() => {
      const { base, final } = this.#known(round);
      const markers = this.#statements.markers.all(round) as { marker: number; at: number; shards: number }[];
      return {
        shards: base.shards,
        final,
        markers: markers.map(({ marker, at, shards }) => ({ marker, at, committed: shards === base.shards })),
        producers: this.#producers(round),
      };
    });
  }

  #known(round: string) {
    const stored = this.#definitions.find(round);
    if (stored === null) throw new RoundRefused(`There is no round "${round}".`);
    return stored;
  }

  #producers(round: string): ProducerState[] {
    const rows = this.#statements.beats.all(round) as unknown as BeatRow[];
    return producerStates(rows);
  }

  addMarker(round: string, now: number): number {
    return this.#db.write(() => {
      this.#known(round);
      const row = this.#statements.addMarker.get(round, now, round) as { marker: number };
      return row.marker;
    });
  }

  retireProducers(now: number): void {
    this.#db.write(() => this.#statements.retire.run(now));
  }

  finalize(round: string, now: number, reason?: string): void {
    this.#db.write(() => {
      const stored = this.#known(round);
      if (stored.final) return;
      this.#statements.finalize.run(round, JSON.stringify(this.#results.tally(stored)), reason ?? null, now);
    });
  }
}

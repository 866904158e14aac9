import { type ClosingState, type ProducerState, RoundRefused } from '../port.ts';
import { type BeatRow, producerStates } from '../producer-states.ts';
import type { StoredRound } from '../rules.ts';
import type { Database } from './database.ts';
import { findRound } from './definitions.ts';
import { tallyOf } from './results.ts';
import type { Session } from './session.ts';

async function known(session: Session, round: string): Promise<StoredRound> {
  const stored = await findRound(session, round);
  if (stored === null) throw new RoundRefused(`There is no round "${round}".`);
  return stored;
}

async function producersOf(session: Session, round: string): Promise<ProducerState[]> {
  // A batch set aside whole is settled too: waiting for it would keep the round from ever being final.
  const rows = await session.rows<Omit<BeatRow, 'producer'> & { producer: Buffer }>(
    `SELECT producer, shard, last, closed, committed_at AS committedAt, retired_at AS retiredAt,
            (SELECT count(*) FROM batches AS b
             WHERE b.round = beats.round AND b.producer = beats.producer AND b.shard = beats.shard) +
            (SELECT count(DISTINCT r.n) FROM rejected AS r
             WHERE r.idx = -1 AND r.round = beats.round AND r.producer = beats.producer AND r.shard = beats.shard
               AND NOT EXISTS (SELECT 1 FROM batches AS b
                               WHERE b.round = r.round AND b.producer = r.producer AND b.shard = r.shard
                                 AND b.n = r.n)) AS settled
     FROM beats WHERE round = ? ORDER BY producer, shard`,
    [round],
  );
  return producerStates(rows.map((row) => ({ ...row, producer: row.producer.toString('hex') })));
}

/** Markers, producers and `final`. */
export class Closing {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  state(round: string): Promise<ClosingState> {
    return this.#db.read(async (session) => {
      const { base, final } = await known(session, round);
      const markers = await session.rows<{ marker: number; at: number; shards: number }>(
        `SELECT marker, written_at AS at,
                (SELECT count(*) FROM marker_commits AS c
                 WHERE c.round = markers.round AND c.marker = markers.marker) AS shards
         FROM markers WHERE round = ? ORDER BY marker`,
        [round],
      );
      return {
        shards: base.shards,
        final,
        markers: markers.map(({ marker, at, shards }) => ({ marker, at, committed: shards === base.shards })),
        producers: await producersOf(session, round),
      };
    });
  }

  addMarker(round: string, now: number): Promise<number> {
    return this.#db.writeAlone(async (session) => {
      await known(session, round);
      const [row] = await session.rows<{ marker: number }>(
        'SELECT coalesce(max(marker), 0) + 1 AS marker FROM markers WHERE round = ?',
        [round],
      );
      const marker = row?.marker ?? 1;
      await session.run('INSERT INTO markers (round, marker, written_at) VALUES (?, ?, ?)', [round, marker, now]);
      return marker;
    });
  }

  async retireProducers(now: number): Promise<void> {
    await this.#db.writeAlone((session) =>
      session.run(
        'UPDATE beats SET retired_at = ? WHERE retired_at IS NULL AND round NOT IN (SELECT round FROM finals)',
        [now],
      ),
    );
  }

  async finalize(round: string, now: number, reason?: string): Promise<void> {
    await this.#db.writeAlone(async (session) => {
      const stored = await known(session, round);
      if (stored.final) return;
      // Whoever applies votes holds its shard's row: what it commits is in the tally, or finds the round final.
      await session.run('UPDATE shards SET turn = turn + 1 WHERE round = ?', [round]);
      await session.run('INSERT INTO finals (round, version, tally, reason, final_at) VALUES (?, 1, ?, ?, ?)', [
        round,
        JSON.stringify(await tallyOf(session, stored)),
        reason ?? null,
        now,
      ]);
    });
  }
}

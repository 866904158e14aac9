import { type Incoming, readMessage } from '../apply/incoming.ts';
import { type Plan, planApply, WHOLE_MESSAGE, type RejectedRow } from '../apply/plan.ts';
import type { RoundPlan } from '../apply/round-ledger.ts';
import {
  batchKey,
  type IdRow,
  keysOf,
  type RoundFacts,
  type RoundKeys,
  type RoundRows,
  roundsOf,
  type Rows,
  type VoteRow,
  votersOf,
} from '../apply/rows.ts';
import type { Applied } from '../port.ts';
import { definitionOf } from '../rules.ts';
import type { Database } from './database.ts';
import type { Definitions } from './definitions.ts';

function tagBytes(tag: string): Buffer {
  return Buffer.from(tag, 'base64url');
}

function hexBytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function text(bytes: Uint8Array, encoding: 'hex' | 'base64url'): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding);
}

/** Reads the rows that messages meet, and writes what the plan says, in one transaction. */
export class ApplyTransaction {
  readonly #db: Database;
  readonly #definitions: Definitions;
  readonly #read;
  readonly #write;

  constructor(db: Database, definitions: Definitions) {
    this.#db = db;
    this.#definitions = definitions;
    this.#read = {
      logSize: db.prepare('SELECT log_size AS logSize FROM shards WHERE round = ? AND shard = ?'),
      batch: db.prepare('SELECT digest FROM batches WHERE round = ? AND producer = ? AND shard = ? AND n = ?'),
      vote: db.prepare('SELECT choice, seq, producer, n, idx AS "index" FROM votes WHERE round = ? AND voter = ?'),
      id: db.prepare('SELECT voter, choice, seq FROM vote_ids WHERE round = ? AND id = ?'),
      setAside: db.prepare(`SELECT 1 FROM rejected WHERE digest = ? AND idx = ${WHOLE_MESSAGE}`),
    };
    this.#write = {
      totals: db.prepare(
        `INSERT INTO shards (round, shard, accepted, duplicates, rejected, late, log_size) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (round, shard) DO UPDATE SET
           accepted = accepted + excluded.accepted, duplicates = duplicates + excluded.duplicates,
           rejected = rejected + excluded.rejected, late = late + excluded.late,
           log_size = log_size + excluded.log_size`,
      ),
      batch: db.prepare(
        `INSERT INTO batches
           (round, producer, shard, n, log_index, accepted, duplicates, rejected, digest, body, committed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      vote: db.prepare(
        `INSERT INTO votes (round, voter, choice, seq, producer, n, idx) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (round, voter) DO UPDATE SET
           choice = excluded.choice, seq = excluded.seq, producer = excluded.producer, n = excluded.n,
           idx = excluded.idx`,
      ),
      id: db.prepare('INSERT INTO vote_ids (round, id, voter, choice, seq) VALUES (?, ?, ?, ?, ?)'),
      count: db.prepare(
        `INSERT INTO counts (round, shard, choice, votes, "cast") VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (round, shard, choice) DO UPDATE SET
           votes = votes + excluded.votes, "cast" = "cast" + excluded."cast"`,
      ),
      minute: db.prepare(
        `INSERT INTO minute_counts (round, minute, shard, choice, "cast") VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (round, minute, shard, choice) DO UPDATE SET "cast" = "cast" + excluded."cast"`,
      ),
      rejected: db.prepare(
        `INSERT INTO rejected (digest, idx, round, shard, producer, n, reason, detail, entries, body, rejected_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      beat: db.prepare(
        `INSERT INTO beats (round, producer, shard, beat, def, last, clock, closed, refused, committed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (round, producer, shard) DO UPDATE SET
           beat = excluded.beat, def = excluded.def, last = excluded.last, clock = excluded.clock,
           closed = excluded.closed, refused = excluded.refused, committed_at = excluded.committed_at
         WHERE excluded.beat > beats.beat`,
      ),
      marker: db.prepare('INSERT INTO marker_commits (round, marker, shard) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    };
  }

  apply(shard: number, bodies: readonly Uint8Array[], now: number): Applied {
    return this.#commit(shard, bodies.map(readMessage), now);
  }

  /** Sets a message aside whole, unless it has been handled before. */
  reject(shard: number, body: Uint8Array, fault: NonNullable<Incoming['fault']>, now: number): void {
    this.#commit(shard, [{ ...readMessage(body), fault }], now);
  }

  #commit(shard: number, incoming: readonly Incoming[], now: number): Applied {
    return this.#db.write(() => {
      const plan = planApply(shard, incoming, this.#rows(shard, incoming));
      this.#store(shard, plan, now);
      return plan.applied;
    });
  }

  #rows(shard: number, incoming: readonly Incoming[]): Rows {
    const rounds = new Map<string, RoundRows>();
    for (const round of roundsOf(incoming)) {
      const facts = this.#facts(round);
      if (facts !== null) rounds.set(round, this.#roundRows(round, shard, facts, incoming));
    }
    const setAside = incoming.filter(({ digest }) => this.#read.setAside.get(hexBytes(digest)) !== undefined);
    return { rounds, setAside: new Set(setAside.map(({ digest }) => digest)) };
  }

  #facts(round: string): RoundFacts | null {
    const stored = this.#definitions.find(round);
    if (stored === null) return null;
    const { policy, shards, options, closesAt } = definitionOf(stored);
    return { policy, shards, options: options.length, closesAt, closesSince: stored.closesSince, final: stored.final };
  }

  #roundRows(round: string, shard: number, facts: RoundFacts, incoming: readonly Incoming[]): RoundRows {
    const keys = keysOf(round, incoming);
    const log = this.#read.logSize.get(round, shard) as { logSize: number } | undefined;
    return {
      facts,
      logSize: log?.logSize ?? 0,
      batches: this.#batches(round, keys),
      votes: this.#votes(round, facts.policy === 'Unlimited' ? [] : votersOf(round, incoming)),
      ids: this.#ids(round, keys),
    };
  }

  #batches(round: string, { batches }: RoundKeys): Map<string, string> {
    const digests = new Map<string, string>();
    for (const name of batches) {
      const row = this.#read.batch.get(round, hexBytes(name.producer), name.shard, name.n) as
        | { digest: Uint8Array }
        | undefined;
      if (row !== undefined) digests.set(batchKey(name), text(row.digest, 'hex'));
    }
    return digests;
  }

  #votes(round: string, voters: readonly string[]): Map<string, VoteRow> {
    const votes = new Map<string, VoteRow>();
    for (const voter of voters) {
      const row = this.#read.vote.get(round, tagBytes(voter)) as
        | (Omit<VoteRow, 'producer'> & { producer: Uint8Array })
        | undefined;
      if (row !== undefined) votes.set(voter, { ...row, producer: text(row.producer, 'hex') });
    }
    return votes;
  }

  #ids(round: string, { ids }: RoundKeys): Map<string, IdRow> {
    const rows = new Map<string, IdRow>();
    for (const id of ids) {
      const row = this.#read.id.get(round, tagBytes(id)) as (Omit<IdRow, 'voter'> & { voter: Uint8Array }) | undefined;
      if (row !== undefined) rows.set(id, { ...row, voter: text(row.voter, 'base64url') });
    }
    return rows;
  }

  #store(shard: number, { rounds, rejected }: Plan, now: number): void {
    for (const plan of rounds) {
      this.#storeLog(shard, plan, now);
      this.#storeVotes(shard, plan);
      this.#storeSigns(shard, plan, now);
    }
    for (const row of rejected) this.#storeRejected(row, now);
  }

  #storeLog(shard: number, { round, totals, batches }: RoundPlan, now: number): void {
    if (totals.accepted > 0 || totals.batches > 0) {
      const { accepted, duplicates, rejected, late } = totals;
      this.#write.totals.run(round, shard, accepted, duplicates, rejected, late, totals.batches);
    }
    for (const { producer, n, logIndex, accepted, duplicates, rejected, digest, body } of batches) {
      const name = [round, hexBytes(producer), shard, n] as const;
      this.#write.batch.run(...name, logIndex, accepted, duplicates, rejected, hexBytes(digest), body, now);
    }
  }

  #storeVotes(shard: number, { round, votes, ids, counts, minutes }: RoundPlan): void {
    for (const { voter, choice, seq, producer, n, index } of votes) {
      this.#write.vote.run(round, tagBytes(voter), choice, seq, hexBytes(producer), n, index);
    }
    for (const { id, voter, choice, seq } of ids) {
      this.#write.id.run(round, tagBytes(id), tagBytes(voter), choice, seq);
    }
    for (const { choice, votes: inTally, cast } of counts) this.#write.count.run(round, shard, choice, inTally, cast);
    for (const { minute, choice, cast } of minutes) this.#write.minute.run(round, minute, shard, choice, cast);
  }

  #storeSigns(shard: number, { round, beats, markers }: RoundPlan, now: number): void {
    for (const { producer, def, beat } of beats) {
      const { b, last, clock, closed, refused } = beat;
      const key = [round, hexBytes(producer), shard] as const;
      this.#write.beat.run(...key, b, def, last, clock, closed ? 1 : 0, JSON.stringify(refused), now);
    }
    for (const marker of markers) this.#write.marker.run(round, marker, shard);
  }

  #storeRejected(row: RejectedRow, now: number): void {
    const { digest, index, round, shard, producer, n, reason, detail, entries, body } = row;
    const maker = producer === null ? null : hexBytes(producer);
    this.#write.rejected.run(hexBytes(digest), index, round, shard, maker, n, reason, detail, entries, body, now);
  }
}

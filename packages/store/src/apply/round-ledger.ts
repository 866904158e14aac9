import { minuteOf, SEQ_PER_MS, type Beat, type VoteEntry, type VotesMessage } from '@voteapp/contracts/message';
import type { Policy } from '@voteapp/contracts/poll';
import { shardOf } from '@voteapp/contracts/voter-tag';

import type { Fault, Incoming } from './incoming.ts';
import { batchKey, type IdRow, type RoundFacts, type RoundRows, type VoteRow } from './rows.ts';

export interface BatchRow {
  readonly producer: string;
  readonly n: number;
  /** Position among the batches of the round's shard: 1, 2, … */
  readonly logIndex: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly digest: string;
  readonly body: Uint8Array;
}

export interface BeatRow {
  readonly producer: string;
  readonly def: number;
  readonly beat: Beat;
}

/** What is to be written for one round and shard. Numbers are to be added, rows to be stored as they are. */
export interface RoundPlan {
  readonly round: string;
  readonly totals: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: number;
    readonly late: number;
    readonly batches: number;
  };
  readonly batches: readonly BatchRow[];
  /** By voter, sorted; each replaces the voter's stored vote. */
  readonly votes: readonly (VoteRow & { readonly voter: string })[];
  /** New ids, sorted. */
  readonly ids: readonly (IdRow & { readonly id: string })[];
  /** By option: votes in the tally (may be negative), and votes applied. */
  readonly counts: readonly { readonly choice: number; readonly votes: number; readonly cast: number }[];
  readonly minutes: readonly { readonly minute: number; readonly choice: number; readonly cast: number }[];
  /** At most one per producer; counts only if `b` is above the stored one. */
  readonly beats: readonly BeatRow[];
  readonly markers: readonly number[];
}

/** One entry of a batch that is set aside alone. */
export interface EntryFault extends Fault {
  readonly index: number;
}

/** Positive when `a` comes after `b` in the order of a voter's votes. */
function compareVotes(a: VoteRow, b: VoteRow): number {
  if (a.seq !== b.seq) return a.seq - b.seq;
  if (a.producer !== b.producer) return a.producer < b.producer ? -1 : 1;
  return a.n !== b.n ? a.n - b.n : a.index - b.index;
}

function outweighs(policy: Exclude<Policy, 'Unlimited'>, vote: VoteRow, stored: VoteRow): boolean {
  const order = compareVotes(vote, stored);
  return policy === 'LastVoteWins' ? order > 0 : order < 0;
}

function byKey<Row>(rows: ReadonlyMap<string, Row>): [string, Row][] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Follows one round through a transaction: stored rows, changed by the messages applied so far. */
export class RoundLedger {
  readonly facts: RoundFacts;
  readonly #round: string;
  readonly #shard: number;
  readonly #rows: RoundRows;
  readonly #totals = { accepted: 0, duplicates: 0, rejected: 0, late: 0 };
  readonly #batches: BatchRow[] = [];
  readonly #digests = new Map<string, string>();
  readonly #votes = new Map<string, VoteRow>();
  readonly #ids = new Map<string, IdRow>();
  readonly #counts: { votes: number; cast: number }[];
  readonly #minutes = new Map<number, number[]>();
  readonly #beats = new Map<string, BeatRow>();
  readonly #markers = new Set<number>();

  constructor(round: string, shard: number, rows: RoundRows) {
    this.facts = rows.facts;
    this.#round = round;
    this.#shard = shard;
    this.#rows = rows;
    this.#counts = Array.from({ length: rows.facts.options }, () => ({ votes: 0, cast: 0 }));
  }

  /** The digest under which a batch of this name is committed. */
  digestOf(message: VotesMessage): string | undefined {
    const key = batchKey(message);
    return this.#digests.get(key) ?? this.#rows.batches.get(key);
  }

  /** Counts the entries of a message that is set aside whole. */
  setAside(entries: number): void {
    this.#totals.accepted += entries;
    this.#totals.rejected += entries;
  }

  /** Applies a batch that is not committed yet; returns its entries that are not votes of this round and shard. */
  commit({ body, digest }: Incoming, message: VotesMessage): EntryFault[] {
    const { producer, n, votes } = message;
    const faults: EntryFault[] = [];
    let duplicates = 0;
    votes.forEach((entry, index) => {
      const outcome = entry === null ? NOT_A_VOTE : this.#apply(entry, index, message);
      if (outcome === 'duplicate') duplicates += 1;
      else if (outcome !== 'cast') faults.push({ ...outcome, index });
    });
    const numbers = { accepted: votes.length, duplicates, rejected: faults.length };
    const logIndex = this.#rows.logSize + this.#batches.length + 1;
    this.#batches.push({ producer, n, logIndex, ...numbers, digest, body });
    this.#digests.set(batchKey(message), digest);
    this.#totals.accepted += numbers.accepted;
    this.#totals.duplicates += numbers.duplicates;
    this.#totals.rejected += numbers.rejected;
    return faults;
  }

  #apply(entry: VoteEntry, index: number, { def, producer, n }: VotesMessage): 'cast' | 'duplicate' | Fault {
    const [voter, choice, seq, id] = entry;
    const fault = this.#faultOf(voter, choice);
    if (fault !== null) return fault;
    if (id !== undefined) {
      const first = this.#ids.get(id) ?? this.#rows.ids.get(id);
      if (first !== undefined) return repeated(first, voter, choice);
      this.#ids.set(id, { voter, choice, seq });
    }
    this.#countCast(choice, seq, def);
    this.#countVote(voter, { choice, seq, producer, n, index });
    return 'cast';
  }

  #faultOf(voter: string, choice: number): Fault | null {
    const { options, shards } = this.facts;
    if (choice >= options) {
      return { reason: 'unknown_option', detail: `names option ${choice} of a round that has ${options}` };
    }
    const shard = shards === 1 ? 0 : shardOf(voter, shards);
    return shard === this.#shard ? null : { reason: 'wrong_shard', detail: `the voter belongs to shard ${shard}` };
  }

  #countCast(choice: number, seq: number, def: number): void {
    this.#add(choice, 0, 1);
    const minute = minuteOf(seq);
    let cast = this.#minutes.get(minute);
    if (cast === undefined) {
      cast = this.#counts.map(() => 0);
      this.#minutes.set(minute, cast);
    }
    cast[choice] = (cast[choice] ?? 0) + 1;
    const { closesAt, closesSince } = this.facts;
    if (closesAt !== null && seq / SEQ_PER_MS >= closesAt && def < closesSince) this.#totals.late += 1;
  }

  #countVote(voter: string, vote: VoteRow): void {
    const { policy } = this.facts;
    if (policy === 'Unlimited') {
      this.#add(vote.choice, 1, 0);
      return;
    }
    const stored = this.#votes.get(voter) ?? this.#rows.votes.get(voter);
    if (stored !== undefined) {
      if (!outweighs(policy, vote, stored)) return;
      this.#add(stored.choice, -1, 0);
    }
    this.#add(vote.choice, 1, 0);
    this.#votes.set(voter, vote);
  }

  #add(choice: number, votes: number, cast: number): void {
    const count = this.#counts[choice];
    if (count === undefined) throw new RangeError(`The round ${this.#round} has no option ${choice}`);
    count.votes += votes;
    count.cast += cast;
  }

  beat(row: BeatRow): void {
    const seen = this.#beats.get(row.producer);
    if (seen === undefined || row.beat.b > seen.beat.b) this.#beats.set(row.producer, row);
  }

  marker(marker: number): void {
    this.#markers.add(marker);
  }

  plan(): RoundPlan {
    return {
      round: this.#round,
      totals: { ...this.#totals, batches: this.#batches.length },
      batches: this.#batches,
      votes: byKey(this.#votes).map(([voter, vote]) => ({ voter, ...vote })),
      ids: byKey(this.#ids).map(([id, row]) => ({ id, ...row })),
      counts: this.#counts
        .map((count, choice) => ({ choice, ...count }))
        .filter(({ votes, cast }) => votes !== 0 || cast !== 0),
      minutes: [...this.#minutes].flatMap(([minute, counts]) =>
        counts.map((cast, choice) => ({ minute, choice, cast })).filter(({ cast }) => cast > 0),
      ),
      beats: [...this.#beats.values()],
      markers: [...this.#markers],
    };
  }
}

const NOT_A_VOTE: Fault = {
  reason: 'malformed_entry',
  detail: 'is not [tag, option, seq] or [tag, option, seq, id tag]',
};

function repeated(first: IdRow, voter: string, choice: number): 'duplicate' | Fault {
  if (first.voter !== voter) return { reason: 'id_conflict', detail: 'its id was applied for another voter' };
  if (first.choice !== choice) {
    return { reason: 'id_conflict', detail: `its id was applied for option ${first.choice}, not ${choice}` };
  }
  return 'duplicate';
}

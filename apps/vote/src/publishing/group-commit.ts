import { randomBytes } from 'node:crypto';

import { RequestError } from '@voteapp/contracts/errors';
import { encodeVotes, MAX_BATCH_BYTES, MAX_BATCH_VOTES } from '@voteapp/contracts/message';

/** An unconfirmed batch is given up on after this; its voters are told to try again. */
const CONFIRM_TIMEOUT_MS = 1_500;
/** How often a batch that was given up on is sent again. */
const PROBE_INTERVAL_MS = 1_000;
/** A vote that has waited longer is refused before it is published. */
const MAX_VOTE_AGE_MS = 2_000;
/** How long after a batch the next one goes, whether or not that one is confirmed. */
const SPACING_MS = 12;
/** So many votes go sooner, once nothing is in flight: a message's own cost is small beside theirs. */
const MANY_VOTES = 64;
const MAX_IN_FLIGHT = 4;
/** More than the JSON of a message without its entries takes. */
const ENVELOPE_BYTES = 512;

export interface BatchLimits {
  readonly votes: number;
  readonly bytes: number;
}

/** A vote on its way to a batch, which is told once what became of it, by a call that must not throw. */
export interface PendingVote {
  /** By `encodeEntry`. */
  readonly entry: string;
  /** The definition version it was judged by. */
  readonly def: number;
  /** ms */
  readonly arrival: number;
  /** It is durable. */
  stored(place: Placement): void;
  /** With `queue_unavailable`: it may have been published. */
  refused(refusal: RequestError): void;
}

/** Where a stored vote is: the `index`-th (from 0) of batch `n`. */
export interface Placement {
  readonly n: number;
  readonly index: number;
}

export interface GroupCommitDeps {
  readonly round: string;
  readonly producer: string;
  readonly shard: number;
  /** Resolves when the message is durable and its producer may still answer for it. */
  readonly publish: (body: Buffer, votes: number) => Promise<void>;
  readonly now: () => number;
  readonly maxPending: number;
  /** Told of each confirmed batch: its votes, and how long the confirm took in ms. */
  readonly onConfirmed: (votes: number, ms: number) => void;
  readonly limits?: BatchLimits;
}

interface Batch {
  readonly n: number;
  /** Sent again byte for byte until it is confirmed. */
  readonly body: Buffer;
  readonly votes: readonly PendingVote[];
  readonly sentAt: number;
  readonly timeout: NodeJS.Timeout;
}

/** Rejects them with one error: thousands may be refused in one turn, and each stack trace costs. */
function refuse(votes: readonly PendingVote[]): void {
  if (votes.length === 0) return;
  const refusal = new RequestError('queue_unavailable');
  for (const vote of votes) vote.refused(refusal);
}

/**
 * The batches of one producer on one shard. A batch goes 12 ms after the one before it; sooner when it is full, or has
 * 64 votes and nothing is in flight. A batch that is not confirmed in time opens the breaker: votes are refused at once
 * until that same batch, sent again each second, is confirmed.
 */
export class GroupCommit {
  readonly #deps: GroupCommitDeps;
  readonly #limits: BatchLimits;
  readonly #inFlight = new Set<Batch>();
  /** Batches that were given up on and must still arrive, for `n` has no gaps; the breaker is open while there are. */
  readonly #overdue = new Set<Batch>();
  #pending: PendingVote[] = [];
  #pendingBytes = 0;
  #last = 0;
  #held = false;
  #dropped = false;
  #turn: NodeJS.Immediate | undefined;
  /** Runs while the last batch is too recent for a small one to follow. */
  #spacing: NodeJS.Timeout | undefined;
  #probe: NodeJS.Timeout | undefined;

  constructor(deps: GroupCommitDeps) {
    this.#deps = deps;
    this.#limits = deps.limits ?? { votes: MAX_BATCH_VOTES, bytes: MAX_BATCH_BYTES };
  }

  /** The highest batch number given out; 0: none. */
  get last(): number {
    return this.#last;
  }

  get pending(): number {
    return this.#pending.length;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get breakerOpen(): boolean {
    return this.#overdue.size > 0;
  }

  /** True when every vote it took is confirmed or refused, and every batch confirmed. */
  get idle(): boolean {
    return this.#pending.length === 0 && this.#inFlight.size === 0 && this.#overdue.size === 0;
  }

  add(vote: PendingVote): void {
    if (this.#dropped || this.breakerOpen || this.#pending.length >= this.#deps.maxPending) {
      refuse([vote]);
      return;
    }
    this.#pending.push(vote);
    this.#pendingBytes += vote.entry.length + 1;
    this.#schedule();
  }

  /** Collects only, until {@link release}. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#send();
  }

  /** Refuses the votes that have waited too long. */
  refuseOld(): void {
    const limit = this.#deps.now() - MAX_VOTE_AGE_MS;
    const young = this.#pending.findIndex(({ arrival }) => arrival >= limit);
    refuse(this.#take(young === -1 ? this.#pending.length : young));
  }

  /** Refuses every vote that is not confirmed, and sends nothing any more. */
  drop(): void {
    this.#dropped = true;
    clearImmediate(this.#turn);
    clearTimeout(this.#spacing);
    clearTimeout(this.#probe);
    for (const { timeout } of this.#inFlight) clearTimeout(timeout);
    refuse([...this.#inFlight].flatMap(({ votes }) => votes));
    refuse(this.#take(this.#pending.length));
    this.#inFlight.clear();
    this.#overdue.clear();
  }

  #take(count: number): PendingVote[] {
    const taken = this.#pending.splice(0, count);
    for (const { entry } of taken) this.#pendingBytes -= entry.length + 1;
    return taken;
  }

  /** As many of the pending votes as one message holds; all were judged by the same definition version. */
  #takeBatch(): PendingVote[] {
    const def = this.#pending[0]?.def;
    let room = this.#limits.bytes - ENVELOPE_BYTES;
    let count = 0;
    for (const vote of this.#pending) {
      room -= vote.entry.length + 1;
      if (vote.def !== def || count === this.#limits.votes || (room < 0 && count > 0)) break;
      count += 1;
    }
    return this.#take(count);
  }

  get #full(): boolean {
    return this.#pending.length >= this.#limits.votes || this.#pendingBytes >= this.#limits.bytes - ENVELOPE_BYTES;
  }

  #schedule(): void {
    if (this.#turn !== undefined || !this.#mayOpenBatch()) return;
    // Votes that arrive in the same turn of the event loop share a batch.
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#send();
    });
  }

  #mayOpenBatch(): boolean {
    if (this.#held || this.#dropped || this.breakerOpen || this.#pending.length === 0) return false;
    if (this.#inFlight.size === 0 && this.#pending.length >= MANY_VOTES) return true;
    return this.#inFlight.size < MAX_IN_FLIGHT && (this.#full || this.#spacing === undefined);
  }

  #send(): void {
    this.refuseOld();
    while (this.#mayOpenBatch()) this.#open(this.#takeBatch());
  }

  #open(votes: readonly PendingVote[]): void {
    const { round, producer, shard, now } = this.#deps;
    this.#last += 1;
    const head = { round, def: votes[0]?.def ?? 0, producer, shard, n: this.#last };
    const nonce = randomBytes(16).toString('base64url');
    const batch: Batch = {
      n: this.#last,
      body: encodeVotes(
        { ...head, nonce },
        votes.map(({ entry }) => entry),
      ),
      votes,
      sentAt: now(),
      timeout: setTimeout(() => this.#giveUp(batch), CONFIRM_TIMEOUT_MS),
    };
    this.#inFlight.add(batch);
    clearTimeout(this.#spacing);
    this.#spacing = setTimeout(() => {
      this.#spacing = undefined;
      this.#send();
    }, SPACING_MS);
    this.#attempt(batch);
  }

  #attempt(batch: Batch): void {
    this.#deps.publish(batch.body, batch.votes.length).then(
      () => this.#confirm(batch),
      () => this.#giveUp(batch),
    );
  }

  /** Any attempt's confirm will do, also one that comes after the batch was given up on. */
  #confirm(batch: Batch): void {
    const inTime = this.#inFlight.delete(batch);
    if (inTime) {
      clearTimeout(batch.timeout);
      this.#deps.onConfirmed(batch.votes.length, this.#deps.now() - batch.sentAt);
    } else if (this.#overdue.delete(batch)) {
      clearTimeout(this.#probe);
      this.#probeNext();
    }
    // The broker has the next batch before the answers of this one take their time.
    this.#send();
    if (inTime) batch.votes.forEach((vote, index) => vote.stored({ n: batch.n, index }));
  }

  #giveUp(batch: Batch): void {
    if (!this.#inFlight.delete(batch)) return;
    clearTimeout(batch.timeout);
    this.#overdue.add(batch);
    refuse(batch.votes);
    refuse(this.#take(this.#pending.length));
    this.#probe ??= setTimeout(() => this.#probeNext(), PROBE_INTERVAL_MS);
  }

  #probeNext(): void {
    this.#probe = undefined;
    const [batch] = this.#overdue;
    if (batch === undefined) return;
    this.#probe = setTimeout(() => this.#probeNext(), PROBE_INTERVAL_MS);
    this.#attempt(batch);
  }
}

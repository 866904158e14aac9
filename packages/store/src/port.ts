import type { BasePoll, Control, Definition, Problem } from '@voteapp/contracts/definition';
import type { RejectReason } from '@voteapp/contracts/message';

/** The store cannot be reached or does not answer; the same call may succeed later. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The store belongs to another app: nothing was changed. */
export class StoreOwnedByOther extends Error {
  override readonly name = 'StoreOwnedByOther';
}

/** An on-air action or an edit that the round's state forbids; the text is a sentence for its author. */
export class RoundRefused extends Error {
  override readonly name = 'RoundRefused';
}

/**
 * What one transaction added; messages handled before add nothing. Always accepted = cast + duplicates + the sum of
 * `rejected`, which counts entries by reason, those of a message set aside whole included. Bytes that cannot be read
 * count as one entry, beats and markers as none.
 */
export interface Applied {
  /** Batches committed. */
  readonly batches: number;
  readonly accepted: number;
  readonly cast: number;
  readonly duplicates: number;
  readonly late: number;
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
}

export type BaseOutcome =
  | { readonly outcome: 'written' | 'unchanged' }
  | { readonly outcome: 'refused'; readonly problems: readonly Problem[] };

/** One producer as the store knows it in one round. */
export interface ProducerState {
  readonly producer: string;
  /** When its last beat on any shard was committed, ms by the worker's clock. */
  readonly lastBeatAt: number;
  /** When it was proved dead without waiting for its lease; null: not proved. */
  readonly retiredAt: number | null;
  /** One element per shard of the round that it has sent a beat to. */
  readonly shards: readonly {
    readonly shard: number;
    readonly last: number;
    readonly closed: boolean;
    /** Batches of it that are committed or set aside whole: none of them will change anything any more. */
    readonly committed: number;
  }[];
}

/** All that decides whether a closed round is final. */
export interface ClosingState {
  readonly shards: number;
  readonly final: boolean;
  readonly markers: readonly {
    readonly marker: number;
    /** Written before the marker was published, ms by the worker's clock. */
    readonly at: number;
    /** True once it is committed on every shard. */
    readonly committed: boolean;
  }[];
  readonly producers: readonly ProducerState[];
}

export interface FinalRecord {
  readonly version: number;
  /** ms */
  readonly at: number;
  /** Version 1: `assumed`, or absent when it is proved. Later ones: why the result was repaired. */
  readonly reason?: string;
}

/** The numbers of a round, read in one transaction. */
export interface RoundSnapshot {
  readonly definition: Definition;
  /** In the order of the options: votes in the tally, and votes applied. */
  readonly counts: readonly { readonly votes: number; readonly cast: number }[];
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly late: number;
  /**
   * As the workers wrote it: votes waiting, and when (ms) the oldest of the shards' numbers was written. null until
   * there is a number for each shard of the round.
   */
  readonly pending: { readonly votes: number; readonly writtenAt: number } | null;
  readonly final: FinalRecord | null;
}

/** Votes applied in one minute (since the epoch, UTC), in the order of the options. */
export interface MinuteCast {
  readonly minute: number;
  readonly cast: readonly number[];
}

export interface Comment {
  readonly email: string;
  readonly comment: string;
}

/** A count of the tally that the stored rows do not bear out. */
export interface CountDifference {
  /** Index of the option. */
  readonly choice: number;
  readonly counter: number;
  readonly rows: number;
}

export interface KnownRound {
  readonly definition: Definition;
  readonly final: boolean;
}

/** What the worker needs. Times (`now`) are ms since the epoch. Every method may reject with StoreUnavailable. */
export interface WorkerStore {
  /** Brings the tables up to date and ties them to `owner`. Rejects with {@link StoreOwnedByOther}. */
  open(owner: string): Promise<void>;
  /**
   * Writes the poll of a mounted file if its revision is higher than the stored one. A new round closes the current
   * one CONTROL_DELAY_MS after `now`. Refused when the round's fixed parts differ, when the round is known but not
   * the current one, or when it would reopen a round that is closing.
   */
  putBase(revision: number, base: BasePoll, now: number): Promise<BaseOutcome>;
  /**
   * Adds an on-air action to the current round, to hold from `now` + CONTROL_DELAY_MS; returns the new definition.
   * Rejects with {@link RoundRefused}.
   */
  addControl(control: Omit<Control, 'at'>, now: number): Promise<Definition>;
  currentDefinition(): Promise<Definition | null>;
  /** Definitions of the rounds that are not final, the current one among them, oldest first. */
  unfinishedRounds(): Promise<readonly Definition[]>;
  /** Every round with a definition, oldest first. */
  rounds(): Promise<readonly KnownRound[]>;
  /**
   * Applies messages of one shard, in order, in one transaction: votes by policy, beats, markers; what is wrong goes
   * to `rejected`. A message that was applied before changes nothing.
   */
  apply(shard: number, bodies: readonly Uint8Array[], now: number): Promise<Applied>;
  /** Sets one message aside whole. */
  reject(shard: number, body: Uint8Array, reason: RejectReason, detail: string, now: number): Promise<void>;
  closingState(round: string): Promise<ClosingState>;
  /** Records the round's next marker before it is published; returns its number. */
  addMarker(round: string, now: number): Promise<number>;
  /** Declares every producer seen so far dead: only for whoever can prove that they are. */
  retireProducers(now: number): Promise<void>;
  /** Stores that the round is final, with its tally and how that is known; the first call wins. */
  finalize(round: string, now: number, reason?: string): Promise<void>;
  /**
   * Counts the tally anew, from the rows of voters or, where the policy keeps none, from the bodies of the batches;
   * returns where the counters differ. null: no such round, or what it would be counted from is purged.
   */
  recount(round: string): Promise<readonly CountDifference[] | null>;
  /**
   * Deletes a part of what a round stores of its voters, bodies of messages included, if it was final before `before`;
   * its numbers stay. True: there is more, to be deleted by the next call.
   */
  purge(round: string, before: number): Promise<boolean>;
  /** Votes known to wait on one shard. */
  writePending(shard: number, votes: number, now: number): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What front needs: everything but votes. */
export interface FrontStore {
  currentDefinition(): Promise<Definition | null>;
  /** null: no such round. */
  snapshot(round: string): Promise<RoundSnapshot | null>;
  /** In ascending order; minutes without a vote are absent. */
  minutes(round: string): Promise<readonly MinuteCast[]>;
  /** Every round with a definition, oldest first. */
  rounds(): Promise<readonly KnownRound[]>;
  addComment(contentId: string, comment: Comment, now: number): Promise<void>;
  /** Oldest first. */
  comments(contentId: string): Promise<readonly Comment[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface VoteStore extends WorkerStore, FrontStore {}

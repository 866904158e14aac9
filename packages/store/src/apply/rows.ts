import type { VotesMessage } from '@voteapp/contracts/message';
import type { Policy } from '@voteapp/contracts/poll';

import type { Incoming } from './incoming.ts';

/** What applying votes must know of a round. */
export interface RoundFacts {
  readonly policy: Policy;
  readonly shards: number;
  /** How many options it has. */
  readonly options: number;
  /** ms; null: no close is known. */
  readonly closesAt: number | null;
  /** The definition version from which on `closesAt` has been what it is. */
  readonly closesSince: number;
  readonly final: boolean;
}

/** A voter's vote in the tally. Tags are in base64url, producers in hexadecimal. */
export interface VoteRow {
  readonly choice: number;
  readonly seq: number;
  readonly producer: string;
  readonly n: number;
  readonly index: number;
}

/** The vote that a caller's id was first applied with. */
export interface IdRow {
  readonly voter: string;
  readonly choice: number;
  readonly seq: number;
}

export interface BatchName {
  readonly producer: string;
  readonly shard: number;
  readonly n: number;
}

export function batchKey({ producer, shard, n }: BatchName): string {
  return `${producer} ${shard} ${n}`;
}

/** The rows of one round that messages may meet; each list is free of repetitions. */
export interface RoundKeys {
  readonly batches: readonly BatchName[];
  readonly ids: readonly string[];
}

/** What is stored under those keys. */
export interface RoundRows {
  readonly facts: RoundFacts;
  /** Batches committed so far on the shard in hand. */
  readonly logSize: number;
  /** Digests by {@link batchKey}. */
  readonly batches: ReadonlyMap<string, string>;
  readonly votes: ReadonlyMap<string, VoteRow>;
  readonly ids: ReadonlyMap<string, IdRow>;
}

export interface Rows {
  /** By round; a round that is not stored is absent. */
  readonly rounds: ReadonlyMap<string, RoundRows>;
  /** Digests of those messages that were set aside whole before. */
  readonly setAside: ReadonlySet<string>;
}

/** The rounds that messages name: the first thing to read. */
export function roundsOf(incoming: readonly Incoming[]): string[] {
  return [...new Set(incoming.flatMap(({ message }) => (message === null ? [] : [message.round])))].sort();
}

/** The rows of `round` to read, sorted, so that all transactions take them in one order. */
export function keysOf(round: string, incoming: readonly Incoming[]): RoundKeys {
  const batches = new Map<string, BatchName>();
  const ids = new Set<string>();
  for (const message of batchesOf(round, incoming)) {
    batches.set(batchKey(message), message);
    for (const entry of message.votes) if (entry?.[3] !== undefined) ids.add(entry[3]);
  }
  return { batches: [...batches.values()], ids: [...ids].sort() };
}

/** Who votes in `round`, sorted, without repetitions. */
export function votersOf(round: string, incoming: readonly Incoming[]): string[] {
  const voters = new Set<string>();
  for (const { votes } of batchesOf(round, incoming)) {
    for (const entry of votes) if (entry !== null) voters.add(entry[0]);
  }
  return [...voters].sort();
}

function batchesOf(round: string, incoming: readonly Incoming[]): VotesMessage[] {
  return incoming.flatMap(({ message }) => {
    return message !== null && 'votes' in message && message.round === round ? [message] : [];
  });
}

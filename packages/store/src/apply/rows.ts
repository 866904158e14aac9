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
  /** Empty where the policy keeps no votes. */
  readonly voters: readonly string[];
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
export function keysOf(round: string, policy: Policy, incoming: readonly Incoming[]): RoundKeys {
  const batches = new Map<string, BatchName>();
  const voters = new Set<string>();
  const ids = new Set<string>();
  for (const { message } of incoming) {
    if (message === null || message.round !== round || !('votes' in message)) continue;
    batches.set(batchKey(message), message);
    for (const entry of message.votes) {
      if (entry === null) continue;
      const [voter, , , id] = entry;
      if (policy !== 'Unlimited') voters.add(voter);
      if (id !== undefined) ids.add(id);
    }
  }
  return { batches: [...batches.values()], voters: [...voters].sort(), ids: [...ids].sort() };
}

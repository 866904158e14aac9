import { decodeMessage } from '@voteapp/contracts/message';

import type { CountDifference } from '../port.ts';

/** A committed batch as it is stored, with the indexes of those of its entries that were set aside. */
export interface StoredBatch {
  readonly body: Uint8Array;
  readonly setAside: ReadonlySet<number>;
}

/** Votes by option's index. */
export type Tally = Map<number, number>;

/** Adds a batch's votes to a tally, but for those with an id: of these only the first counts, and it has a row. */
export function addVotes(tally: Tally, { body, setAside }: StoredBatch): void {
  const message = decodeMessage(body);
  if (!('votes' in message)) return;
  for (const [index, entry] of message.votes.entries()) {
    if (entry === null || setAside.has(index)) continue;
    const [, choice, , id] = entry;
    if (id === undefined) tally.set(choice, (tally.get(choice) ?? 0) + 1);
  }
}

export function addRows(tally: Tally, rows: Iterable<{ readonly choice: number; readonly votes: number }>): void {
  for (const { choice, votes } of rows) tally.set(choice, (tally.get(choice) ?? 0) + votes);
}

/** Where the counters of a round's options, in their order, differ from what was counted anew. */
export function differences(counters: readonly { readonly votes: number }[], tally: Tally): CountDifference[] {
  const choices = new Set([...counters.keys(), ...tally.keys()]);
  return [...choices]
    .map((choice) => ({ choice, counter: counters[choice]?.votes ?? 0, rows: tally.get(choice) ?? 0 }))
    .filter(({ counter, rows }) => counter !== rows);
}

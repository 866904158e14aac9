import type { KeyObject } from 'node:crypto';

import { tagOf } from '@voteapp/contracts/voter-tag';

import type { Acceptance, Ledger } from './ledger.ts';
import { entryKey } from './replay.ts';
import type { Stored } from './stored.ts';

const LAG_MS = 250;
const WINDOW_MS = 500;

/** When each accepted vote was committed, ms since the epoch. */
function commits({ acceptances }: Ledger, { batches }: Stored, key: KeyObject): [Acceptance, number][] {
  const at = new Map<string, number>();
  for (const { committedAt, entries } of batches) {
    for (const entry of entries)
      if (entry !== null) at.set(entryKey(entry.voter, entry.seq, entry.choice), committedAt);
  }
  return acceptances.map((acceptance) => {
    const { vote, seq } = acceptance;
    const tag = tagOf(key, 'named', vote.voter).toString('base64url');
    return [acceptance, at.get(entryKey(tag, seq, vote.choice)) ?? Infinity];
  });
}

/** Votes that had been sent and were not answered, or not counted, at any of these moments. */
export function hitVotes(ledger: Ledger, stored: Stored, key: KeyObject, moments: readonly number[]): number {
  const counted = new Map(commits(ledger, stored, key).map(([{ vote }, at]) => [vote, at]));
  return ledger.votes.filter((vote) => {
    const done = Math.max(vote.settledAt, counted.get(vote) ?? 0);
    return moments.some((moment) => vote.sentAt <= moment && done > moment);
  }).length;
}

interface Recovery {
  readonly ms: number;
  /** The lag of 99 of 100 votes before the fault, and in the last half second that was looked at, ms. */
  readonly before: number;
  readonly after: number;
}

interface Interval {
  readonly struckAt: number;
  readonly healedAt: number;
}

function p99(lags: readonly number[]): number {
  return lags.toSorted((a, b) => a - b)[Math.floor(lags.length * 0.99)] ?? 0;
}

/**
 * The time from `healedAt` to the first half second in which votes are accepted, and counted within 250 ms or, on a
 * machine that had been slower before it all, within twice as long as then.
 */
export function recoveryOf(ledger: Ledger, stored: Stored, key: KeyObject, { struckAt, healedAt }: Interval): Recovery {
  const lags = commits(ledger, stored, key).map(([{ sentAt }, at]) => ({ sentAt, lag: at - sentAt }));
  const before = p99(lags.filter(({ sentAt }) => sentAt < struckAt - WINDOW_MS).map(({ lag }) => lag));
  const windows = Map.groupBy(
    lags.filter(({ sentAt }) => sentAt >= healedAt),
    ({ sentAt }) => Math.floor((sentAt - healedAt) / WINDOW_MS),
  );
  let after = Infinity;
  for (const [window, votes] of [...windows].sort(([a], [b]) => a - b)) {
    after = p99(votes.map(({ lag }) => lag));
    if (after <= Math.max(LAG_MS, 2 * before)) return { ms: window * WINDOW_MS, before, after };
  }
  return { ms: Infinity, before, after };
}

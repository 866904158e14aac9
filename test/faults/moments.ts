import type { KeyObject } from 'node:crypto';

import { tagOf } from '@voteapp/contracts/voter-tag';

import type { Acceptance, Ledger } from './ledger.ts';
import { entryKey } from './replay.ts';
import type { Stored } from './stored.ts';

/** The lag that 99 of 100 votes are to be within. */
const LAG_MS = 250;
const WINDOW_MS = 500;
const BEFORE_MS = 1_000;

/** When each accepted vote was committed, ms since the epoch. */
function commits({ acceptances }: Ledger, { batches }: Stored, key: KeyObject): [Acceptance, number][] {
  const at = new Map<string, number>();
  for (const { committedAt, entries } of batches) {
    for (const entry of entries)
      if (entry !== null) at.set(entryKey(entry.voter, entry.seq, entry.choice), committedAt);
  }
  return acceptances.map((acceptance) => {
    const { vote, seq } = acceptance;
    const tag = tagOf(key, 'named', vote.voter);
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
  /** The lag in the last half second that was looked at, ms. */
  readonly lag: number;
}

function p99(lags: readonly number[]): number {
  return lags.toSorted((a, b) => a - b)[Math.floor(lags.length * 0.99)] ?? 0;
}

function lags(ledger: Ledger, stored: Stored, key: KeyObject): { sentAt: number; lag: number }[] {
  return commits(ledger, stored, key).map(([{ sentAt }, at]) => ({ sentAt, lag: at - sentAt }));
}

/** The lag of 99 of 100 votes of the second before the fault, ms; those of the last half second it may have met. */
export function lagBefore(ledger: Ledger, stored: Stored, key: KeyObject, struckAt: number): number {
  const until = struckAt - WINDOW_MS;
  const before = lags(ledger, stored, key).filter(({ sentAt }) => sentAt >= until - BEFORE_MS && sentAt < until);
  return p99(before.map(({ lag }) => lag));
}

/** The time from `healedAt` to the first half second in which votes are accepted, and 99 of 100 counted within 250 ms. */
export function recoveryOf(ledger: Ledger, stored: Stored, key: KeyObject, healedAt: number): Recovery {
  const windows = Map.groupBy(
    lags(ledger, stored, key).filter(({ sentAt }) => sentAt >= healedAt),
    ({ sentAt }) => Math.floor((sentAt - healedAt) / WINDOW_MS),
  );
  let lag = Infinity;
  for (const [window, votes] of [...windows].sort(([a], [b]) => a - b)) {
    lag = p99(votes.map((vote) => vote.lag));
    if (lag <= LAG_MS) return { ms: window * WINDOW_MS, lag };
  }
  return { ms: Infinity, lag };
}

import type { Policy } from '@voteapp/contracts/poll';

import type { Parts } from '../cpu-time.ts';
import type { Ballots, Tally } from '../load/ledger.ts';
import { BALLOTS, type Electorate } from '../load/load.ts';

/** Something that takes votes. */
export interface Target {
  readonly name: string;
  readonly policy: Policy;
  readonly port: number;
  readonly path: string;
  readonly electorate: Electorate;
  readonly ballots: Ballots;
  /** The authority, PEM, of one that speaks TLS; null: plain HTTP. */
  readonly authority: string | null;
  /** All processes that a vote costs CPU time in. */
  readonly parts: Parts;
  /** Votes in its counters so far. null: a vote that is answered is counted, or nothing is. */
  readonly counted: (() => Promise<number>) | null;
  /** What it has stored; to be asked when it is at rest. null: nothing is. */
  readonly tally: (() => Promise<Tally>) | null;
  /** A longer load, in ms, would leave it a backlog for minutes. null: it takes as long a load as there is. */
  readonly longestLoadMs: number | null;
  stop(): Promise<void>;
}

export type StartTarget = () => Promise<Target>;

export const NAMED = { electorate: { by: 'name' }, ballots: BALLOTS, authority: null, longestLoadMs: null } as const;

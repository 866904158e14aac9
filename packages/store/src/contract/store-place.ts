import type { VoteStore } from '../port.ts';

/** Where a driver under test keeps its data. */
export interface StorePlace {
  /** A new connection to that data, not yet opened. */
  connect(): Promise<VoteStore>;
  /** Votes per option, in ascending order of the option's index, counted from the rows of voters and not the counters. */
  recount(round: string): Promise<readonly { choice: number; votes: number }[]>;
  /** Runs a statement behind the driver's back. */
  run(sql: string): Promise<void>;
  /** The only value that a query returns. */
  number(sql: string): Promise<number>;
  remove(): Promise<void>;
}

/** A place that holds nothing yet. */
export type NewPlace = () => Promise<StorePlace>;

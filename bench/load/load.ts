import type { Ballots } from './ledger.ts';

/** Who the voters are: named in the body of the request, or by their cookies, which are all of one length. */
export type Electorate = { readonly by: 'name' } | { readonly by: 'cookie'; readonly cookies: Uint8Array };

/** What a generator sends, as plain data. */
export interface Load {
  readonly port: number;
  readonly path: string;
  /** null: GET requests for the path instead of votes. */
  readonly ballots: Ballots | null;
  readonly electorate: Electorate;
  /** The number of the first vote. */
  readonly first: number;
  readonly connections: number;
  /** A new connection for each request. */
  readonly connectionPerVote: boolean;
  /** The authority, PEM, of a server that speaks TLS; null: plain HTTP. */
  readonly authority: string | null;
  readonly durationMs: number;
  /** Requests a second, whatever the answers; null: each connection sends the next when it has its answer. */
  readonly rate: number | null;
  /** Requests at a rate are due together at every such tick. */
  readonly tickMs: number;
}

/** More voters than any row has votes, for four options: each vote is somebody's first, as most are on air. */
export const BALLOTS: Ballots = { voters: 20_000_000, options: 4 };

export const PLAIN_LOAD = {
  ballots: BALLOTS,
  electorate: { by: 'name' },
  first: 0,
  connections: 256,
  connectionPerVote: false,
  authority: null,
  rate: null,
  tickMs: 1,
} as const satisfies Partial<Load>;

/** Times are ms since the epoch where they name a moment. */
export interface LoadResult {
  /** Requests sent, numbered from `first`. */
  readonly sent: number;
  /** When each of the answers 2xx came, ascending. */
  readonly acceptedAt: Float64Array;
  /** Numbers of the votes answered otherwise. */
  readonly refused: readonly number[];
  /** Numbers of the votes without a whole answer: their connection broke, or nobody waited any longer. */
  readonly unknown: readonly number[];
  /** When the first request was due, and when the last answer came. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** From when a request was due (open loop) or sent (closed loop) to its whole answer, ms. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** How much later than due the generator got to a request, ms; null in a closed loop, where none is due. */
  readonly latenessP99: number | null;
  /** CPU time of the generator from its first request to its last answer, µs. */
  readonly cpuMicros: number;
}

/** Now, in ms since the epoch: the same for all processes of the machine, to a few µs. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

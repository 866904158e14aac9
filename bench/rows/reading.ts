import { PLAIN_LOAD } from '../load/load.ts';
import { load } from '../load/run.ts';
import type { Deployed } from '../targets/deployed.ts';

const RESULTS_PER_SECOND = 100;

export interface ResultsRead {
  /** From when a request was due to its whole answer, ms. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Requests without an answer, or with another than 200. */
  readonly unread: number;
}

/** Asks front for the results, 100 times a second on 16 connections. */
export async function readResults({ frontUrl }: Deployed, durationMs: number): Promise<ResultsRead> {
  const { latency, sent, acceptedAt } = await load({
    ...PLAIN_LOAD,
    port: Number(new URL(frontUrl).port),
    path: '/api/results',
    ballots: null,
    connections: 16,
    rate: RESULTS_PER_SECOND,
    durationMs,
  });
  return { latency, unread: sent - acceptedAt.length };
}

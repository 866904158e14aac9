import { openLoop, Ledger } from '../../test/tools/ledger.ts';

export interface LiveLagOptions {
  readonly voteUrl: string;
  readonly frontUrl: string;
  readonly votesPerSecond: number;
  readonly durationMs: number;
}

export interface LiveLag {
  /** Time from the sending of a vote to the first event on the live stream that counts it, ms. */
  readonly p50: number;
  readonly p99: number;
  readonly accepted: number;
  readonly refused: number;
}

/** How long after the last answer every vote must have been shown. */
const SETTLE_LIMIT_MS = 10_000;

interface Seen {
  readonly cast: number;
  readonly at: number;
}

/** Follows a results stream until it is aborted; `onEvent` is told each count and when it came. */
async function follow(url: string, signal: AbortSignal, onEvent: (seen: Seen) => void): Promise<void> {
  const response = await fetch(url, { signal });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) onEvent({ cast: (JSON.parse(data) as { cast: number }).cast, at: performance.now() });
    }
  }
}

/**
 * Sends votes at a rate and watches the live stream. Votes of one replica are counted in the order
 * they were sent, give or take those in flight together, so the k-th is visible with the first event that has k cast.
 */
export async function liveLag({ voteUrl, frontUrl, votesPerSecond, durationMs }: LiveLagOptions): Promise<LiveLag> {
  const seen: Seen[] = [];
  const leave = new AbortController();
  const following = follow(`${frontUrl}/api/results/stream`, leave.signal, (event) => seen.push(event)).catch(
    (error: unknown) => {
      if (!leave.signal.aborted) throw error;
    },
  );
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const before = seen[0]?.cast ?? 0;

  const ledger = new Ledger();
  const startedAt = performance.now();
  const load = openLoop([voteUrl], votesPerSecond, ledger);
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  await load.stop();
  const expected = before + ledger.accepted.size;
  const limit = performance.now() + SETTLE_LIMIT_MS;
  while ((seen.at(-1)?.cast ?? 0) < expected) {
    if (performance.now() > limit) throw new Error(`The stream shows ${seen.at(-1)?.cast} of ${expected} votes.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  leave.abort();
  await following;

  const lags: number[] = [];
  let next = 0;
  for (let vote = 0; vote < ledger.accepted.size; vote += 1) {
    while ((seen[next]?.cast ?? Infinity) < before + vote + 1) next += 1;
    lags.push((seen[next]?.at ?? Infinity) - (startedAt + (vote * 1_000) / votesPerSecond));
  }
  lags.sort((a, b) => a - b);
  const percentile = (share: number): number => lags[Math.floor(lags.length * share)] ?? Number.NaN;
  return {
    p50: percentile(0.5),
    p99: percentile(0.99),
    accepted: ledger.accepted.size,
    refused: ledger.unknown.size + ledger.refused.size,
  };
}

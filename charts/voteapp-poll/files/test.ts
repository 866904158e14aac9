import { setTimeout as wait } from 'node:timers/promises';

const { VOTE_URL, FRONT_URL, VOTE_FOR } = process.env;
const LIMIT_MS = 100_000;
const deadline = Date.now() + LIMIT_MS;

interface Poll {
  readonly round: string;
  readonly voters: readonly string[];
}

interface Results {
  readonly round: string;
  readonly state: string;
  readonly counted: number;
}

type Refusal = { readonly error?: { readonly code: string }; readonly totals: unknown };

async function ask<T>(url: string, request: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000), ...request });
  const body = (await response.json()) as T & Refusal;
  // Results that are hidden yet come with their totals all the same.
  if (response.ok) return body;
  if (body.error?.code === 'results_hidden') return body.totals as T;
  throw new Error(`${url} answers ${response.status}: ${JSON.stringify(body)}`);
}

// The poll may be coming up still.
async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    let cause: unknown;
    try {
      const seen = await look();
      if (seen !== null) return seen;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`Not within ${LIMIT_MS / 1000} s: ${what}.`, { cause });
    await wait(500);
  }
}

async function results(): Promise<Results> {
  return await ask(`${FRONT_URL}/api/results`);
}

const poll = await until('the vote service has the poll', () => ask<Poll>(`${VOTE_URL}/api/poll`));
const before = await until('front shows the round that is voted in', async () => {
  const shown = await results();
  return shown.round === poll.round ? shown : null;
});
console.log(`Round ${poll.round} is ${before.state}, with ${before.counted} votes counted.`);

if (VOTE_FOR) {
  const voter = poll.voters.includes('Named') ? { voter: `helm-test-${crypto.randomUUID()}` } : {};
  const { id } = await ask<{ id: string }>(`${VOTE_URL}/api/vote`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ option: VOTE_FOR, ...voter }),
  });
  await until('the vote is counted', async () => ((await results()).counted > before.counted ? true : null));
  console.log(`Vote ${id} is counted.`);
}

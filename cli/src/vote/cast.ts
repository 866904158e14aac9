import { setTimeout as pause } from 'node:timers/promises';

import { voteAccepted } from '@voteapp/contracts/http/vote';

import { jsonOf, refusalIn } from '../poll/answers.ts';
import type { Poll } from '../poll/poll.ts';

/** A vote that is to be sent; its id makes that it is applied once, however often it is sent. */
export interface Ballot {
  readonly option: string;
  readonly voter?: string | undefined;
  readonly id: string;
}

export type Outcome =
  | { readonly kind: 'accepted'; readonly id: string; readonly receipt: string | null }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

const MOST_TRIES = 4;
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

function pauseOf(retryAfter: string | null): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(LONGEST_PAUSE_MS, seconds * 1_000) : PAUSE_MS;
}

interface Try {
  readonly outcome: Outcome;
  /** In ms; null: another try would end the same. */
  readonly retryAfterMs: number | null;
}

async function sendOnce(poll: Pick<Poll, 'ask'>, ballot: Ballot, cookies: Map<string, string>): Promise<Try> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { 'content-type': 'application/json', ...(cookie !== '' && { cookie }) };
  try {
    const answer = await poll.ask('vote', '/api/vote', { method: 'POST', headers, body: JSON.stringify(ballot) });
    // Who is sent again must be the same voter, or the id would be taken for another's.
    for (const given of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(given) ?? [];
      cookies.set(name, value);
    }
    return judged(answer, await jsonOf(answer));
  } catch (error) {
    return { outcome: { kind: 'unknown', message: (error as Error).message }, retryAfterMs: PAUSE_MS };
  }
}

function judged(answer: Response, body: unknown): Try {
  const accepted = answer.ok ? voteAccepted.safeParse(body).data : undefined;
  if (accepted !== undefined) {
    return { outcome: { kind: 'accepted', id: accepted.id, receipt: accepted.receipt ?? null }, retryAfterMs: null };
  }
  const { code, message } = refusalIn(body) ?? { code: '', message: `The vote service answers with ${answer.status}.` };
  const isPassing = answer.status === 429 || answer.status >= 500;
  const retryAfterMs = isPassing ? pauseOf(answer.headers.get('retry-after')) : null;
  // The service says of itself when it did nothing; what else fails may be a proxy's word.
  const isUnknown = code === '' || code === 'queue_unavailable' || code === 'internal';
  return { outcome: isUnknown ? { kind: 'unknown', message } : { kind: 'refused', code, message }, retryAfterMs };
}

/** Sends a vote, again where that may help. Throws the signal's reason. */
export async function cast(poll: Pick<Poll, 'ask'>, ballot: Ballot, signal: AbortSignal): Promise<Outcome> {
  const cookies = new Map<string, string>();
  for (let tries = 1; ; tries += 1) {
    const { outcome, retryAfterMs } = await sendOnce(poll, ballot, cookies);
    signal.throwIfAborted();
    if (retryAfterMs === null || tries === MOST_TRIES) return outcome;
    await pause(retryAfterMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

import type { PollState } from '@voteapp/contracts/definition';

import { EXIT, Failure, UsageError } from '../exit-codes.ts';
import type { PollEdit, PollNow } from '../poll/poll.ts';

export const ON_AIR_VERBS = ['open', 'close', 'suspend', 'resume'] as const;
export type OnAirVerb = (typeof ON_AIR_VERBS)[number];

/** What is asked of a poll. */
export interface OnAirWish {
  readonly verb: OnAirVerb;
  /** In ms since the epoch; null: at once. */
  readonly at: number | null;
  /** How long it is to be open, in ms; null: as it is, or until somebody closes it. */
  readonly forMs: number | null;
}

/** An edit, and what it does in words that follow the poll's name; without an edit, it is so already. */
export interface Plan {
  readonly edit: PollEdit | null;
  readonly words: string;
}

/** Until the marker is written, this long after the close, a close may be moved: docs/decisions/0008. */
const GRACE_MS = 3_000;

const NEW_COUNT = 'a new spec.poll.id starts a new count';

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A moment as the poll's people read their clocks. */
export function shownTime(at: number, timeZone: string): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const { year, month, day, hour, minute, second } = parts;
  return `${year}-${month}-${day} ${hour}:${minute}${second === '00' ? '' : `:${second}`} (${timeZone})`;
}

/** Where the poll is; null: not known, for its services judge by something else still, perhaps by another round. */
function stateOf({ judged, revision }: PollNow): PollState | null {
  return judged !== null && judged.revision >= revision ? judged.state : null;
}

/** Whether its round has closed, for good. */
function isOver(poll: PollNow, now: number): boolean {
  const { closesAt } = poll;
  const state = stateOf(poll);
  if (state === 'Final') return true;
  const isClosed = state === 'Draining' || (state !== null && closesAt !== null && closesAt <= now);
  return isClosed && (closesAt === null || now - closesAt > GRACE_MS);
}

function refused({ round }: PollNow, clause: string): Failure {
  return new Failure(EXIT.failed, `The round "${round}" ${clause}.`);
}

/** When it is to open, in ms since the epoch; undefined: as it is. */
function newStart({ opensAt, closesAt }: PollNow, { at }: OnAirWish, now: number): number | undefined {
  const isAhead = opensAt !== null && opensAt > now;
  const isPast = closesAt !== null && closesAt <= now;
  if (!isAhead && !isPast && (at === null || at <= now)) return undefined;
  if (at !== null) return at;
  return isAhead ? now : undefined;
}

/** When it is to close; null: when somebody closes it. Throws `UsageError` where that is before the start. */
function newEnd({ closesAt, timeZone }: PollNow, { forMs }: OnAirWish, start: number, now: number): number | null {
  if (forMs !== null) return start + forMs;
  if (closesAt === null || closesAt <= now) return null;
  if (closesAt > start) return closesAt;
  throw new UsageError(`It closes before that, at ${shownTime(closesAt, timeZone)}: give --for too.`);
}

function mustOpen(poll: PollNow, { at }: OnAirWish, now: number): void {
  if (isOver(poll, now)) throw refused(poll, `has closed and cannot be opened again; ${NEW_COUNT}`);
  if (at !== null && at > now && stateOf(poll) === 'Open') {
    throw refused(poll, 'is open already, and to open it later would shut it until then; use `voteapp poll suspend`');
  }
}

function opening(poll: PollNow): string {
  return stateOf(poll) === 'Open' ? 'stays open' : 'opens now';
}

function open(poll: PollNow, wish: OnAirWish, now: number): Plan {
  const { opensAt, closesAt, suspend, timeZone } = poll;
  mustOpen(poll, wish, now);
  const start = newStart(poll, wish, now);
  const end = newEnd(poll, wish, start ?? now, now);
  const edit: PollEdit = {
    ...(start !== undefined && start !== opensAt && { opensAt: iso(start) }),
    ...(end !== closesAt && { closesAt: end === null ? null : iso(end) }),
    ...(suspend && { suspend: false }),
  };
  const until = end === null ? 'until somebody closes it' : `until ${shownTime(end, timeZone)}`;
  if (Object.keys(edit).length === 0) return { edit: null, words: `is open already, ${until}` };
  const when = start !== undefined && start > now ? `opens at ${shownTime(start, timeZone)}` : opening(poll);
  return { edit, words: `${when}, ${until}` };
}

function close(poll: PollNow, { at }: OnAirWish, now: number): Plan {
  const { opensAt, closesAt, timeZone } = poll;
  if (isOver(poll, now)) {
    if (at === null) return { edit: null, words: 'is closed already' };
    throw refused(poll, `has closed already, and cannot close later; ${NEW_COUNT}`);
  }
  if (at !== null && at < now) throw new UsageError('A poll closes now or later: give a time to come, or none.');
  const end = at ?? now;
  if (opensAt !== null && end <= opensAt) {
    const advice = 'give a later --at, or keep it shut with `voteapp poll suspend`';
    throw refused(poll, `opens at ${shownTime(opensAt, timeZone)} and cannot close before; ${advice}`);
  }
  if (closesAt !== null && closesAt <= now) return { edit: null, words: 'is closed already' };
  return { edit: { closesAt: iso(end) }, words: at === null ? 'closes now' : `closes at ${shownTime(end, timeZone)}` };
}

function suspend(poll: PollNow, now: number): Plan {
  if (isOver(poll, now)) throw refused(poll, 'has closed, so it takes no votes anyway');
  if (poll.suspend) return { edit: null, words: 'is suspended already' };
  return { edit: { suspend: true }, words: 'takes no votes until it is resumed' };
}

function resume(poll: PollNow, now: number): Plan {
  if (isOver(poll, now)) throw refused(poll, `has closed and cannot be resumed; ${NEW_COUNT}`);
  if (!poll.suspend) return { edit: null, words: 'is not suspended' };
  const { opensAt, timeZone } = poll;
  const isAhead = opensAt !== null && opensAt > now;
  return {
    edit: { suspend: false },
    words: isAhead ? `takes votes from ${shownTime(opensAt, timeZone)} on` : 'takes votes again',
  };
}

/**
 * What to edit of a poll, so that it becomes as wished. Throws `Failure` where its round forbids that, and `UsageError`
 * where the times contradict each other. `now` in ms since the epoch.
 */
export function planOf(poll: PollNow, wish: OnAirWish, now: number): Plan {
  switch (wish.verb) {
    case 'open':
      return open(poll, wish, now);
    case 'close':
      return close(poll, wish, now);
    case 'suspend':
      return suspend(poll, now);
    case 'resume':
      return resume(poll, now);
  }
}

/** Whether the services judge by a revision, and are as whoever gave this order expects them to be. */
export function hasArrived({ judged }: PollNow, { verb, at }: OnAirWish, revision: number): boolean {
  if (judged === null || judged.revision < revision) return false;
  const { state } = judged;
  switch (verb) {
    case 'open':
      return at !== null || state === 'Open';
    case 'close':
      return at !== null || state === 'Draining' || state === 'Final';
    case 'suspend':
      return state !== 'Open';
    case 'resume':
      return state !== 'Suspended';
  }
}

import { pollSchema } from '@voteapp/contracts/poll';
import type { PollFile } from '@voteapp/contracts/poll-file';
import { instant } from '@voteapp/contracts/resource/time';
import * as z from 'zod';

import type { PollEdit } from '../poll/poll.ts';

type Poll = PollFile['poll'];

const time = instant().nullable();

/** An edit as it comes over HTTP. */
export const pollEdit = z.strictObject({ opensAt: time, closesAt: time, suspend: z.boolean() }).partial();

/** A value that takes the place of the file's, for as long as the file has the one that it took the place of. */
function over<T extends z.ZodType>(value: T) {
  return z.strictObject({ value, over: value }).optional();
}

const onAir = z.strictObject({
  round: z.string(),
  opensAt: over(time),
  closesAt: over(time),
  suspend: over(z.boolean()),
});

/**
 * What was changed of a poll while it was on air. What was said last holds, field by field: an edit, until somebody
 * writes another value of that field into the file. A new round begins as its file says.
 *
 * These are edits of the definition, as `voteapp poll` makes of a VotingApp on a cluster, and no on-air controls
 * (CONTROL_ACTIONS): a control holds over every later file, can neither open nor close at a given time, nor take a
 * time away.
 */
export type OnAir = z.output<typeof onAir>;

/** As it was stored; null where it is not to be understood. */
export function parseOnAir(text: string): OnAir | null {
  try {
    return onAir.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function roundOf(name: string, poll: Poll): string {
  return poll.id ?? name;
}

/** Those of the edits that still hold, now that the file says this. */
export function stillHolds(edits: OnAir | null, name: string, poll: Poll): OnAir {
  const round = roundOf(name, poll);
  if (edits?.round !== round) return { round };
  const { opensAt, closesAt, suspend } = edits;
  return {
    round,
    ...(opensAt?.over === (poll.opensAt ?? null) && { opensAt }),
    ...(closesAt?.over === (poll.closesAt ?? null) && { closesAt }),
    ...(suspend?.over === (poll.suspend ?? false) && { suspend }),
  };
}

/** Nothing, where the file says the same. */
function instead<T>(value: T, written: T): { value: T; over: T } | undefined {
  return value === written ? undefined : { value, over: written };
}

/** The edits with one more. */
export function withEdit(edits: OnAir, edit: PollEdit, poll: Poll): OnAir {
  const { opensAt, closesAt, suspend } = edit;
  return {
    ...edits,
    ...(opensAt !== undefined && { opensAt: instead(opensAt, poll.opensAt ?? null) }),
    ...(closesAt !== undefined && { closesAt: instead(closesAt, poll.closesAt ?? null) }),
    ...(suspend !== undefined && { suspend: instead(suspend, poll.suspend ?? false) }),
  };
}

/** The file's poll with the edits over it. Throws a ZodError where the two make no poll. */
export function edited(poll: Poll, { opensAt, closesAt, suspend }: OnAir): z.output<typeof pollSchema> {
  return pollSchema.parse({
    ...poll,
    ...(opensAt !== undefined && { opensAt: opensAt.value ?? undefined }),
    ...(closesAt !== undefined && { closesAt: closesAt.value ?? undefined }),
    ...(suspend !== undefined && { suspend: suspend.value }),
  });
}

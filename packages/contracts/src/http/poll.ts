import * as z from 'zod';

import { POLICIES, VISIBILITIES, VOTER_KINDS } from '../poll.ts';
import type { Definition } from '../definition.ts';

const instantOrNull = z.iso.datetime().nullable();

const pollOption = z.object({
  id: z.string(),
  label: z.string(),
  image: z.string().optional(),
  color: z.string().optional(),
});

const pollStates = z.enum(['Scheduled', 'Open', 'Suspended', 'Draining', 'Final']);

/** The poll as anybody may see it. Times are ISO 8601 in UTC. */
export const publicPoll = z.object({
  round: z.string(),
  title: z.string(),
  policy: z.enum(POLICIES),
  options: z.array(pollOption),
  opensAt: instantOrNull,
  closesAt: instantOrNull,
  timeZone: z.string(),
  voters: z.array(z.enum(VOTER_KINDS)),
  visibility: z.enum(VISIBILITIES),
  comments: z.boolean(),
  version: z.int().describe('Grows with every change of the definition.'),
  state: pollStates,
});

export type PublicPoll = z.output<typeof publicPoll>;

export function toPublicPoll(definition: Definition, state: PublicPoll['state']): PublicPoll {
  const { round, title, policy, options, timeZone, voters, visibility, version } = definition;
  return {
    round,
    title,
    policy,
    options: [...options],
    opensAt: isoOrNull(definition.opensAt),
    closesAt: isoOrNull(definition.closesAt),
    timeZone,
    voters: [...voters],
    visibility,
    comments: definition.comments.enabled,
    version,
    state,
  };
}

export function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** Header in which front tells its clock, in ms since the epoch: the Date header knows only seconds. */
export const CLOCK_HEADER = 'voteapp-clock';

/** `GET /api/definition` of front, polled by vote each second: a {@link Definition} as JSON, ETag = its version. */
export const DEFINITION_PATH = '/api/definition';

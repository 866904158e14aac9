import * as z from 'zod';

import { NAME_PATTERN } from './names.ts';

export const POLICIES = ['LastVoteWins', 'FirstVoteWins', 'Unlimited'] as const;
export const VOTER_KINDS = ['Cookie', 'Named'] as const;
export const VISIBILITIES = ['Always', 'AfterVote', 'AfterClose'] as const;

export type Policy = (typeof POLICIES)[number];
export type VoterKind = (typeof VOTER_KINDS)[number];
export type Visibility = (typeof VISIBILITIES)[number];

// Unicode's control characters (category Cc); emoji and joiners are text.
const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u;

function text(max: number) {
  return z.string().min(1).max(max).regex(NO_CONTROL_CHARACTERS, 'must not contain control characters');
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

const optionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits or dashes')
    .describe('What a vote names; never changes within a round.'),
  label: text(80).optional().describe('What a voter reads. Default: the id.'),
  image: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .max(2048)
    .optional()
    .describe('Picture shown beside the label.'),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #c8102e')
    .optional()
    .describe('Colour of the option in bars and buttons.'),
});

const instant = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-20T21:00:00Z' });

/** The poll as a person writes it: becomes `spec.poll` of the VotingApp resource. */
export const pollSchema = z
  .strictObject({
    id: z
      .string()
      .regex(NAME_PATTERN, 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter')
      .optional()
      .describe('Names the round; a new id starts a new count. Default: the name of the resource.'),
    title: text(200).optional().describe('Headline of the pages. Default: the labels of the options.'),
    options: z
      .array(optionSchema)
      .min(2)
      .max(50)
      .refine((options) => new Set(options.map(({ id }) => id)).size === options.length, 'must have distinct ids')
      .describe('What can be voted for, in a fixed order: within a round options may only be appended.'),
    policy: z.enum(POLICIES).default('LastVoteWins').describe('Which votes of one voter count.'),
    opensAt: instant.optional().describe('First moment at which votes are accepted. Absent: open at once.'),
    closesAt: instant.optional().describe('First moment at which votes are refused. Absent: open until closed.'),
    suspend: z.boolean().default(false).describe('Refuses votes while true.'),
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'must be an IANA time zone such as America/Sao_Paulo')
      .default('UTC')
      .describe('IANA zone in which times are shown.'),
    voters: z
      .array(z.enum(VOTER_KINDS))
      .min(1)
      .refine((kinds) => new Set(kinds).size === kinds.length, 'must not repeat a kind')
      .default(['Cookie', 'Named'])
      .describe('Which identities the poll takes.'),
    shards: z.int().min(1).max(64).default(1).describe('Queues and counter rows a round is spread over.'),
    results: z
      .strictObject({
        visibility: z.enum(VISIBILITIES).default('Always').describe('When the numbers per option are shown.'),
      })
      .prefault({}),
    comments: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Takes comments on the poll.'),
        publicEmails: z.boolean().default(false).describe('Shows the e-mail of a comment in full.'),
      })
      .prefault({}),
    retentionDays: z
      .int()
      .min(1)
      .max(3_650)
      .default(30)
      .describe('Days after the final result until what is stored of voters is deleted; the numbers stay.'),
  })
  .refine((poll) => !(poll.opensAt && poll.closesAt) || Date.parse(poll.opensAt) < Date.parse(poll.closesAt), {
    path: ['closesAt'],
    error: 'must be later than opensAt',
  });

/** A valid poll with its defaults filled in. */
export type PollSpec = z.output<typeof pollSchema>;

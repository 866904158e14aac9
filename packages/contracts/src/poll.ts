import * as z from 'zod';

import { NAME_PATTERN } from './names.ts';
import { POLICIES, VISIBILITIES } from './poll-choices.ts';
import { distinct, listMap } from './resource/lists.ts';
import { characters, HTTP_ORIGIN } from './resource/names.ts';
import { instant } from './resource/time.ts';
import { withRules } from './resource/rule.ts';

export { POLICIES, type Policy, VISIBILITIES, type Visibility } from './poll-choices.ts';

export const VOTER_KINDS = ['Cookie', 'Named'] as const;

export type VoterKind = (typeof VOTER_KINDS)[number];

// Unicode's control characters (category Cc); emoji and joiners are text.
const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u;

function text(max: number) {
  return characters(max).min(1).regex(NO_CONTROL_CHARACTERS, 'must not contain control characters');
}

// No offsets and no paths of files, which some libraries take for names of zones.
const ZONE_NAME = /^[A-Z][-+_A-Za-z0-9]*(\/[A-Z][-+_A-Za-z0-9]*)*$/;

function isTimeZone(zone: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    // Unlike Node.js, an API server knows each name in one spelling alone.
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase();
  } catch {
    return false;
  }
}

const PICTURE_URL = new RegExp(`^${HTTP_ORIGIN}([/?#][-._~:/?#[\\]@!$&()*+,;=%a-zA-Z0-9]*)?$`);

const timeZone = withRules(
  z.string().max(64).regex(ZONE_NAME, { error: 'must be an IANA time zone such as America/Sao_Paulo', abort: true }),
  {
    cel: "!(self in ['Factory', 'Local']) && timestamp('2000-01-01T00:00:00Z').getFullYear(self) > 0",
    message: 'must be an IANA time zone such as America/Sao_Paulo',
    holds: isTimeZone,
  },
);

const optionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits or dashes')
    .meta({ maxLength: 40 })
    .describe('What a vote names; never changes within a round.'),
  label: text(80).optional().describe('What a voter reads. Default: the id.'),
  image: z
    .string()
    .max(2048)
    .regex(PICTURE_URL, 'must be an http or https URL')
    .optional()
    .describe('Picture shown beside the label.'),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #c8102e')
    .meta({ maxLength: 7 })
    .optional()
    .describe('Colour of the option in bars and buttons.'),
});

/** The poll as a person writes it: becomes `spec.poll` of the VotingApp resource. */
export const pollSchema = withRules(
  z.strictObject({
    id: z
      .string()
      .regex(NAME_PATTERN, 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter')
      .meta({ maxLength: 40 })
      .optional()
      .describe('Names the round; a new id starts a new count. Default: the name of the resource.'),
    title: text(200).optional().describe('Headline of the pages. Default: the labels of the options.'),
    options: listMap(z.array(optionSchema).min(2).max(50), 'id').describe(
      'What can be voted for, in a fixed order: within a round options may only be appended.',
    ),
    policy: z.enum(POLICIES).default('LastVoteWins').describe('Which votes of one voter count.'),
    opensAt: instant().optional().describe('First moment at which votes are accepted. Absent: open at once.'),
    closesAt: instant().optional().describe('First moment at which votes are refused. Absent: open until closed.'),
    suspend: z.boolean().default(false).describe('Refuses votes while true.'),
    timeZone: timeZone.default('UTC').describe('IANA zone in which times are shown.'),
    voters: distinct(z.array(z.enum(VOTER_KINDS)).min(1).max(VOTER_KINDS.length), 'must not repeat a kind')
      .default(['Cookie', 'Named'])
      .describe('Which identities the poll takes.'),
    shards: z.int().min(1).max(64).default(1).describe('Queues and counter rows a round is spread over.'),
    results: z
      .strictObject({
        visibility: z.enum(VISIBILITIES).default('Always').describe('When the numbers per option are shown.'),
      })
      .prefault({})
      .describe('What is shown of the count.'),
    comments: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Takes comments on the poll.'),
        publicEmails: z.boolean().default(false).describe('Shows the e-mail of a comment in full.'),
      })
      .prefault({})
      .describe('Comments on the poll.'),
    retentionDays: z
      .int()
      .min(1)
      .max(3_650)
      .default(30)
      .describe('Days after the final result until what is stored of voters is deleted; the numbers stay.'),
  }),
  {
    at: 'closesAt',
    cel: '!has(self.opensAt) || !has(self.closesAt) || self.opensAt < self.closesAt',
    message: 'must be later than opensAt',
    holds: ({ opensAt, closesAt }) => !(Date.parse(opensAt ?? '') >= Date.parse(closesAt ?? '')),
  },
);

/** A valid poll with its defaults filled in. */
export type PollSpec = z.output<typeof pollSchema>;

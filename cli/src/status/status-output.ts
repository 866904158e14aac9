import * as z from 'zod';

const instantOrNull = z.iso.datetime({ offset: true }).nullable();
const textOrNull = z.string().nullable();

const condition = z.strictObject({
  type: z.string().describe('Which condition it is, as Ready.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().describe('Why, in one word for programs.'),
  message: z.string().describe('Why, in a sentence.'),
  since: instantOrNull.describe('When its status last changed.'),
});

const component = z.strictObject({
  name: z.string().describe('Which part it is.'),
  desired: z.int().describe('Pods, or processes, that are asked for.'),
  ready: z.int().describe('Those that are ready.'),
  image: textOrNull.describe('Image that it runs.'),
  message: textOrNull.describe('What is wrong with it; null: nothing.'),
});

const event = z.strictObject({
  at: instantOrNull.describe('When it happened last.'),
  type: z.string().describe('Normal or Warning.'),
  reason: z.string().describe('What happened, in one word.'),
  note: z.string().describe('What happened, in a sentence.'),
  count: z.int().describe('How many times it happened.'),
});

/** What `voteapp status` prints of a poll with `-o json` and `-o yaml`. */
export const statusOutput = z
  .strictObject({
    name: z.string().describe('Name of the poll.'),
    namespace: z.string().describe('Its namespace.'),
    local: z.boolean().describe('Whether it runs on this machine rather than on a cluster.'),
    ready: z.boolean().nullable().describe('Whether every part runs, as asked for last; null: not known.'),
    round: z.string().describe('Name of the round.'),
    state: z
      .enum(['Scheduled', 'Open', 'Suspended', 'Draining', 'Final'])
      .nullable()
      .describe('Where the poll is in its life, as its services see it; null: not known.'),
    opensAt: instantOrNull.describe('First moment of voting; null: at once.'),
    closesAt: instantOrNull.describe('First moment after voting; null: when somebody closes it.'),
    timeZone: z.string().describe('IANA zone that these times are meant in.'),
    revision: z.int().describe('Revision of the definition as it was asked for last.'),
    judgedRevision: z.int().nullable().describe('Revision that votes are judged by; null: not known.'),
    urls: z
      .strictObject({ vote: textOrNull, results: textOrNull })
      .describe('Where people reach it; null where nobody was told.'),
    version: textOrNull.describe('Release that runs; null: not known.'),
    tally: z
      .strictObject({
        counted: z.int().describe('Votes counted.'),
        leader: textOrNull.describe('Id of the option with the most votes; null while hidden or level.'),
        final: z.boolean().describe('Whether it no longer changes.'),
        assumed: z
          .boolean()
          .describe('Whether final is assumed, as on SQS: the queue was empty, and no vote had come for a minute.'),
        asOf: instantOrNull.describe('When it was read.'),
      })
      .nullable()
      .describe('The count; null: not known.'),
    components: z.array(component).describe('The parts that run.'),
    conditions: z.array(condition).describe('The state of the whole, one condition per question.'),
    events: z
      .array(event)
      .nullable()
      .describe('What happened lately, the last first; null: not asked for, or not to be seen by this user.'),
    next: z.string().describe('What to do now, in a sentence.'),
  })
  .describe('A poll, as `voteapp status` shows it.');

/** What `voteapp status -A` prints with `-o json` and `-o yaml`. */
export const statusListOutput = z
  .strictObject({ polls: z.array(statusOutput).describe('Without their events.') })
  .describe('The polls of a cluster, as `voteapp status -A` shows them.');

export type StatusOutput = z.output<typeof statusOutput>;
export type StatusListOutput = z.output<typeof statusListOutput>;

import { results, totals } from '@voteapp/contracts/http/results';
import * as z from 'zod';

/** What `voteapp tally` prints with `-o json` and `-o yaml`. */
export const tallyOutput = z
  .strictObject({
    name: z.string().describe('Name of the poll.'),
    namespace: z.string().describe('Its namespace.'),
    local: z.boolean().describe('Whether it runs on this machine rather than on a cluster.'),
    timeZone: z.string().describe('IANA zone of the poll.'),
    ...totals.shape,
    hidden: z.string().nullable().describe('Why the numbers per option are not shown; null: they are.'),
    options: results.shape.options.nullable().describe('The options in their order; null while they are hidden.'),
    hours: results.shape.hours.nullable().describe('Votes cast per hour of the poll’s zone; null while hidden.'),
  })
  .describe('The count of a round, as `voteapp tally` shows it.');

export type TallyOutput = z.output<typeof tallyOutput>;

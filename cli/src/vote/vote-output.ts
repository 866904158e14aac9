import * as z from 'zod';

/** What `voteapp vote` prints with `-o json` and `-o yaml`. */
export const voteOutput = z
  .strictObject({
    name: z.string().describe('Name of the poll.'),
    namespace: z.string().describe('Its namespace.'),
    local: z.boolean().describe('Whether it runs on this machine rather than on a cluster.'),
    option: z.string().describe('Id of the option.'),
    asked: z.int().describe('Votes that were to be sent.'),
    accepted: z.int().describe('Votes that are stored; the count follows.'),
    refused: z
      .array(
        z.strictObject({
          code: z.string().describe('Why, in one word for programs.'),
          message: z.string().describe('Why, in a sentence.'),
          votes: z.int().describe('How many.'),
        }),
      )
      .describe('Votes that were refused, and are not stored.'),
    unknown: z.int().describe('Votes of which it is not known whether they are stored: nothing answered.'),
    id: z.string().nullable().describe('Name of the accepted vote; null where there are several, or none.'),
    receipt: z.string().nullable().describe('Opens the results of a poll that shows them after the vote; else null.'),
  })
  .describe('What became of the votes of `voteapp vote`.');

export type VoteOutput = z.output<typeof voteOutput>;

import * as z from 'zod';

/** What `voteapp reconcile`, `voteapp hibernate` and `voteapp restart` print with `-o json` and `-o yaml`. */
export const actOutput = z
  .strictObject({
    name: z.string().describe('Name of the poll.'),
    namespace: z.string().describe('Its namespace.'),
    act: z
      .enum(['reconcile pause', 'reconcile resume', 'hibernate on', 'hibernate off', 'restart'])
      .describe('What was asked for.'),
    changed: z.boolean().describe('Whether anything had to be changed.'),
    settled: z.boolean().describe('Whether it was waited for, and is so; false: it is asked for.'),
    message: z.string().describe('What is the case, in a sentence.'),
  })
  .describe('A poll after something was done with it.');

export type ActOutput = z.output<typeof actOutput>;

import * as z from 'zod';

/** What `voteapp browse` prints with `-o json` and `-o yaml`, as soon as the addresses answer. */
export const browseOutput = z
  .strictObject({
    name: z.string().describe('Name of the poll.'),
    namespace: z.string().describe('Its namespace.'),
    local: z.boolean().describe('Whether it runs on this machine rather than on a cluster.'),
    forwarded: z.boolean().describe('Whether the addresses are there only as long as the command runs.'),
    urls: z.strictObject({
      vote: z.string().describe('Where to vote.'),
      results: z.string().describe('Where the results are shown.'),
    }),
  })
  .describe('Where a poll is, as `voteapp browse` opens it.');

export type BrowseOutput = z.output<typeof browseOutput>;

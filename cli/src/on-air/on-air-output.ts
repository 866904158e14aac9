import * as z from 'zod';

const instantOrNull = z.iso.datetime().nullable();

/** What `voteapp poll` prints with `-o json` and `-o yaml`. */
export const onAirOutput = z
  .strictObject({
    name: z.string().describe('Name of the poll.'),
    namespace: z.string().describe('Its namespace.'),
    local: z.boolean().describe('Whether it runs on this machine rather than on a cluster.'),
    round: z.string().describe('Name of the round.'),
    changed: z.boolean().describe('Whether anything had to be changed.'),
    revision: z.int().describe('Revision of the definition as it is now.'),
    judgedRevision: z.int().nullable().describe('Revision that votes are judged by; null: not known.'),
    state: z
      .enum(['Scheduled', 'Open', 'Suspended', 'Draining', 'Final'])
      .nullable()
      .describe('Where the poll is in its life, by that revision; null: not known.'),
    opensAt: instantOrNull.describe('First moment of voting; null: at once.'),
    closesAt: instantOrNull.describe('First moment after voting; null: when somebody closes it.'),
    suspend: z.boolean().describe('Whether votes are refused until it is resumed.'),
  })
  .describe('A poll after `voteapp poll`.');

export type OnAirOutput = z.output<typeof onAirOutput>;

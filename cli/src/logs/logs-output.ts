import * as z from 'zod';

import { LOG_LEVELS } from './levels.ts';

/** What `voteapp logs` prints with `-o json`, for each line. */
export const logLineOutput = z
  .strictObject({
    time: z.string().describe('When the node took it, RFC 3339.'),
    pod: z.string().describe('Name of the pod.'),
    component: z.string().describe('Part that the pod is of.'),
    container: z.string().describe('Name of the container.'),
    level: z.enum(LOG_LEVELS).nullable().describe('Its level; null where it says none.'),
    line: z.string().describe('What the container wrote.'),
  })
  .describe('A line of a log, as `voteapp logs` prints it.');

export type LogLineOutput = z.output<typeof logLineOutput>;

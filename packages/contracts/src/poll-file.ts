import * as z from 'zod';

import { type BasePoll, basePoll } from './definition.ts';
import { NAME_PATTERN } from './names.ts';
import { pollSchema } from './poll.ts';

/**
 * The JSON file that vote and worker are given (POLL_FILE): the poll with a revision that grows with every edit
 * (metadata.generation on a cluster, a counter in embedded mode).
 */
const pollFileSchema = z.strictObject({
  name: z.string().regex(NAME_PATTERN),
  revision: z.int().min(1),
  poll: pollSchema,
});

export type PollFile = z.input<typeof pollFileSchema>;

/** Throws a ZodError or a SyntaxError when the text is not a poll file. */
export function parsePollFile(text: string): { revision: number; base: BasePoll } {
  const { name, revision, poll } = pollFileSchema.parse(JSON.parse(text));
  return { revision, base: basePoll(poll, name) };
}

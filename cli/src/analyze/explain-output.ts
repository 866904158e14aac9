import * as z from 'zod';

import { LEVELS } from './levels.ts';

/** What `voteapp analyze --explain` prints with `-o json` and `-o yaml`. */
export const explainOutput = z
  .strictObject({
    codes: z
      .array(
        z.strictObject({
          code: z.string().describe('As VAP0101.'),
          level: z.enum(LEVELS).describe('How bad it is.'),
          title: z.string().describe('What is found, in a few words.'),
          meaning: z.string().describe('What it does to a poll, in a sentence.'),
          advice: z.string().describe('What to do about it, in a sentence.'),
        }),
      )
      .describe('The code that was asked for, or all of them.'),
  })
  .describe('What codes of `voteapp analyze` mean.');

export type ExplainOutput = z.output<typeof explainOutput>;

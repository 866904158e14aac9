import * as z from 'zod';

import { LEVELS } from './levels.ts';

const finding = z.strictObject({
  code: z
    .string()
    .regex(/^VAP[0-9]{4}$/)
    .describe('What is found; docs/reference/analyze.md has all of them.'),
  level: z.enum(LEVELS).describe('How bad it is.'),
  title: z.string().describe('What is found, in a few words that are of the code.'),
  resource: z
    .strictObject({
      kind: z.string().describe('Always VotingApp.'),
      namespace: z.string().optional().describe('Its namespace, where one is named.'),
      name: z.string().describe('Its name.'),
    })
    .optional()
    .describe('Of which resource; absent where it is of the whole file.'),
  path: z.string().describe('Path of the field, as spec.poll.closesAt; empty where it is of the whole.'),
  message: z.string().describe('What is the case, in a sentence.'),
  advice: z.string().describe('What to do about it, in a sentence.'),
  source: z
    .strictObject({
      file: z.string().describe('The file as it was named; - is standard input.'),
      line: z.int().min(1).describe('Line in it, from 1.'),
      column: z.int().min(1).describe('Column in it, from 1.'),
    })
    .optional()
    .describe('Where it is written; absent of a resource of a cluster.'),
});

export const analyzeOutput = z
  .strictObject({
    findings: z.array(finding).describe('What was found, the worst first.'),
    counts: z
      .strictObject({
        Error: z.int().min(0).describe('How many errors.'),
        Warning: z.int().min(0).describe('How many warnings.'),
        Info: z.int().min(0).describe('How many hints.'),
      })
      .describe('How many findings there are of each level.'),
    failed: z.boolean().describe('Whether any is at or above the failure threshold: the exit code is 1 then.'),
  })
  .describe('Answer of `voteapp analyze -o json`.');

export type AnalyzeOutput = z.output<typeof analyzeOutput>;
export type Finding = z.output<typeof finding>;

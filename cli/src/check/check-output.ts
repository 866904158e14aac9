import * as z from 'zod';

const result = z.enum(['ok', 'warn', 'fail']).describe('fail: it does not work so; warn: something of it does not.');

const check = z.strictObject({
  result,
  message: z.string().describe('What was found, in a sentence without its full stop.'),
  hint: z.string().optional().describe('What to do about it.'),
});

/** `voteapp check -o json`. */
export const checkOutput = z
  .strictObject({
    success: z.boolean().describe('Whether nothing fails.'),
    categories: z
      .array(
        z.strictObject({
          name: z.string().describe('What the checks are about.'),
          checks: z.array(check),
        }),
      )
      .describe('All checks, in groups.'),
  })
  .describe('Whether a cluster can run polls, and does.');

export type CheckOutput = z.output<typeof checkOutput>;
export type Category = CheckOutput['categories'][number];
export type Check = Category['checks'][number];

export function ok(message: string): Check {
  return { result: 'ok', message };
}

export function warn(message: string, hint: string): Check {
  return { result: 'warn', message, hint };
}

export function fail(message: string, hint: string): Check {
  return { result: 'fail', message, hint };
}

import * as z from 'zod';

import { publicPoll } from './poll.ts';

const count = z.int().min(0);

/**
 * The reason of a first final result that is not proved: the queue keeps no order, was empty by its own account, and no
 * vote had come for a minute.
 */
export const ASSUMED = 'assumed';

/** What is shown of a round even while its results are hidden. */
export const totals = z.object({
  round: z.string(),
  title: z.string(),
  state: publicPoll.shape.state,
  asOf: z.iso.datetime().describe('When the numbers were read.'),
  accepted: count.describe('Entries stored: cast + duplicates + rejected.'),
  duplicates: count.describe('Entries whose id had been applied already.'),
  rejected: count.describe('Entries set aside with a reason.'),
  late: count.describe('Votes accepted after an on-air close by a replica that had not heard of it yet.'),
  cast: count.describe('Votes applied.'),
  counted: count.describe('Votes in the tally, under the policy of the poll.'),
  replaced: count.describe('Votes applied that another vote of the same voter outweighs: cast − counted.'),
  pending: count.nullable().describe('Accepted votes not yet applied; null: not known right now.'),
  final: z
    .object({
      version: z.int().min(1),
      at: z.iso.datetime(),
      reason: z
        .string()
        .optional()
        .describe(
          `Version 1: "${ASSUMED}" where the queue keeps no order (SQS): it was empty by its own account, and no vote ` +
            'had come for 60 s. Absent: it is proved. Later versions: why the result was repaired.',
        ),
    })
    .nullable()
    .describe('Set once every accepted vote is counted; it is never withdrawn.'),
});

/** `GET /api/results`, and the data of each `results` event of `/api/results/stream`. */
export const results = totals.extend({
  options: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      color: z.string().optional(),
      votes: count,
      share: z.number().min(0).max(1).describe('votes ÷ counted; 0 while nothing is counted.'),
      cast: count,
    }),
  ),
  hours: z
    .array(z.object({ hour: z.iso.datetime(), cast: count, options: z.array(count) }))
    .describe('Votes cast per hour of the poll’s time zone; `options` follows the order of `options`.'),
});

/** 403 of `GET /api/results` while the numbers per option are hidden; also the data of a `totals` event. */
export const hiddenResults = z.object({
  error: z.object({ code: z.literal('results_hidden'), message: z.string() }),
  totals,
});

/** Whether a result is final by assumption: no proof of it, and no repair since. */
export function isAssumed(final: Totals['final']): boolean {
  return final?.version === 1 && final.reason === ASSUMED;
}

export type Totals = z.output<typeof totals>;
export type Results = z.output<typeof results>;
export type HiddenResults = z.output<typeof hiddenResults>;

/** `GET /api/rounds` */
export const rounds = z.object({
  rounds: z.array(
    z.object({ round: z.string(), title: z.string(), state: publicPoll.shape.state, current: z.boolean() }),
  ),
});
export type Rounds = z.output<typeof rounds>;

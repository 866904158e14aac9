import * as z from 'zod';

import type { PollState } from '../definition.ts';
import { listMap } from './lists.ts';
import { characters } from './names.ts';
import { instant } from './time.ts';

const POLL_STATES = ['Scheduled', 'Open', 'Suspended', 'Draining', 'Final'] as const satisfies readonly PollState[];

/** Longest message of a condition or a component, in characters: longer ones are refused with the whole status. */
export const LONGEST_MESSAGE = 4_096;

function count(of: string) {
  return z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe(of);
}

function generation() {
  return z.int().min(0).max(Number.MAX_SAFE_INTEGER);
}

const condition = z.strictObject({
  type: z
    .string()
    .max(64)
    .regex(/^[A-Z][A-Za-z]*$/)
    .describe('Which condition it is.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Z][A-Za-z0-9]*$/)
    .describe('Why, in one CamelCase word for programs.'),
  message: characters(LONGEST_MESSAGE).describe('Why, in a sentence that names the object and the cause.'),
  lastTransitionTime: instant().describe('When its status last changed.'),
  observedGeneration: generation().optional().describe('metadata.generation that it was judged by.'),
});

const component = z.strictObject({
  name: z.string().min(1).max(63).describe('Which part it is.'),
  desired: count('Pods that are asked for.'),
  ready: count('Pods that are ready.'),
  image: characters(512).optional().describe('Image that it runs.'),
  message: characters(LONGEST_MESSAGE).optional().describe('What is wrong with it. Absent: nothing.'),
});

const tally = z.strictObject({
  total: count('Votes counted.'),
  options: listMap(
    z
      .array(z.strictObject({ id: z.string().max(40).describe('Id of the option.'), votes: count('Its votes.') }))
      .max(50),
    'id',
  )
    .optional()
    .describe('Votes per option. Absent while the poll hides them.'),
  leader: z
    .string()
    .max(40)
    .optional()
    .describe('Id of the option with the most votes. Absent while hidden, without votes, or when several are level.'),
  asOf: instant().describe('When it was read.'),
  final: z.boolean().describe('Whether it no longer changes.'),
  assumed: z
    .boolean()
    .optional()
    .describe(
      'True where final is assumed: the queue, of SQS, was empty by its own account, and no vote had come for a minute. Absent: final is proved.',
    ),
});

/** What the operator reports. */
export const statusSchema = z
  .strictObject({
    observedGeneration: generation().optional().describe('metadata.generation that was last acted on.'),
    conditions: listMap(z.array(condition).max(16), 'type')
      .optional()
      .describe('The state of the whole, one condition per question.'),
    poll: z
      .strictObject({
        state: z.enum(POLL_STATES).describe('Where the poll is in its life.'),
        observedRevision: generation()
          .optional()
          .describe('Revision of the poll’s definition (metadata.generation) that the services judge votes by.'),
      })
      .optional()
      .describe('The poll as its services see it.'),
    components: listMap(z.array(component).max(16), 'name').optional().describe('The parts that run.'),
    urls: z
      .strictObject({
        vote: z.string().max(512).optional().describe('Where voters vote.'),
        results: z.string().max(512).optional().describe('Where the results are shown.'),
      })
      .optional()
      .describe('Addresses of the services.'),
    version: z.string().max(64).optional().describe('Release that runs.'),
    tally: tally.optional().describe('The count, at most 10 s old while it changes.'),
  })
  .describe('What is there. Written by the operator alone.');

export type VotingAppStatus = z.output<typeof statusSchema>;

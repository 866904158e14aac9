import * as z from 'zod';

// The name a vote without an id of its own is given: producer, shard, batch and index. Callers may not use that form.
const GIVEN_ID = /^[0-9a-f]{16}-\d+-\d+-\d+$/;
const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u;

export const MAX_BODY_BYTES = 8 * 1024;
export const MAX_VOTER_BYTES = 256;

// Half a surrogate pair has no UTF-8: two such texts would become one when they are hashed.
const callersText = z
  .string({ error: 'must be a string' })
  .min(1, 'must not be empty')
  .regex(NO_CONTROL_CHARACTERS, 'must not contain control characters')
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');

/** A voter that the caller names: text without control characters; its length in bytes is checked apart (413). */
export const voterName = callersText;

/** `POST /api/vote` */
export const voteRequest = z.object({
  option: z.string({ error: 'must be the id of an option' }).describe('Id of an option of the poll.'),
  voter: voterName.optional().describe('Names the voter; absent, the voter is the cookie userID.'),
  id: callersText
    .max(64, 'must be at most 64 characters')
    .refine((id) => !GIVEN_ID.test(id), 'must not have the form of an id that this service gives')
    .optional()
    .describe('The caller’s own id of this vote: sent again with the same id, it is applied once.'),
});

/** 202 of `POST /api/vote`: the vote is stored; the count follows. */
export const voteAccepted = z.object({
  status: z.literal('accepted'),
  id: z.string().describe('The caller’s id, or the name this vote was given.'),
  round: z.string(),
  option: z.string(),
  seq: z.int().describe('Orders the votes of one voter: clock in ms × 4096, or more.'),
  receipt: z.string().optional().describe('Opens the results of a poll whose visibility is AfterVote.'),
});

/** `POST /api/postVotes` (S0) */
export const postVotesRequest = z.object({ userID: voterName, vote: z.string().min(1) });

export const POST_VOTES_ACCEPTED = { voteStatus: 200 } as const;
/** The spelling is the predecessor's; clients compare it. */
export const POST_VOTES_BAD_REQUEST = { badRequest: 'Your json doesnt pass in the application creteria' } as const;

/** `POST /votar` (S1): the option's position, counted from 1, as a number or, as S1 took it too, in digits. */
export const votarRequest = z.object({
  voto: z.union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,3}$/)
        .transform(Number),
    ],
    {
      error: 'must be the number of an option',
    },
  ),
});

export function votarAccepted(voto: number, hostname: string): string {
  return ` [x] Sent to queue ${voto} FROM ${hostname}`;
}

export const VOTAR_INVALID = { status: 406, text: 'NÚMERO DE VOTO INVÁLIDO' } as const;

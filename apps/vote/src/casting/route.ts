import type { RequestError } from '@voteapp/contracts/errors';

import type { RequestFacts } from './caller.ts';
import type { AcceptedVote, Ballot } from './judge.ts';
import type { Reply } from './reply.ts';

/** How one address takes a vote: from its body to a ballot, and from the outcome to its own answer. */
export interface CastingRoute {
  /** Throws RequestError when the request is not a ballot. */
  readonly ballotOf: (body: Buffer, request: RequestFacts) => Ballot;
  readonly accepted: (vote: AcceptedVote) => Reply;
  readonly refused: (error: RequestError, request: RequestFacts) => Reply;
}

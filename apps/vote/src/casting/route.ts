import type { IncomingMessage } from 'node:http';

import type { RequestError } from '@voteapp/contracts/errors';

import type { AcceptedVote, Ballot } from './judge.ts';
import type { Reply } from './reply.ts';

/** How one address takes a vote: from its body to a ballot, and from the outcome to its own answer. */
export interface CastingRoute {
  /** Throws RequestError when the request is not a ballot. */
  readonly ballotOf: (body: Buffer, request: IncomingMessage) => Ballot;
  readonly accepted: (vote: AcceptedVote) => Reply;
  readonly refused: (error: RequestError, request: IncomingMessage) => Reply;
}

import type { ErrorCode } from '@voteapp/contracts/errors';
import { POST_VOTES_ACCEPTED, POST_VOTES_BAD_REQUEST, postVotesRequest } from '@voteapp/contracts/http/vote';

import { jsonFields } from './body.ts';
import { json, refusal } from './reply.ts';
import type { CastingRoute } from './route.ts';

/** What the predecessor answered with one body for all, a wrong content type included. */
const BAD_REQUESTS: ReadonlySet<ErrorCode> = new Set([
  'malformed_body',
  'invalid_field',
  'unknown_option',
  'unsupported_media_type',
]);

/** `POST /api/postVotes` (S0) */
export const postVotes: CastingRoute = {
  ballotOf(body, request) {
    const { userID, vote } = jsonFields(body, request, postVotesRequest);
    return { indexIn: (options) => options.findIndex(({ id }) => id === vote), voter: userID };
  },
  accepted: () => json(200, POST_VOTES_ACCEPTED),
  refused: (error) => (BAD_REQUESTS.has(error.code) ? json(400, POST_VOTES_BAD_REQUEST) : refusal(error)),
};

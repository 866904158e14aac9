import { voteRequest } from '@voteapp/contracts/http/vote';

import { jsonFields } from './body.ts';
import { json, refusal } from './reply.ts';
import type { CastingRoute } from './route.ts';

/** `POST /api/vote` */
export const apiVote: CastingRoute = {
  ballotOf(body, request) {
    const { option, voter, id } = jsonFields(body, request, voteRequest);
    return { indexIn: (options) => options.findIndex((each) => each.id === option), voter, id };
  },
  accepted({ id, round, option, seq, receipt }) {
    return json(202, { status: 'accepted', id, round, option, seq, receipt });
  },
  refused: refusal,
};

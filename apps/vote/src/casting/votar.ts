import { hostname } from 'node:os';

import { VOTAR_INVALID, votarAccepted, votarRequest } from '@voteapp/contracts/http/vote';

import { jsonFields } from './body.ts';
import type { Ballot } from './judge.ts';
import { refusal, text } from './reply.ts';
import type { CastingRoute } from './route.ts';

/** A number that no option has is answered like an unknown one. */
function ballot(position: number): Ballot {
  return {
    indexIn: (options) =>
      Number.isInteger(position) && position >= 1 && position <= options.length ? position - 1 : -1,
  };
}

const answers: Pick<CastingRoute, 'accepted' | 'refused'> = {
  accepted: ({ index }) => text(200, votarAccepted(index + 1, hostname())),
  refused: (error) =>
    error.code === 'unknown_option' ? text(VOTAR_INVALID.status, VOTAR_INVALID.text) : refusal(error),
};

/** `POST /votar` (S1): options by position, counted from 1 */
export const votar: CastingRoute = {
  ...answers,
  ballotOf: (body, request) => ballot(jsonFields(body, request, votarRequest).voto),
};

/** `POST /votar/<n>`: the position is in the path, a body is not looked at. */
export function votarAt(position: string): CastingRoute {
  return { ...answers, ballotOf: () => ballot(/^\d{1,3}$/.test(position) ? Number(position) : 0) };
}

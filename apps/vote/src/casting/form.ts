import { RequestError } from '@voteapp/contracts/errors';

import { textOf } from './body.ts';
import type { RequestFacts } from './caller.ts';
import { page } from './reply.ts';
import type { CastingRoute } from './route.ts';

/** `POST /`: the form of the vote page. `renderRefused` is the page that tells the voter why the vote was not taken. */
export function createForm(renderRefused: (error: RequestError, request: RequestFacts) => string): CastingRoute {
  return {
    ballotOf(body, request) {
      const vote = new URLSearchParams(textOf(body, request, 'application/x-www-form-urlencoded')).get('vote');
      if (vote === null) throw new RequestError('invalid_field', { message: 'Choose an option.', field: 'vote' });
      return { indexIn: (options) => options.findIndex(({ id }) => id === vote) };
    },
    // The browser follows with GET, so that a reload does not vote again.
    accepted: () => ({ ...page(303, ''), headers: { location: '/' } }),
    refused: (error, request) => page(error.status, renderRefused(error, request)),
  };
}

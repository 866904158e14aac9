import type { RequestListener } from 'node:http';

import { RequestError } from '@voteapp/contracts/errors';

import { apiVote } from './casting/api-vote.ts';
import { Casting, type CastingDeps, closeIfDraining } from './casting/casting.ts';
import { postVotes } from './casting/post-votes.ts';
import { refusal, send } from './casting/reply.ts';
import type { CastingRoute } from './casting/route.ts';
import { votar, votarAt } from './casting/votar.ts';

export interface ListenerDeps extends CastingDeps {
  readonly form: CastingRoute;
  /** Answers everything that is not a vote. */
  readonly app: RequestListener;
}

/** The page itself, which Express serves at the form's address. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** Addresses that take votes, beside the form's `/` and `/votar/<n>`. */
export const CASTING_ROUTES: ReadonlyMap<string, CastingRoute> = new Map([
  ['/api/vote', apiVote],
  ['/api/postVotes', postVotes],
  ['/votar', votar],
]);
const VOTAR_AT = /^\/votar\/([^/]+)$/;

/**
 * Takes the votes before Express sees them, and so about five times as many: Express changes the prototype of every
 * request and response.
 */
export function createListener(deps: ListenerDeps): RequestListener {
  const { form, app, draining } = deps;

  function routeOf(path: string): CastingRoute | null {
    if (path === '/') return form;
    const position = VOTAR_AT.exec(path)?.[1];
    return position === undefined ? (CASTING_ROUTES.get(path) ?? null) : votarAt(position);
  }

  return (request, response) => {
    const { method = '', url = '' } = request;
    const [path = ''] = url.split('?', 1);
    const route = routeOf(path);
    if (route === null || (route === form && READS.has(method))) {
      closeIfDraining(response, draining());
      app(request, response);
    } else if (method === 'POST') {
      new Casting(deps, route, request, response).start();
    } else {
      const allow = route === form ? [...READS, 'POST'].join(', ') : 'POST';
      send(request, response, { ...refusal(new RequestError('method_not_allowed')), headers: { allow } });
    }
  };
}

import type { RequestListener } from 'node:http';

import { RequestError } from '@voteapp/contracts/errors';

import { closeIf, HttpCaller } from './casting/caller.ts';
import { Casting, type CastingDeps } from './casting/casting.ts';
import { refusal, send } from './casting/reply.ts';
import type { CastingRoute } from './casting/route.ts';
import { pathOf, routeOf } from './casting/routes.ts';

export interface ListenerDeps extends CastingDeps {
  readonly form: CastingRoute;
  /** Answers everything that is not a vote. */
  readonly app: RequestListener;
}

/** The page itself, which Express serves at the form's address. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Takes the votes before Express sees them, and so about five times as many: Express changes the prototype of every
 * request and response.
 */
export function createListener(deps: ListenerDeps): RequestListener {
  const { form, app, draining } = deps;

  return (request, response) => {
    const { method = '', url = '' } = request;
    const route = pathOf(url) === '/' ? form : routeOf(url);
    if (route === null || (route === form && READS.has(method))) {
      closeIf(draining(), response);
      app(request, response);
    } else if (method === 'POST') {
      const caller = new HttpCaller(request, response);
      caller.read(new Casting(deps, route, caller));
    } else {
      const allow = route === form ? [...READS, 'POST'].join(', ') : 'POST';
      send(request, response, { ...refusal(new RequestError('method_not_allowed')), headers: { allow } });
    }
  };
}

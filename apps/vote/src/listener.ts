import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { type ErrorCode, RequestError } from '@voteapp/contracts/errors';
import type { Logger } from '@voteapp/kit/log';
import { retryAfterSeconds } from '@voteapp/web/app';

import { apiVote } from './casting/api-vote.ts';
import { readBody } from './casting/body.ts';
import type { CastVote } from './casting/cast-vote.ts';
import { postVotes } from './casting/post-votes.ts';
import { isOutage, refusal, type Reply, send, sendUnread } from './casting/reply.ts';
import type { CastingRoute } from './casting/route.ts';
import { votar, votarAt } from './casting/votar.ts';

export interface ListenerDeps {
  readonly castVote: CastVote;
  readonly form: CastingRoute;
  /** Answers everything that is not a vote. */
  readonly app: RequestListener;
  readonly now: () => number;
  readonly random: () => number;
  /** True once the server takes no more connections. */
  readonly draining: () => boolean;
  readonly log: Logger;
  readonly onAccepted: () => void;
  readonly onRefused: (code: ErrorCode) => void;
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
 * request and response. Nothing is logged of a vote that is accepted or refused; both are counted.
 */
export function createListener(deps: ListenerDeps): RequestListener {
  const { castVote, form, app, now, random, draining, log, onAccepted, onRefused } = deps;

  function routeOf(path: string): CastingRoute | null {
    if (path === '/') return form;
    const position = VOTAR_AT.exec(path)?.[1];
    return position === undefined ? (CASTING_ROUTES.get(path) ?? null) : votarAt(position);
  }

  /** A connection that is kept alive would bring its next request to a server that is gone. */
  function closeIfDraining(response: ServerResponse): void {
    if (draining()) response.shouldKeepAlive = false;
  }

  function replyTo(error: unknown, route: CastingRoute, request: IncomingMessage): Reply {
    const known = error instanceof RequestError;
    if (!known) log.error({ err: error }, 'Vote failed');
    const refused = known ? error : new RequestError('internal');
    onRefused(refused.code);
    const reply = route.refused(refused, request);
    if (!isOutage(reply)) return reply;
    return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfterSeconds(random)) } };
  }

  async function take(route: CastingRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body: Buffer | null;
    try {
      body = await readBody(request);
    } catch (error) {
      sendUnread(request, response, replyTo(error, route, request));
      return;
    }
    if (body === null) return;
    const cookies: string[] = [];
    let reply: Reply;
    try {
      const attempt = { request, arrival: now(), cookies };
      reply = route.accepted(await castVote(route.ballotOf(body, request), attempt));
      onAccepted();
    } catch (error) {
      reply = replyTo(error, route, request);
    }
    if (cookies.length > 0) reply = { ...reply, headers: { ...reply.headers, 'set-cookie': cookies } };
    closeIfDraining(response);
    send(request, response, reply);
  }

  function refuseMethod(request: IncomingMessage, response: ServerResponse, allow: string): void {
    send(request, response, { ...refusal(new RequestError('method_not_allowed')), headers: { allow } });
  }

  return (request, response) => {
    const { method = '', url = '' } = request;
    const [path = ''] = url.split('?', 1);
    const route = routeOf(path);
    if (route === null || (route === form && READS.has(method))) {
      closeIfDraining(response);
      app(request, response);
    } else if (method === 'POST') {
      take(route, request, response).catch((error: unknown) => {
        log.error({ err: error }, 'Vote could not be answered');
        response.destroy();
      });
    } else {
      refuseMethod(request, response, route === form ? [...READS, 'POST'].join(', ') : 'POST');
    }
  };
}

import { CLOCK_HEADER } from '@voteapp/contracts/http/poll';
import { answerErrors, createWebApp } from '@voteapp/web/app';
import type { Express, RequestHandler } from 'express';

import type { FrontDeps } from './deps.ts';
import { commentRoutes } from './routes/comments.ts';
import { compatibilityRoutes } from './routes/compat.ts';
import { csvRoutes } from './routes/csv.ts';
import { definitionRoutes } from './routes/definition.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { pageRoutes } from './routes/page.ts';
import { pollRoutes } from './routes/poll.ts';
import { resultsRoutes } from './routes/results.ts';
import { roundsRoutes } from './routes/rounds.ts';
import { streamRoutes } from './routes/stream.ts';

/** Adds routes to the app. */
export type Routes = (app: Express, deps: FrontDeps) => void;

export const ROUTES: readonly Routes[] = [
  pageRoutes,
  resultsRoutes,
  streamRoutes,
  csvRoutes,
  definitionRoutes,
  pollRoutes,
  roundsRoutes,
  commentRoutes,
  compatibilityRoutes,
  openApiRoutes,
];

// What is read here is public and no cookie plays a part, so any site may read it. Writing is left to this site: a
// preflight for a POST gets no permission.
const allowReading: RequestHandler = (request, response, next) => {
  const asked = request.get('access-control-request-method');
  if (request.method === 'OPTIONS' && (asked === 'GET' || asked === 'HEAD')) {
    response.set({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'authorization, if-none-match',
      'access-control-max-age': '86400',
    });
    response.status(204).end();
    return;
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    response.set({ 'access-control-allow-origin': '*', 'access-control-expose-headers': `etag, ${CLOCK_HEADER}` });
  }
  next();
};

/** The app without a port: every route of `routes` over one set of dependencies. */
export function createApp(deps: FrontDeps, observeRequests: RequestHandler, routes = ROUTES): Express {
  const app = createWebApp();
  app.use(observeRequests, allowReading);
  for (const add of routes) add(app, deps);
  answerErrors(app, deps.log, deps.random);
  return app;
}

import type { Logger } from '@voteapp/kit/log';
import { RequestError } from '@voteapp/contracts/errors';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';

import { ASSETS_PATH, serveAsset } from './assets.ts';
import { renderErrorPage } from './error-page.ts';

type Method = 'get' | 'post' | 'put' | 'delete';

/** Handlers of one address by method, each a single one or a chain that starts with a body parser. */
export type Methods = Readonly<Partial<Record<Method, RequestHandler | RequestHandler[]>>>;

/**
 * On every answer of {@link createWebApp}, and for pages that are answered before it. TLS ends before these services,
 * so HTTPS is neither promised (HSTS) nor demanded (upgrade-insecure-requests).
 */
export const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'connect-src': ["'self'"],
      'img-src': ["'self'", 'https:', 'data:'],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
});

/** An Express app with the security headers and the pages' assets on it. */
export function createWebApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders);
  route(app, ASSETS_PATH, { get: serveAsset });
  return app;
}

/** Adds an address that answers other methods with 405 and `Allow`. HEAD comes with `get`. */
export function route(app: Express, path: string, methods: Methods): void {
  const names = Object.keys(methods) as Method[];
  const allow = names.flatMap((name) => (name === 'get' ? ['GET', 'HEAD'] : [name.toUpperCase()])).join(', ');
  const entry = app.route(path);
  for (const name of names) entry[name](methods[name] ?? []);
  entry.all((_request, response) => {
    response.set('allow', allow);
    throw new RequestError('method_not_allowed');
  });
}

/**
 * Goes on an app after its last route: what no route took is 404, and what was thrown becomes an error body (JSON, or
 * a page for a browser). Errors that no client caused are logged and answered as `internal`.
 */
export function answerErrors(app: Express, log: Logger, random: () => number = Math.random): void {
  app.use(() => {
    throw new RequestError('not_found');
  });
  app.use(errorHandler(log, random));
}

/** Seconds for `Retry-After`: 1 to 3 at random, so that those who were refused do not come back at once. */
export function retryAfterSeconds(random: () => number): number {
  return 1 + Math.floor(random() * 3);
}

function errorHandler(log: Logger, random: () => number): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const refusal = asRequestError(error) ?? new RequestError('internal');
    if (refusal.code === 'internal')
      log.error({ err: error, method: request.method, path: request.path }, 'Request failed');
    // Express cuts the connection of an answer that has begun.
    if (response.headersSent) return next(error);
    const { status, message } = refusal;
    if (status === 503) response.set('retry-after', String(retryAfterSeconds(random)));
    response.status(status).set('cache-control', 'no-store').vary('accept');
    if (request.accepts(['json', 'html']) === 'html') response.type('html').send(renderErrorPage({ status, message }));
    else response.json(refusal.body());
  };
}

/** The refusal that an error of ours, of the body parser or of the router stands for; null: a fault of ours. */
function asRequestError(error: unknown): RequestError | null {
  if (error instanceof RequestError) return error;
  if (!(error instanceof Error) || !('status' in error)) return null;
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status >= 500) return null;
  // The router's own: an address that does not decode. The body parser's errors all have a type.
  if (!('type' in error)) return new RequestError('not_found');
  if (status === 413) return new RequestError('body_too_large');
  if (status === 415) return new RequestError('unsupported_media_type');
  return new RequestError('malformed_body');
}

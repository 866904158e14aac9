import { RequestError } from '@voteapp/contracts/errors';
import express, { type Express, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';

export interface AppDeps {
  /** Each rejects when the server does not answer. */
  readonly pingQueue: () => Promise<void>;
  readonly pingStore: () => Promise<void>;
}

/** The worker's health over HTTP: the only thing it serves. */
export function createApp({ pingQueue, pingStore }: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet({ strictTransportSecurity: false }));
  app.route('/api/healthchecksqs').get(health('sqsStatus', pingQueue)).all(refuseMethod);
  app.route('/api/healthcheckmysql').get(health('mysqlStatus', pingStore)).all(refuseMethod);
  app.use((_request, response) => refuse(response, new RequestError('not_found')));
  return app;
}

function health(field: 'sqsStatus' | 'mysqlStatus', ping: () => Promise<void>): RequestHandler {
  return async (_request, response) => {
    response.set('cache-control', 'no-store');
    try {
      await ping();
      response.json({ [field]: 'OK' });
    } catch {
      response.status(503).json({ [field]: 'NOK' });
    }
  };
}

const refuseMethod: RequestHandler = (_request, response) => {
  response.set('allow', 'GET, HEAD');
  refuse(response, new RequestError('method_not_allowed'));
};

function refuse(response: Response, error: RequestError): void {
  response.status(error.status).json(error.body());
}

/** What a request gets that does not arrive in time. */
export const TIMEOUT_BODY = JSON.stringify(new RequestError('request_timeout').body());

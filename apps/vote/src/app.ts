import type { KeyObject } from 'node:crypto';

import { openApi } from '@voteapp/contracts/openapi';
import type { Logger } from '@voteapp/kit/log';
import { answerErrors, createWebApp, route } from '@voteapp/web/app';
import type { Express } from 'express';

import type { Origins } from './origin.ts';
import { pollBody, type PollViews } from './poll-view.ts';
import { repairedCookies } from './voter.ts';

export interface AppDeps {
  readonly views: PollViews;
  readonly sessionKey: KeyObject;
  readonly origins: Origins;
  readonly resultsUrl: string;
  /** Rejects while the queue does not answer. */
  readonly pingQueue: () => Promise<void>;
  readonly log: Logger;
  readonly random: () => number;
}

/** Everything but the votes themselves: pages, the poll, health for people and the predecessors' addresses. */
export function createApp(deps: AppDeps): Express {
  const { views, sessionKey, origins, resultsUrl, pingQueue, log, random } = deps;
  const app = createWebApp();

  route(app, '/', {
    get(request, response) {
      const view = views.viewFor(request);
      const { voters, round } = view.poll;
      if (voters.includes('Cookie')) {
        response.append('set-cookie', repairedCookies(sessionKey, view.visitor, round, origins.isSecure(request)));
      }
      response.set('cache-control', 'no-store').type('html').send(views.pageOf(view, null));
    },
  });
  route(app, '/api/poll', {
    get(request, response) {
      response.set('cache-control', 'no-store').json(pollBody(views.viewFor(request)));
    },
  });
  // S0's body; its status was 200 in either case.
  route(app, '/api/healthcheck', {
    async get(_request, response) {
      const up = await pingQueue().then(
        () => true,
        () => false,
      );
      response
        .set('cache-control', 'no-store')
        .status(up ? 200 : 503)
        .json({ sqsStatus: up ? 'OK' : 'NOK' });
    },
  });
  const document = openApi();
  route(app, '/openapi.json', {
    get(_request, response) {
      response.json(document);
    },
  });

  const moved = {
    '/index.html': '/',
    '/resultado.html': resultsUrl,
    '/painel.html': resultsUrl,
    '/swagger': '/openapi.json',
  };
  for (const [path, target] of Object.entries(moved)) {
    route(app, path, {
      get(_request, response) {
        response.redirect(308, target);
      },
    });
  }
  answerErrors(app, log, random);
  return app;
}

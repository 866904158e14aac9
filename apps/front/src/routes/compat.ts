import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import { requestedFace, sendHidden } from '../answers.ts';
import type { FrontDeps } from '../deps.ts';
import { castInLastHour } from '../hours.ts';

const ABOUT = 'Vote App Viewer. To get quantity of votes, please query /api/votes';

/** Routes of the predecessors, their bodies unchanged. */
export function compatibilityRoutes(app: Express, deps: FrontDeps): void {
  route(app, '/api', {
    get(_request, response) {
      response.json({ about: ABOUT });
    },
  });

  route(app, '/api/votes', {
    async get(request, response) {
      const { face } = await requestedFace(request, deps);
      if (face.hidden) {
        sendHidden(response, face);
        return;
      }
      const votes = Object.fromEntries(face.body.options.map(({ id, votes }) => [id, String(votes)]));
      response.set('cache-control', 'no-cache').json({ votes });
    },
  });

  route(app, '/total', {
    async get(request, response) {
      const { face } = await requestedFace(request, deps);
      if (face.hidden) {
        sendHidden(response, face);
        return;
      }
      const votes = Object.fromEntries(face.body.options.map(({ votes }, index) => [`voto_${index + 1}`, votes]));
      const votos_ultima_hora = castInLastHour(face.minutes, deps.now());
      response.set('cache-control', 'no-cache').json({ ...votes, votos_ultima_hora });
    },
  });

  const moved = {
    '/index.html': deps.config.PUBLIC_VOTE_URL ?? '/',
    '/resultado.html': '/',
    '/painel.html': '/',
    '/swagger': '/openapi.json',
  };
  for (const [path, target] of Object.entries(moved)) {
    route(app, path, {
      get(_request, response) {
        response.redirect(308, target);
      },
    });
  }
}

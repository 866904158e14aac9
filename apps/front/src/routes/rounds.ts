import type { Rounds } from '@voteapp/contracts/http/results';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import type { FrontDeps } from '../deps.ts';
import { listRounds } from '../rounds.ts';

export function roundsRoutes(app: Express, deps: FrontDeps): void {
  route(app, '/api/rounds', {
    async get(_request, response) {
      const body: Rounds = { rounds: await listRounds(deps) };
      response.set('cache-control', 'no-cache').json(body);
    },
  });
}

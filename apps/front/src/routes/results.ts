import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import { requestedFace, sendHidden, sendTagged } from '../answers.ts';
import type { FrontDeps } from '../deps.ts';

export function resultsRoutes(app: Express, deps: FrontDeps): void {
  route(app, '/api/results', {
    async get(request, response) {
      const { face } = await requestedFace(request, deps);
      if (face.hidden) sendHidden(response, face);
      // Weak: `asOf` may differ between two bodies of one tag.
      else sendTagged(request, response, `W/"${face.tag}"`, face.json);
    },
  });
}

import { RequestError } from '@voteapp/contracts/errors';
import { CLOCK_HEADER, DEFINITION_PATH } from '@voteapp/contracts/http/poll';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import { sendTagged } from '../answers.ts';
import type { FrontDeps } from '../deps.ts';

/** What every vote replica pulls each second: the definition, and in every answer the clock to compare its own with. */
export function definitionRoutes(app: Express, { definition, now }: FrontDeps): void {
  route(app, DEFINITION_PATH, {
    async get(request, response) {
      const current = await definition().finally(() => response.set(CLOCK_HEADER, String(now())));
      if (current === null) throw new RequestError('no_definition');
      sendTagged(request, response, `"${current.version}"`, JSON.stringify(current));
    },
  });
}

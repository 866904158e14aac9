import { pollState } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { CLOCK_HEADER, toPublicPoll } from '@voteapp/contracts/http/poll';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import type { FrontDeps } from '../deps.ts';

export function pollRoutes(app: Express, { definition, view, now }: FrontDeps): void {
  route(app, '/api/poll', {
    async get(_request, response) {
      const current = await definition();
      if (current === null) throw new RequestError('no_definition');
      // The poll itself is known during an outage of the store too; only whether a closed one is final is not.
      const final = await view(current.round).then(
        ({ totals }) => totals.final !== null,
        () => false,
      );
      const clock = now();
      response.set({ [CLOCK_HEADER]: String(clock), 'cache-control': 'no-cache' });
      response.json({ ...toPublicPoll(current, pollState(current, clock, final)), clock });
    },
  });
}

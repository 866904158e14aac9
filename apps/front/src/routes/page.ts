import { route } from '@voteapp/web/app';
import { renderResultsPage } from '@voteapp/web/results-page';
import type { Express } from 'express';

import { requestedFace } from '../answers.ts';
import type { FrontDeps } from '../deps.ts';
import { listRounds } from '../rounds.ts';
import { STREAM_PATH } from './stream.ts';

/** The results for people, whole without JavaScript. */
export function pageRoutes(app: Express, deps: FrontDeps): void {
  route(app, '/', {
    async get(request, response) {
      const [{ view, face, viewer }, rounds] = await Promise.all([requestedFace(request, deps), listRounds(deps)]);
      const { poll, totals } = view;
      // The round is named even when it is the current one: the page could not show another round's options.
      const query = new URLSearchParams({ round: poll.round });
      if (viewer.receipt !== undefined) query.set('receipt', viewer.receipt);
      const page = renderResultsPage({
        poll,
        totals,
        results: face.hidden ? null : face.body,
        rounds,
        clock: deps.now(),
        voteUrl: deps.config.PUBLIC_VOTE_URL ?? null,
        streamUrl: `${STREAM_PATH}?${query.toString()}`,
      });
      response.set('cache-control', 'no-cache').type('html').send(page);
    },
  });
}

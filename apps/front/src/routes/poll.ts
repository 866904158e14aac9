import { pollState } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { CLOCK_HEADER, toPublicPoll } from '@voteapp/contracts/http/poll';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import type { FrontDeps } from '../deps.ts';

export function pollRoutes(app: Express, { definition, view, now }: FrontDeps): void {
  const finalRounds = new Set<string>();
  route(app, '/api/poll', {
    async get(_request, response) {
      const current = await definition();
      if (current === null) throw new RequestError('no_definition');
      const final = await isFinal(current.round);
      const clock = now();
      response.set({ [CLOCK_HEADER]: String(clock), 'cache-control': 'no-cache' });
      response.json({ ...toPublicPoll(current, pollState(current, clock, final)), clock });
    },
  });

  /** The poll is known during an outage of the store too; only whether a closed one has become final meanwhile is not. */
  async function isFinal(round: string): Promise<boolean> {
    if (finalRounds.has(round)) return true;
    const final = await view(round).then(
      ({ totals }) => totals.final !== null,
      () => false,
    );
    if (final) finalRounds.add(round);
    return final;
  }
}

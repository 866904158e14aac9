import { RequestError } from '@voteapp/contracts/errors';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import { requestedFace, sendHidden } from '../answers.ts';
import { hoursCsv, optionsCsv } from '../csv.ts';
import type { FrontDeps } from '../deps.ts';
import { queryParameter } from '../viewer.ts';

export function csvRoutes(app: Express, deps: FrontDeps): void {
  route(app, '/api/results.csv', {
    async get(request, response) {
      const by = queryParameter(request, 'by') ?? 'option';
      if (by !== 'option' && by !== 'hour') {
        throw new RequestError('invalid_field', { message: 'by must be option or hour', field: 'by' });
      }
      const { view, face } = await requestedFace(request, deps);
      if (face.hidden) {
        sendHidden(response, face);
        return;
      }
      const { round, timeZone } = view.poll;
      response.set({
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': `attachment; filename="${round}-by-${by}.csv"`,
        'cache-control': 'no-cache',
      });
      response.send(by === 'option' ? optionsCsv(face.body) : hoursCsv(face.body, timeZone));
    },
  });
}

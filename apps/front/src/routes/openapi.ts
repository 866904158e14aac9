import { openApi } from '@voteapp/contracts/openapi';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

export function openApiRoutes(app: Express): void {
  const document = JSON.stringify(openApi());
  route(app, '/openapi.json', {
    get(_request, response) {
      response.type('json').send(document);
    },
  });
}

import { RequestError } from '@voteapp/contracts/errors';
import { route } from '@voteapp/web/app';
import type { Express } from 'express';

import type { FrontDeps } from '../deps.ts';
import { viewerOf } from '../viewer.ts';

export const STREAM_PATH = '/api/results/stream';

export function streamRoutes(app: Express, { view, stream, sessionKey }: FrontDeps): void {
  route(app, STREAM_PATH, {
    async get(request, response) {
      const viewer = viewerOf(request, sessionKey);
      await view(viewer.round).catch((error: unknown) => {
        // A browser never comes back to a stream that was refused; through an outage it waits on an open one.
        if (!(error instanceof RequestError && error.code === 'store_unavailable')) throw error;
      });
      // Its end is the connection's. In chunks each event would be three writes for each viewer.
      response.removeHeader('transfer-encoding');
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        connection: 'close',
        // nginx would hold events back until its buffer is full.
        'x-accel-buffering': 'no',
      });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      response.flushHeaders();
      // Past the response: its own queue doubles what an event costs beside the kernel.
      if (response.socket !== null) stream.add(response.socket, viewer);
    },
  });
}

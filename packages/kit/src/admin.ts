import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Registry } from './metrics.ts';

export interface AdminDeps {
  readonly registry: Registry;
  /** Why the service should get no traffic now; null: it is ready. */
  readonly notReady: () => string | null;
}

/**
 * Answers /livez (and /healthz, its older name), /readyz and /metrics; returns false for any other path. Mounted on the admin port, or on the
 * service's own one where there is none.
 */
export function adminRoutes({ registry, notReady }: AdminDeps) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/livez' || path === '/healthz') {
      answer(response, 200, 'ok\n');
    } else if (path === '/readyz') {
      const reason = notReady();
      answer(response, reason === null ? 200 : 503, reason === null ? 'ok\n' : `${reason}\n`);
    } else if (path === '/metrics') {
      registry.metrics().then(
        (text) => answer(response, 200, text, registry.contentType),
        () => answer(response, 500, 'metrics could not be collected\n'),
      );
    } else {
      return false;
    }
    return true;
  };
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}

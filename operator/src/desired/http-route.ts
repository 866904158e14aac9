import { SERVICES } from '@voteapp/contracts/cluster-objects';

import { type Context, declare } from './context.ts';

/** One HTTPRoute of the Gateway API for each service that has a host. */
export function declareHttpRoutes(context: Context): void {
  const { expose } = context.app.spec;
  if (expose?.type !== 'Gateway') return;
  for (const service of SERVICES) {
    const host = expose.hosts?.[service];
    if (host === undefined) continue;
    declare(context, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      name: context.names.httpRoute(service),
      part: service,
      spec: {
        parentRefs: expose.gateway?.parentRefs.map((parent) => ({ ...parent })),
        hostnames: [host],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: [{ name: context.names.service(service), port: 80 }],
          },
        ],
      },
    });
  }
}

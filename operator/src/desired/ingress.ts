import type { V1IngressSpec } from '@kubernetes/client-node';
import { SERVICES } from '@voteapp/contracts/cluster-objects';

import { type Context, declare, type Fields } from './context.ts';

/** One Ingress for each service that has a host. */
export function declareIngresses(context: Context): void {
  const { expose } = context.app.spec;
  if (expose?.type !== 'Ingress') return;
  for (const service of SERVICES) {
    const host = expose.hosts?.[service];
    if (host === undefined) continue;
    const backend = { service: { name: context.names.service(service), port: { number: 80 } } };
    const secretName = expose.tls?.secretName ?? context.names.certificate(service);
    const spec: Fields<V1IngressSpec> = {
      ingressClassName: expose.ingress?.className,
      tls: expose.tls?.enabled === true ? [{ hosts: [host], secretName }] : undefined,
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    };
    declare(context, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      name: context.names.ingress(service),
      part: service,
      annotations: expose.ingress?.annotations,
      spec,
    });
  }
}

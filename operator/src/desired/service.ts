import type { V1ServiceSpec } from '@kubernetes/client-node';
import type { ServiceName } from '@voteapp/contracts/cluster-objects';
import { PORTS } from '@voteapp/contracts/ports';

import { type Context, declare, type Fields, selectorOf } from './context.ts';

/** The Service in front of a service's pods, on port 80. */
export function declareService(context: Context, service: ServiceName): void {
  const { type, annotations } = context.app.spec[service]?.service ?? {};
  const spec: Fields<V1ServiceSpec> = {
    type: type ?? 'ClusterIP',
    selector: selectorOf(context, service),
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: PORTS[service] }],
  };
  declare(context, {
    apiVersion: 'v1',
    kind: 'Service',
    name: context.names.service(service),
    part: service,
    annotations,
    spec,
  });
}

/** The two Services of a server with volumes: one for whoever talks to it, and one that gives each pod its name. */
export function declareServerServices(
  context: Context,
  part: 'mysql' | 'rabbitmq',
  { port, nodePorts }: { port: { name: string; port: number }; nodePorts: readonly { name: string; port: number }[] },
): void {
  const selector = selectorOf(context, part);
  const ports = (list: readonly { name: string; port: number }[]) =>
    list.map(({ name, port }) => ({ name, protocol: 'TCP', port, targetPort: port }));
  const spec: Fields<V1ServiceSpec> = { type: 'ClusterIP', selector, ports: ports([port]) };
  declare(context, { apiVersion: 'v1', kind: 'Service', name: context.names.service(part), part, spec });
  // Nodes of a broker find each other before any of them is ready.
  const headless: Fields<V1ServiceSpec> = {
    type: 'ClusterIP',
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector,
    ports: ports(nodePorts),
  };
  declare(context, { apiVersion: 'v1', kind: 'Service', name: context.names.nodes(part), part, spec: headless });
}

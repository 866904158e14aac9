import type { V1Service } from '@kubernetes/client-node';
import type { Part } from '@voteapp/contracts/cluster-objects';
import { expect, test } from 'vitest';

import { type Objects, objectsOf } from './fixtures/objects.ts';

/** What a Service leads to: ports of pods that there are, by the Service's own ports. */
function led(objects: Objects, { spec }: V1Service): Record<string, readonly [Part, number]> {
  const parts = Object.entries(objects.pods).filter(([, { metadata }]) =>
    Object.entries(spec?.selector ?? {}).every(([label, value]) => metadata?.labels?.[label] === value),
  );
  expect(parts).toHaveLength(1);
  const [[part]] = parts as [[Part, unknown]];
  return Object.fromEntries((spec?.ports ?? []).map(({ port, targetPort }) => [port, [part, targetPort as number]]));
}

test.each<[string, readonly [Part, number], number]>([
  ['shop-vote-service', ['vote', 8080], 80],
  ['shop-worker-service', ['worker', 8081], 80],
  ['shop-front-service', ['front', 8082], 80],
  ['shop-mysql-service', ['mysql', 3306], 3306],
  ['shop-rabbitmq-service', ['rabbitmq', 5672], 5672],
])('%s leads to %j', (name, target, port) => {
  const objects = objectsOf();
  const service = objects.get('Service', name);
  expect(led(objects, service)).toEqual({ [port]: target });
  expect(service.spec).toMatchObject({ type: 'ClusterIP' });
  const listening = objects.container(target[0]).ports?.map(({ containerPort }) => containerPort);
  expect(listening).toContain(target[1]);
});

test.each<[Part, number[]]>([
  ['mysql', [3306]],
  ['rabbitmq', [4369, 5672, 25_672]],
])('each pod of %s has a name before it is ready', (part, ports) => {
  const objects = objectsOf();
  const name = `shop-${part}-nodes`;
  const service = objects.get('Service', name);
  expect(service.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
  expect(objects.get('StatefulSet', `shop-${part}`).spec?.serviceName).toBe(name);
  expect(led(objects, service)).toEqual(Object.fromEntries(ports.map((port) => [port, [part, port]])));
});

test('a Service may be a load balancer with annotations, and the others are not', () => {
  const annotations = { 'example.com/internal': 'true' };
  const objects = objectsOf({ front: { service: { type: 'LoadBalancer', annotations } } });
  const { metadata, spec } = objects.get('Service', 'shop-front-service');
  expect([metadata?.annotations, spec?.type]).toEqual([annotations, 'LoadBalancer']);
  const others = objects.ofKind('Service').filter((service) => service.metadata?.name !== 'shop-front-service');
  expect(new Set(others.map((service) => service.spec?.type))).toEqual(new Set(['ClusterIP']));
  expect(others.filter((service) => service.metadata?.annotations !== undefined)).toEqual([]);
});

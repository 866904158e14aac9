import { expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

const hosts = { vote: 'vote.example.com', front: 'results.example.com' };
const parentRefs = [{ name: 'public', namespace: 'gateways', sectionName: 'https', port: 443 }, { name: 'inside' }];
const gateway = { type: 'Gateway', hosts, gateway: { parentRefs } };

test.each<[string, object | undefined, readonly string[]]>([
  ['nothing is led in where nobody asked', undefined, []],
  ['hosts that something else leads to have no route', { type: 'None', hosts }, []],
  ['an Ingress is no Gateway', { type: 'Ingress', hosts }, []],
  ['voters and viewers each have a route', gateway, ['shop-vote-route', 'shop-front-route']],
  [
    'the worker has one as soon as it has a host',
    { ...gateway, hosts: { ...hosts, worker: 'worker.example.com' } },
    ['shop-vote-route', 'shop-worker-route', 'shop-front-route'],
  ],
])('%s', (_, expose, expected) => {
  expect(objectsOf({ expose }).namesOf('HTTPRoute')).toEqual(expected);
});

test('all of a host goes to the Service of its service, through the Gateways as they were named', () => {
  const objects = objectsOf({ expose: gateway });
  expect(objects.get('HTTPRoute', 'shop-front-route')).toMatchObject({
    apiVersion: 'gateway.networking.k8s.io/v1',
    spec: {
      parentRefs,
      hostnames: ['results.example.com'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: 'shop-front-service', port: 80 }],
        },
      ],
    },
  });
  expect(objects.get('Service', 'shop-front-service').spec?.ports).toMatchObject([{ port: 80 }]);
});

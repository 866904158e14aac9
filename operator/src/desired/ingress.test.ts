import { expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

const hosts = { vote: 'vote.example.com', front: 'results.example.com' };
const ingress = { type: 'Ingress', hosts };

test.each<[string, object | undefined, readonly string[]]>([
  ['nothing is led in where nobody asked', undefined, []],
  ['hosts that something else leads to have no Ingress', { type: 'None', hosts }, []],
  ['a Gateway is no Ingress', { type: 'Gateway', hosts, gateway: { parentRefs: [{ name: 'public' }] } }, []],
  ['voters and viewers each have an Ingress', ingress, ['shop-vote-ingress', 'shop-front-ingress']],
  [
    'the worker has one as soon as it has a host',
    { ...ingress, hosts: { ...hosts, worker: 'worker.example.com' } },
    ['shop-vote-ingress', 'shop-worker-ingress', 'shop-front-ingress'],
  ],
])('%s', (_, expose, expected) => {
  expect(objectsOf({ expose }).namesOf('Ingress')).toEqual(expected);
});

test('all of a host goes to the Service of its service', () => {
  const objects = objectsOf({ expose: ingress });
  const backend = { service: { name: 'shop-vote-service', port: { number: 80 } } };
  expect(objects.get('Ingress', 'shop-vote-ingress').spec).toEqual({
    rules: [{ host: 'vote.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
  });
  expect(objects.get('Service', 'shop-vote-service').spec?.ports).toMatchObject([{ port: 80 }]);
});

test.each<[string, object | undefined, unknown]>([
  ['without encryption no certificate is asked for', undefined, undefined],
  ['a certificate that is not in use is not asked for', { enabled: false, secretName: 'wildcard' }, undefined],
  [
    'each host has a certificate of its own, which cert-manager can make',
    { enabled: true },
    [{ hosts: ['vote.example.com'], secretName: 'shop-vote-tls' }],
  ],
  [
    'a certificate of all hosts is taken where there is one',
    { enabled: true, secretName: 'wildcard' },
    [{ hosts: ['vote.example.com'], secretName: 'wildcard' }],
  ],
])('%s', (_, tls, expected) => {
  const { spec } = objectsOf({ expose: { ...ingress, tls } }).get('Ingress', 'shop-vote-ingress');
  expect(spec?.tls).toEqual(expected);
});

test('the controller is told its class and its annotations', () => {
  const annotations = { 'cert-manager.io/cluster-issuer': 'letsencrypt' };
  const objects = objectsOf({ expose: { ...ingress, ingress: { className: 'nginx', annotations } } });
  for (const { metadata, spec } of objects.ofKind('Ingress')) {
    expect(metadata?.annotations).toEqual(annotations);
    expect(spec?.ingressClassName).toBe('nginx');
  }
});

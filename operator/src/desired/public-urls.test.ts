import { expect, test } from 'vitest';

import { votingApp } from './fixtures/voting-app.ts';
import { publicUrls } from './public-urls.ts';

const hosts = { vote: 'vote.example.com', front: 'results.example.com' };
const plain = { vote: 'http://vote.example.com', results: 'http://results.example.com' };
const encrypted = { vote: 'https://vote.example.com', results: 'https://results.example.com' };
const gateway = { parentRefs: [{ name: 'public' }] };

test.each<[string, object | undefined, object]>([
  ['without hosts nobody knows where', undefined, {}],
  ['an Ingress leads to its hosts', { type: 'Ingress', hosts }, plain],
  ['a certificate makes it https', { type: 'Ingress', hosts, tls: { enabled: true } }, encrypted],
  ['a certificate that is not in use does not', { type: 'Ingress', hosts, tls: { enabled: false } }, plain],
  [
    'a Gateway’s listener may have the certificate',
    { type: 'Gateway', hosts, gateway, tls: { enabled: true } },
    encrypted,
  ],
  ['something else may lead to them', { type: 'None', hosts, tls: { enabled: true } }, encrypted],
  ['either may be alone', { type: 'None', hosts: { front: 'results.example.com' } }, { results: plain.results }],
  ['the worker has nothing for people', { type: 'None', hosts: { worker: 'worker.example.com' } }, {}],
])('%s', (_, expose, expected) => {
  expect(publicUrls(votingApp({ expose }))).toEqual(expected);
});

import { expect, test } from 'vitest';

import { operatorOf } from './operators.ts';

function deployment(container: object, labels: Readonly<Record<string, string>> = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'voteapp-system', name: 'voteapp-operator', labels },
    spec: { template: { spec: { containers: [container] } } },
  };
}

const WATCHED: Record<string, readonly [container: object, watches: readonly string[]]> = {
  'all namespaces where none is named': [{ args: [], env: [{ name: 'LOG_LEVEL', value: 'info' }] }, []],
  'those of its flag': [{ args: ['--watch-namespace=shop,news'] }, ['shop', 'news']],
  'those of its environment': [{ env: [{ name: 'WATCH_NAMESPACE', value: 'shop' }] }, ['shop']],
  'those of its flag before its environment': [
    { args: ['--watch-namespace=news'], env: [{ name: 'WATCH_NAMESPACE', value: 'shop' }] },
    ['news'],
  ],
};

test.each(Object.entries(WATCHED))('an operator watches %s', (_, [container, watches]) => {
  expect(operatorOf(deployment(container)).watches).toEqual(watches);
});

test('an operator is of the release that its label says', () => {
  expect(operatorOf(deployment({}, { 'app.kubernetes.io/version': '1.2.0' }))).toMatchObject({ version: '1.2.0' });
  expect(operatorOf(deployment({}))).toMatchObject({ version: null });
});

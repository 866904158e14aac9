import { describe, expect, test } from 'vitest';

import type { InstalledOperator } from '../cluster/operators.ts';
import { nameOfRight } from '../cluster/rights.ts';
import { customised } from './customised.ts';
import { helmsOwn, neededRights, rivalOf } from './hindrances.ts';
import { readManifest } from './manifest.ts';

function operator(namespace: string, watches: readonly string[]): InstalledOperator {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: 'voteapp-operator' } };
  return { namespace, name: 'voteapp-operator', version: '0.1.0', watches, deployment };
}

describe('a second operator', () => {
  const cases: Record<string, readonly [there: readonly string[], wanted: readonly string[], isRefused: boolean]> = {
    'of all namespaces is refused beside one of some': [['shop'], [], true],
    'of some is refused beside one of all': [[], ['shop'], true],
    'of the same namespace is refused': [['shop', 'news'], ['news'], true],
    'of other namespaces is none of its business': [['shop'], ['news'], false],
  };
  test.each(Object.entries(cases))('%s', (_, [there, watchNamespaces, isRefused]) => {
    const rival = rivalOf({ namespace: 'mine', watchNamespaces }, [operator('mine', []), operator('theirs', there)]);
    expect(rival?.namespace).toBe(isRefused ? 'theirs' : undefined);
  });
});

test('whoever installs needs rights over every kind, once each', async () => {
  const objects = customised(await readManifest(), { namespace: 'polls', watchNamespaces: ['shop'], replicas: 1 });
  const rights = neededRights(objects).map(nameOfRight);
  expect(rights).toContain('create customresourcedefinitions.apiextensions.k8s.io');
  expect(rights).toContain('patch deployments.apps in polls');
  expect(rights).toContain('create roles.rbac.authorization.k8s.io in shop');
  expect(rights.filter((right) => right.includes('clusterroles'))).toEqual([]);
  expect(new Set(rights).size).toBe(rights.length);
});

describe('what Helm manages', () => {
  const deployment = operator('system', []).deployment;

  test('is upgraded by Helm', () => {
    expect(helmsOwn(deployment, { name: 'polls', namespace: 'system' }, 'upgrade').message).toBe(
      'Helm manages Deployment voteapp-operator (release polls): use `helm upgrade polls CHART -n system`.',
    );
  });

  test('is so even where its release is not known', () => {
    expect(helmsOwn(deployment, { name: '', namespace: '' }, 'uninstall').message).toBe(
      'Helm manages Deployment system/voteapp-operator: use `helm uninstall RELEASE`.',
    );
  });
});

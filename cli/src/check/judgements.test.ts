import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import { describe, expect, test } from 'vitest';

import type { InstalledOperator } from '../cluster/operators.ts';
import type { Check } from './check-output.ts';
import * as judge from './judgements.ts';

type Case = readonly [check: Check, result: Check['result'], says: string];

function definition(changes: Partial<judge.DefinitionState>): judge.DefinitionState {
  const served = { storedVersions: ['v1alpha1'], served: ['v1alpha1'] };
  return { isEstablished: true, release: '1.2.0', difference: null, ...served, ...changes };
}

function operator(version: string | null, watches: readonly string[] = []): InstalledOperator {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'polls', name: 'operator' } };
  return { namespace: 'polls', name: 'operator', version, watches, deployment };
}

function kubernetes(minor: string): Check {
  return judge.judgeVersion({ major: '1', minor, gitVersion: `v1.${minor}` });
}

function definitionCheck(state: judge.DefinitionState | null): Check {
  return judge.judgeDefinition(state, '1.2.0')[0]!;
}

const CASES: Record<string, Case> = {
  'Kubernetes that is too old fails': [kubernetes('32'), 'fail', 'Kubernetes v1.32 is too old'],
  'the oldest Kubernetes that will do is fine': [kubernetes('33'), 'ok', 'v1.33'],
  'a vendor’s Kubernetes is read too': [kubernetes('34+'), 'ok', 'v1.34+'],
  'a default StorageClass is fine': [judge.judgeStorage([{ name: 'fast', isDefault: true }]), 'ok', 'fast (default)'],
  'a StorageClass that is no default is to be named': [
    judge.judgeStorage([{ name: 'fast', isDefault: false }]),
    'warn',
    'no StorageClass is the default: fast',
  ],
  'no StorageClass is a warning: a database may be elsewhere': [
    judge.judgeStorage([]),
    'warn',
    'there is no StorageClass',
  ],
  'a GatewayClass is an entrance': [
    judge.judgeEntrances([], [{ name: 'contour', isDefault: false }]),
    'ok',
    'GatewayClass contour',
  ],
  'an IngressClass is an entrance where Gateways are unknown': [
    judge.judgeEntrances([{ name: 'nginx', isDefault: true }], null),
    'ok',
    'IngressClass nginx (default)',
  ],
  'no entrance is a warning': [judge.judgeEntrances([], null), 'warn', 'no IngressClass and no GatewayClass'],
  'no metrics API is a warning': [judge.judgeMetrics(false), 'warn', 'there is no metrics API'],
  'an operator of others’ that is not there is no warning': [
    judge.describeOptional('cert-manager', false, 'certificates'),
    'ok',
    'cert-manager is not there',
  ],
  'a missing definition fails': [definitionCheck(null), 'fail', 'not installed'],
  'a definition that is not served fails': [
    definitionCheck(definition({ isEstablished: false })),
    'fail',
    'not served',
  ],
  'the definition of this release is fine': [definitionCheck(definition({})), 'ok', 'of release 1.2.0'],
  'the definition of another release is a warning': [
    definitionCheck(definition({ release: '1.1.0', difference: 'spec.versions' })),
    'warn',
    'is of release 1.1.0',
  ],
  'a definition that somebody changed is a warning': [
    definitionCheck(definition({ difference: 'spec.names.shortNames' })),
    'warn',
    'was changed: spec.names.shortNames is not as in 1.2.0',
  ],
  'an operator of this release is fine': [judge.judgeRelease(operator('1.2.0'), '1.2.0'), 'ok', 'all namespaces'],
  'an operator says what it watches': [judge.judgeRelease(operator('1.2.0', ['shop']), '1.2.0'), 'ok', 'watches shop'],
  'an operator of another release is a warning': [
    judge.judgeRelease(operator('1.1.0'), '1.2.0'),
    'warn',
    'the operator is of release 1.1.0, this tool of 1.2.0',
  ],
  'nobody leading fails': [judge.judgeLease(null), 'fail', 'no operator leads'],
  'a lease that was given away fails': [judge.judgeLease({ holder: '', isRenewed: true }), 'fail', 'no operator leads'],
  'a lease that nobody renews fails': [
    judge.judgeLease({ holder: 'a', isRenewed: false }),
    'fail',
    'a leads, and has not been heard of',
  ],
  'a leader who renews is fine': [judge.judgeLease({ holder: 'a', isRenewed: true }), 'ok', 'a leads'],
};

test.each(Object.entries(CASES))('%s', (_, [{ result, message, hint }, expected, says]) => {
  expect({ result, message }).toEqual({ result: expected, message: expect.stringContaining(says) as string });
  // Whoever is told of a trouble is told what to do.
  expect(hint !== undefined && hint !== '').toBe(result !== 'ok');
});

test('versions in which VotingApps are stored are to be served', () => {
  const checks = judge.judgeDefinition(definition({ storedVersions: ['v1alpha0', 'v1alpha1'] }), '1.2.0');
  expect(checks.at(-1)).toMatchObject({ result: 'fail', message: expect.stringContaining('v1alpha0') as string });
});

describe('VotingApps', () => {
  function app(name: string, ready?: 'True' | 'False'): Pick<VotingApp, 'metadata' | 'status'> {
    const condition = { type: 'Ready', status: ready, reason: 'PodsNotReady', message: 'pods are missing.' };
    const status = ready === undefined ? {} : { conditions: [condition] };
    return { metadata: { namespace: 'shop', name }, status } as unknown as VotingApp;
  }

  test('that are ready are one line', () => {
    expect(judge.judgePolls([app('a', 'True'), app('b', 'True')])).toEqual([
      { result: 'ok', message: 'all 2 VotingApps are ready' },
    ]);
  });

  test('that are not are named, with what the operator says of them', () => {
    expect(judge.judgePolls([app('a', 'True'), app('b', 'False'), app('c')])).toMatchObject([
      { result: 'warn', message: 'shop/b is not ready: pods are missing', hint: 'see `voteapp status b -n shop`' },
      { result: 'warn', message: 'shop/c is not ready: the operator has not looked at it' },
    ]);
  });

  test('beyond five are counted', () => {
    const many = Array.from({ length: 8 }, (_, at) => app(`poll-${at}`, 'False'));
    expect(judge.judgePolls(many)).toHaveLength(6);
    expect(judge.judgePolls(many).at(-1)?.message).toBe('3 more VotingApps are not ready');
  });
});

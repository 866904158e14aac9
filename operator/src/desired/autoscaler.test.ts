import { expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

const opensAt = '2026-12-20T22:30:00Z';
const autoscaling = { mode: 'HPA', minReplicas: 4, maxReplicas: 60, targetCPUUtilizationPercentage: 60 };
const primeTime = { vote: { replicas: 40 } };

function bounds(sections: object, isPrimeTime = false) {
  const objects = objectsOf(sections, { isPrimeTime });
  return objects
    .ofKind('HorizontalPodAutoscaler')
    .map(({ metadata, spec }) => [metadata?.name, spec?.minReplicas, spec?.maxReplicas]);
}

test.each<[string, object, boolean, unknown[]]>([
  ['nobody who did not ask for one gets an autoscaler', {}, false, []],
  ['bounds that are not in use make none', { vote: { autoscaling: { ...autoscaling, mode: 'None' } } }, false, []],
  ['the bounds are those asked for', { vote: { autoscaling } }, false, [['shop-vote-server', 4, 60]]],
  [
    'a lower bound that is not given is the usual number of pods',
    { front: { autoscaling: { mode: 'HPA', maxReplicas: 3 } } },
    false,
    [['shop-front-server', 2, 3]],
  ],
  [
    'prime time raises the lower bound and leaves the upper',
    { vote: { autoscaling }, primeTime, poll: { opensAt } },
    true,
    [['shop-vote-server', 40, 60]],
  ],
  [
    'at other times the lower bound is the usual one',
    { vote: { autoscaling }, primeTime, poll: { opensAt } },
    false,
    [['shop-vote-server', 4, 60]],
  ],
  [
    'each service has its own',
    { vote: { autoscaling }, front: { autoscaling: { mode: 'HPA', maxReplicas: 9 } } },
    false,
    [
      ['shop-vote-server', 4, 60],
      ['shop-front-server', 2, 9],
    ],
  ],
])('%s', (_, sections, isPrimeTime, expected) => {
  expect(bounds(sections, isPrimeTime)).toEqual(expected);
});

test('in hibernation nothing scales the pods up again', () => {
  const objects = objectsOf({ vote: { autoscaling } }, { isHibernated: true });
  expect(objects.namesOf('HorizontalPodAutoscaler')).toEqual([]);
  expect(objects.get('Deployment', 'shop-vote-server').spec?.replicas).toBe(0);
});

test('the number of pods is the autoscaler’s alone, by the CPU that they use of what they asked for', () => {
  const objects = objectsOf({ vote: { autoscaling } });
  expect(objects.get('Deployment', 'shop-vote-server').spec).not.toHaveProperty('replicas');
  expect(objects.container('vote').resources?.requests).toHaveProperty('cpu');
  expect(objects.get('HorizontalPodAutoscaler', 'shop-vote-server').spec).toMatchObject({
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop-vote-server' },
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }],
  });
});

test('where the resource does not say, 70 percent of the CPU is aimed at', () => {
  const objects = objectsOf({ front: { autoscaling: { mode: 'HPA', maxReplicas: 9 } } });
  expect(objects.get('HorizontalPodAutoscaler', 'shop-front-server').spec?.metrics).toMatchObject([
    { resource: { target: { averageUtilization: 70 } } },
  ]);
});

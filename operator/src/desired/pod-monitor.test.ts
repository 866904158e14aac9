import { SERVICES } from '@voteapp/contracts/cluster-objects';
import { expect, test } from 'vitest';

import type { LabelSelector } from '../../../test/cluster/network-policy/objects.ts';
import { objectsOf } from './fixtures/objects.ts';

const on = { monitoring: { enabled: true } };

interface PodMonitorSpec {
  readonly selector: LabelSelector;
  readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
}

function spec(): PodMonitorSpec {
  return objectsOf(on).get('PodMonitor', 'shop-voteapp')['spec'] as PodMonitorSpec;
}

test.each<[string, object, readonly string[]]>([
  ['a cluster without the Prometheus operator gets none', {}, []],
  ['nobody reads metrics where that is off', { monitoring: { enabled: false } }, []],
  ['one monitor is for all pods', on, ['shop-voteapp']],
])('%s', (_, sections, expected) => {
  expect(objectsOf(sections).namesOf('PodMonitor')).toEqual(expected);
});

test('it selects every pod of the app', () => {
  const labels = Object.values(objectsOf(on).pods).map(({ metadata }) => metadata?.labels);
  expect(labels).toHaveLength(5);
  for (const each of labels) expect(each).toMatchObject(spec().selector.matchLabels ?? {});
});

test('it reads a port that the pods have, by its name', () => {
  const objects = objectsOf(on);
  const read = new Set(spec().podMetricsEndpoints.map(({ port }) => port));
  const ports = (part: 'mysql' | 'rabbitmq' | (typeof SERVICES)[number]) =>
    objects.container(part).ports?.flatMap(({ name, containerPort }) => (read.has(name ?? '') ? [containerPort] : []));
  expect(SERVICES.map(ports)).toEqual([[9090], [9090], [9090]]);
  expect(ports('rabbitmq')).toEqual([15_692]);
  expect(ports('mysql')).toEqual([]);
  expect(spec().podMetricsEndpoints.map(({ path }) => path)).toEqual(['/metrics', '/metrics']);
});

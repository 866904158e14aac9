import { PARTS } from '@voteapp/contracts/cluster-objects';
import { describe, expect, test } from 'vitest';

import { type Objects, objectsOf } from './fixtures/objects.ts';

type Given = Readonly<Record<string, unknown>>;

/** A VotingApp whose parts all have these fields. */
function everywhere(fields: Given, more: Given = {}): Objects {
  return objectsOf({
    vote: fields,
    worker: fields,
    front: fields,
    database: { type: 'Managed', managed: fields },
    queue: { type: 'RabbitMQ', rabbitmq: fields },
    ...more,
  });
}

describe.each(PARTS)('pods of %s', (part) => {
  test('have labels and annotations of their own, beside the operator’s', () => {
    const fields = { podLabels: { 'example.com/team': 'tv' }, podAnnotations: { 'example.com/note': 'any text: ✓' } };
    const { metadata } = everywhere(fields).pod(part);
    expect(metadata?.labels).toEqual({
      'example.com/team': 'tv',
      'app.kubernetes.io/name': 'voteapp',
      'app.kubernetes.io/instance': 'shop',
      'app.kubernetes.io/component': part,
      'app.kubernetes.io/part-of': 'voteapp',
      'app.kubernetes.io/managed-by': 'voteapp-operator',
    });
    expect(metadata?.annotations).toMatchObject({ 'example.com/note': 'any text: ✓' });
  });

  test('keep the operator’s annotations where the resource has others of the name', () => {
    const podAnnotations = { 'voteapp.dev/configuration': 'mine' };
    const [usual, changed] = [objectsOf(), everywhere({ podAnnotations })].map((objects) => objects.pod(part));
    const hash = usual?.metadata?.annotations?.['voteapp.dev/configuration'];
    expect(changed?.metadata?.annotations?.['voteapp.dev/configuration']).toBe(hash ?? 'mine');
  });

  test('run where the resource says, and nowhere in particular where it says nothing', () => {
    const tolerations = [{ key: 'spot', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }];
    const nodeSelector = { 'kubernetes.io/arch': 'amd64' };
    const scheduling = { nodeSelector, tolerations, priorityClassName: 'on-air' };
    expect(everywhere({ scheduling }).pod(part).spec).toMatchObject(scheduling);
    const { spec } = objectsOf().pod(part);
    expect([spec.nodeSelector, spec.tolerations, spec.priorityClassName]).toEqual([undefined, undefined, undefined]);
  });

  test('are spread over zones and nodes as far as that can be, unless the resource says no', () => {
    const objects = objectsOf();
    const { topologySpreadConstraints: constraints = [] } = objects.pod(part).spec;
    expect(constraints.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable])).toEqual([
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
    ]);
    for (const { labelSelector } of constraints) {
      expect(objects.pod(part).metadata?.labels).toMatchObject(labelSelector?.matchLabels ?? {});
      expect(labelSelector?.matchLabels).toHaveProperty(['app.kubernetes.io/component'], part);
    }
    const unspread = everywhere({ scheduling: { topologySpread: 'None' } }).pod(part);
    expect(unspread.spec).not.toHaveProperty('topologySpreadConstraints');
  });

  test('have what was asked for, in the words of Kubernetes, and nothing else', () => {
    const resources = { requests: { cpu: 1, memory: '256Mi' }, limits: { memory: 536_870_912 } };
    expect(everywhere({ resources }).container(part).resources).toEqual({
      requests: { cpu: '1', memory: '256Mi' },
      limits: { memory: '536870912' },
    });
  });

  test('have a share of a node and a limit of memory, and all the CPU that is free', () => {
    const { requests, limits } = objectsOf().container(part).resources ?? {};
    expect(Object.keys(requests ?? {}).sort()).toEqual(['cpu', 'memory']);
    expect(Object.keys(limits ?? {})).toEqual(['memory']);
  });

  test('pull their image as the resource says', () => {
    const images = { pullPolicy: 'Always', pullSecrets: [{ name: 'one' }, { name: 'two' }] };
    const objects = objectsOf({ images });
    expect(objects.container(part).imagePullPolicy).toBe('Always');
    expect(objects.pod(part).spec.imagePullSecrets).toEqual([{ name: 'one' }, { name: 'two' }]);
    expect(objectsOf().container(part).imagePullPolicy).toBe('IfNotPresent');
  });

  test('are told of no Service of the namespace, and write to nothing that they were not given', () => {
    const { spec } = objectsOf().pod(part);
    expect(spec.enableServiceLinks).toBe(false);
    expect(spec.containers[0].securityContext?.readOnlyRootFilesystem).toBe(true);
    const mounted = spec.containers[0].volumeMounts?.map(({ name }) => name) ?? [];
    const given = [...(spec.volumes ?? []).map(({ name }) => name), 'data'];
    expect(given).toEqual(expect.arrayContaining(mounted));
  });

  test('are no other pods in prime time or with another poll', () => {
    const more = { version: '1.2.0', primeTime: { vote: { replicas: 9 } }, poll: { opensAt: '2026-12-20T22:30:00Z' } };
    const before = everywhere({}, more).pod(part);
    const poll = { title: 'New', options: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], opensAt: '2027-12-20T22:30:00Z' };
    expect(everywhere({}, { ...more, poll }).pod(part)).toEqual(before);
    expect(objectsOf(more, { isPrimeTime: true }).pod(part)).toEqual(before);
  });
});

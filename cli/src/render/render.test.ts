import { resourceSchema, type VotingApp } from '@voteapp/contracts/resource/voting-app';
import { describe, expect, it } from 'vitest';

import { isHibernated } from './live-facts.ts';
import { plainOperator } from './operator.ts';
import { asEdited, renderOffline } from './render.ts';

function app(metadata: object = {}, sections: object = {}): VotingApp {
  return resourceSchema.parse({
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name: 'shop', ...metadata },
    spec: { poll: { options: [{ id: 'a' }, { id: 'b' }] }, ...sections },
  });
}

describe('offline', () => {
  const render = (of: VotingApp, operator?: string) => renderOffline(of, plainOperator(operator));

  it('gives every object the namespace of the file and a uid that nobody has', () => {
    const objects = render(app({ namespace: 'show' }));
    expect(objects.length).toBeGreaterThan(15);
    for (const { metadata } of objects) {
      expect(metadata.namespace).toBe('show');
      expect(metadata.ownerReferences).toMatchObject([{ name: 'shop', uid: '00000000-0000-0000-0000-000000000000' }]);
    }
    expect(render(app()).every(({ metadata }) => metadata.namespace === 'default')).toBe(true);
  });

  it('lets the operator in from its namespace, voteapp-system unless another is named', () => {
    expect(JSON.stringify(render(app()))).toContain('"kubernetes.io/metadata.name":"voteapp-system"');
    expect(JSON.stringify(render(app(), 'ops'))).toContain('"kubernetes.io/metadata.name":"ops"');
  });

  it('has no Secret, and no pods of what hibernates', () => {
    const objects = render(app({}, { hibernate: true }));
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const replicas = objects.flatMap(({ spec }) => (spec as { replicas?: number } | undefined)?.replicas ?? []);
    expect(new Set(replicas)).toEqual(new Set([0]));
  });
});

describe('an edit of what a cluster has', () => {
  const live = app({ namespace: 'show', uid: 'u1', generation: 4, annotations: { restarted: 'then', note: 'old' } });

  it('is of the next generation, unless nothing of the spec is another', () => {
    expect(asEdited(live, app()).metadata.generation).toBe(4);
    expect(asEdited(live, app({}, { worker: { replicas: 2 } })).metadata.generation).toBe(5);
  });

  it('keeps what only the cluster knows, and what others noted', () => {
    expect(asEdited(live, app({ annotations: { note: 'new' } })).metadata).toMatchObject({
      namespace: 'show',
      uid: 'u1',
      annotations: { restarted: 'then', note: 'new' },
    });
  });
});

describe('hibernation', () => {
  const asked = app({}, { hibernate: true });
  const told = (status: 'True' | 'False', reason: string): VotingApp => ({
    ...asked,
    status: {
      conditions: [{ type: 'Hibernated', status, reason, message: '', lastTransitionTime: '2026-11-20T12:00:00Z' }],
    },
  });

  it.each<[string, VotingApp, boolean]>([
    ['is not granted before the operator tells', asked, false],
    ['is granted', told('True', 'Hibernated'), true],
    ['is granted while pods still end', told('False', 'RollingOut'), true],
    ['is refused', told('False', 'HibernationRefused'), false],
    ['was granted and is no longer asked for', { ...told('True', 'Hibernated'), spec: app().spec }, false],
  ])('%s', (_, of, expected) => expect(isHibernated(of)).toBe(expected));
});

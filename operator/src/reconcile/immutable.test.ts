import { describe, expect, test } from 'vitest';

import type { KubeObject } from '../runtime/object.ts';
import { difference } from './difference.ts';
import { childOf } from './fixtures/children.ts';
import { claimSizes, immutableProblem, withLiveClaimTemplates } from './immutable.ts';
import { DEPLOYMENT, STATEFUL_SET } from './kinds.ts';

interface Template {
  readonly name?: string;
  readonly size?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

function template({ name = 'data', size = '8Gi', labels = { of: 'shop' }, ...more }: Template = {}) {
  const resources = { requests: { storage: size } };
  return { metadata: { name, labels }, spec: { accessModes: ['ReadWriteOnce'], resources, ...more } };
}

function set(spec: object = {}, ...templates: readonly Template[]): KubeObject {
  const fixed = { serviceName: 'shop-mysql-nodes', podManagementPolicy: 'Parallel', replicas: 1 };
  const selector = { matchLabels: { of: 'mysql' } };
  const volumeClaimTemplates = templates.map(template);
  return childOf(STATEFUL_SET, 'shop-mysql', {}, { spec: { ...fixed, selector, volumeClaimTemplates, ...spec } });
}

const deployment = (spec: object) => childOf(DEPLOYMENT, 'shop-vote-server', {}, { spec });
/** As a server gives it back. */
const LIVE = set({ revisionHistoryLimit: 3 }, { volumeMode: 'Filesystem' });

describe('what never changes', () => {
  test.each<[string, KubeObject, KubeObject, string | null]>([
    ['is as it is', set({}, {}), LIVE, null],
    ['is none of what may change', set({ replicas: 3, template: {} }, {}), LIVE, null],
    ['is the name of its Service', set({ serviceName: 'other' }, {}), LIVE, 'spec.serviceName'],
    ['is how its pods start', set({ podManagementPolicy: 'OrderedReady' }, {}), LIVE, 'spec.podManagementPolicy'],
    [
      'is what its pods are told by',
      set({ selector: { matchLabels: { of: 'x' } } }, {}),
      LIVE,
      'spec.selector.matchLabels.of',
    ],
    [
      'is the class of its volumes',
      set({}, { storageClassName: 'fast' }),
      LIVE,
      'spec.volumeClaimTemplates[0].spec.storageClassName',
    ],
    [
      'is the selector of a Deployment',
      deployment({ selector: { a: 1 } }),
      deployment({ selector: { a: 2 } }),
      'spec.selector.a',
    ],
    ['is nothing else of a Deployment', deployment({ serviceName: 'a' }), deployment({ serviceName: 'b' }), null],
    ['is nothing of other kinds', { ...set({ serviceName: 'b' }), kind: 'ConfigMap' }, LIVE, null],
  ])('%s', (_, wanted, live, path) => {
    const problem = immutableProblem(wanted, live);
    expect(problem?.reason ?? null).toBe(path === null ? null : 'ImmutableFieldChanged');
    if (path !== null) {
      expect(problem?.message).toBe(
        `${wanted.kind} ${wanted.metadata.name} would need another ${path}, which never changes: delete it with --cascade=orphan and it is made anew around its pods.`,
      );
    }
  });
});

describe('templates of claims', () => {
  test.each<[string, KubeObject, KubeObject]>([
    ['keep their size, for volumes grow on their own', set({}, { size: '20Gi' }), LIVE],
    ['keep their labels, which another release had otherwise', set({}, { labels: { of: 'shop', new: 'a' } }), LIVE],
    [
      'keep each its own',
      set({}, { size: '2Gi' }, { name: 'logs', size: '3Gi' }),
      set({}, {}, { name: 'logs', size: '1Gi' }),
    ],
  ])('%s', (_, wanted, live) => {
    const kept = withLiveClaimTemplates(wanted, live);
    expect(immutableProblem(kept, live)).toBeNull();
    expect(claimSizes(kept)).toEqual(claimSizes(live));
    expect(difference(kept['spec'], live['spec'])).toBeNull();
  });

  test('that are not there yet stay as they are asked for', () => {
    const wanted = set({}, {}, { name: 'logs' });
    expect(withLiveClaimTemplates(wanted, LIVE)['spec']).toMatchObject({
      volumeClaimTemplates: [template(), template({ name: 'logs' })],
    });
  });

  test('of another class are not made the same: that is the person’s to see', () => {
    const wanted = withLiveClaimTemplates(set({}, { storageClassName: 'fast' }), LIVE);
    expect(immutableProblem(wanted, LIVE)).not.toBeNull();
  });

  test('are nothing to an object without them', () => {
    const wanted = deployment({ replicas: 1 });
    expect(withLiveClaimTemplates(wanted, deployment({ replicas: 2 }))).toBe(wanted);
  });
});

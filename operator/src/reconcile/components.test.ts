import { LONGEST_MESSAGE } from '@voteapp/contracts/resource/status';
import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { KubeObject } from '../runtime/object.ts';
import { type Component, observeComponents } from './components.ts';
import { podOf, workloadOf } from './fixtures/children.ts';
import { MemoryCluster } from './fixtures/memory-cluster.ts';

const APP = votingApp();

function observe(...objects: readonly KubeObject[]): Component {
  const { copy } = new MemoryCluster(...objects);
  const found = observeComponents(copy, APP).find(({ part }) => part === 'vote');
  if (found === undefined) throw new Error('Nothing of the vote service');
  return found;
}

const RUNNING = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };

test('every part is observed, as it is', () => {
  const cluster = new MemoryCluster(workloadOf('vote', 2, RUNNING), workloadOf('mysql', 1, { observedGeneration: 3 }));
  const summary = observeComponents(cluster.copy, APP).map(
    ({ part, desired, ready, message }) => `${part} ${ready}/${desired} ${message}`,
  );
  expect(summary).toEqual([
    'vote 2/2 null',
    'worker 0/0 Deployment shop-worker-server is not there',
    'front 0/0 Deployment shop-front-server is not there',
    'mysql 0/1 StatefulSet shop-mysql: 0/1 ready',
    'rabbitmq 0/0 StatefulSet shop-rabbitmq is not there',
  ]);
});

test('what the operator does not run is not observed', () => {
  const external = { type: 'External', external: { host: 'db', secretRef: { name: 'db' } } };
  const parts = observeComponents(new MemoryCluster().copy, votingApp({ database: external }));
  expect(parts.map(({ part }) => part)).toEqual(['vote', 'worker', 'front', 'rabbitmq']);
});

describe('a workload', () => {
  test.each<[string, number, object, Partial<Component>]>([
    ['runs', 2, RUNNING, { desired: 2, ready: 2, message: null, isRolling: false, isMissing: false }],
    [
      'is short of a pod',
      2,
      { ...RUNNING, readyReplicas: 1 },
      { ready: 1, message: 'Deployment shop-vote-server: 1/2 ready' },
    ],
    [
      'has been told something that its controller has not seen',
      2,
      { ...RUNNING, observedGeneration: 2 },
      { isRolling: true },
    ],
    ['replaces its pods', 2, { ...RUNNING, updatedReplicas: 1 }, { isRolling: true }],
    ['has a pod too many still', 2, { ...RUNNING, replicas: 3 }, { isRolling: true }],
    ['sleeps', 0, { observedGeneration: 3 }, { desired: 0, ready: 0, message: null, isRolling: false }],
    ['is new', 2, {}, { ready: 0, isRolling: true, isStuck: false, message: 'Deployment shop-vote-server: 0/2 ready' }],
  ])('%s', (_, replicas, status, expected) => {
    expect(observe(workloadOf('vote', replicas, status))).toMatchObject(expected);
  });

  test('tells its image', () => {
    expect(observe(workloadOf('vote', 2, RUNNING)).image).toBe('example.com/vote:1');
  });

  test('that is not there is missing', () => {
    expect(observe()).toMatchObject({ isMissing: true, image: null, desired: 0, ready: 0 });
  });

  test('that may not make pods says why', () => {
    const failure = { type: 'ReplicaFailure', status: 'True', message: 'pods "x" is forbidden: exceeded quota' };
    expect(observe(workloadOf('vote', 2, { ...RUNNING, readyReplicas: 0, conditions: [failure] }))).toMatchObject({
      message: 'Deployment shop-vote-server: 0/2 ready: pods "x" is forbidden: exceeded quota',
      isStuck: true,
    });
  });
});

const waiting = (reason: string, more: object = {}) => ({
  containerStatuses: [{ ready: false, state: { waiting: { reason } }, ...more }],
});
const ended = (reason: string) => ({ lastState: { terminated: { reason } } });
const running = (ready: boolean, more: object) => ({ containerStatuses: [{ ready, state: { running: {} }, ...more }] });
const unscheduled = (told: object) => ({ conditions: [{ type: 'PodScheduled', status: 'False', ...told }] });

describe('a pod', () => {
  test.each<[string, object, string | null]>([
    ['that has just been made', {}, null],
    ['whose container is being made', waiting('ContainerCreating'), null],
    ['that is being initialised', waiting('PodInitializing'), null],
    ['whose image cannot be had', waiting('ImagePullBackOff'), 'pod v-1 ImagePullBackOff'],
    ['that ends again and again', waiting('CrashLoopBackOff', ended('Error')), 'pod v-1 CrashLoopBackOff after Error'],
    ['that ran out of memory and starts anew', running(false, ended('OOMKilled')), 'pod v-1 OOMKilled'],
    ['that ran out of memory once and is ready', running(true, ended('OOMKilled')), null],
    ['that ended and starts anew', running(false, ended('Error')), null],
    [
      'that fits on no node',
      unscheduled({ reason: 'Unschedulable', message: '0/3 nodes are available' }),
      'pod v-1 Unschedulable: 0/3 nodes are available',
    ],
    ['that is on a node', { conditions: [{ type: 'PodScheduled', status: 'True' }] }, null],
  ])('%s', (_, status, problem) => {
    const { message, isStuck } = observe(
      workloadOf('vote', 1, { ...RUNNING, readyReplicas: 0 }),
      podOf('vote', 'v-1', status),
    );
    const counted = 'Deployment shop-vote-server: 0/1 ready';
    expect(message).toBe(problem === null ? counted : `${counted}: ${problem}`);
    expect(isStuck).toBe(problem !== null);
  });

  test.each<[string, KubeObject]>([
    ['of another part', podOf('front', 'x', waiting('ImagePullBackOff'))],
    [
      'that is being deleted',
      podOf('vote', 'x', waiting('ImagePullBackOff'), { deletionTimestamp: '2026-11-20T21:00:00Z' }),
    ],
    [
      'of another VotingApp',
      podOf('vote', 'x', waiting('ImagePullBackOff'), { labels: { 'app.kubernetes.io/instance': 'other' } }),
    ],
    ['of another namespace', podOf('vote', 'x', waiting('ImagePullBackOff'), { namespace: 'elsewhere' })],
  ])('%s is nothing to this one', (_, pod) => {
    expect(observe(workloadOf('vote', 2, RUNNING), pod)).toMatchObject({ message: null, isStuck: false });
  });

  test('that cannot run is told of though enough others are ready', () => {
    expect(observe(workloadOf('vote', 2, RUNNING), podOf('vote', 'v-3', waiting('ImagePullBackOff')))).toMatchObject({
      message: 'Deployment shop-vote-server: 2/2 ready: pod v-3 ImagePullBackOff',
      isStuck: true,
    });
  });

  test('is told of at length, but not at any length', () => {
    const pod = podOf('vote', 'v-1', unscheduled({ message: 'x'.repeat(LONGEST_MESSAGE) }));
    expect(observe(workloadOf('vote', 2, RUNNING), pod).message).toHaveLength(LONGEST_MESSAGE);
  });
});

import { ANNOTATIONS, objectNames, type Part, RESTARTED_AT, SERVICES } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Kind, KubeObject } from '../cluster/client.ts';
import { waitFor } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { conditionsOf, Stage, stageCluster } from './in-process.ts';

const CLAIM: Kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const DEPLOYMENT: Kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
const SECRET: Kind = { apiVersion: 'v1', kind: 'Secret' };
const STATEFUL_SET: Kind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };
const STORAGE_CLASS: Kind = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' };
const VOLUME: Kind = { apiVersion: 'v1', kind: 'PersistentVolume' };
const SERVERS = ['mysql', 'rabbitmq'] as const;
/** Pods of each part of a VotingApp that says nothing of them. */
const USUAL = { vote: 2, worker: 1, front: 2, mysql: 1, rabbitmq: 1 };
const NONE = { vote: 0, worker: 0, front: 0, mysql: 0, rabbitmq: 0 };

const HOUR_MS = 3_600_000;
const OPENS_AT = Date.parse('2031-05-04T20:00:00Z');

const cluster = await stageCluster();

describe.skipIf(cluster === null)('operations', { timeout: 120_000 }, () => {
  let stage: Stage;
  let now = Date.now();
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    await stage.startOperator({ now: () => now });
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster!.leave();
  });

  async function workload(name: string, part: Part): Promise<KubeObject> {
    const kind = part === 'mysql' || part === 'rabbitmq' ? STATEFUL_SET : DEPLOYMENT;
    return (await stage.client.get(stage.ref(objectNames(name).workload(part), kind)))!;
  }

  async function replicas(name: string): Promise<Record<string, unknown>> {
    const parts = [...SERVICES, ...SERVERS];
    const live = await Promise.all(parts.map((part) => workload(name, part)));
    return Object.fromEntries(live.map(({ spec }, index): [string, unknown] => [parts[index]!, spec?.['replicas']]));
  }

  /** Has the operator look again at once, by what it heard last. */
  async function looksAgain(name: string): Promise<KubeObject> {
    const title = `Looked at by ${crypto.randomUUID()}`;
    const { metadata } = await stage.patch(name, { spec: { poll: { title } } });
    return await stage.until(name, ({ status }) => status?.['observedGeneration'] === metadata.generation);
  }

  function pollState({ status }: KubeObject): string | undefined {
    return (status?.['poll'] as { state?: string } | undefined)?.state;
  }

  /** Resolves when it has looked with the knowledge of a state; by itself it hears of one within 10 s. */
  async function hears(name: string, state: string): Promise<KubeObject> {
    await expect.poll(async () => pollState(await looksAgain(name)), { interval: 500 }).toBe(state);
    return await looksAgain(name);
  }

  describe('hibernation', () => {
    test('is refused while votes may come or wait, granted then, and ends when it is no longer asked for', async () => {
      await stage.apply(votingApp('bear'));
      await stage.untilCondition('bear', 'Ready');
      await stage.patch('bear', { spec: { hibernate: true } });
      const refused = { status: 'False', reason: 'HibernationRefused' };
      const open = await stage.untilCondition('bear', 'Hibernated', refused);
      expect(conditionsOf(open)['Hibernated']?.message).toContain('The poll is open');

      for (const part of [
        { state: 'Draining', pending: 0 },
        { state: 'Suspended', pending: 3 },
        { state: 'Scheduled', pending: null },
      ] as const) {
        stage.services.say('bear', part);
        const app = await hears('bear', part.state);
        expect(conditionsOf(app)['Hibernated'], JSON.stringify(part)).toMatchObject(refused);
        expect(await replicas('bear')).toEqual(USUAL);
      }

      stage.services.say('bear', { state: 'Suspended', pending: 0 });
      await hears('bear', 'Suspended');
      const asleep = await stage.untilCondition('bear', 'Hibernated', { reason: 'Hibernated' });
      expect(await replicas('bear')).toEqual(NONE);
      expect(conditionsOf(asleep)['Ready']).toMatchObject({ status: 'True', reason: 'Hibernated' });
      const claims = SERVERS.map((part) => stage.ref(objectNames('bear').claim(part, 0), CLAIM));
      for (const claim of claims) expect(await stage.client.get(claim)).not.toBeNull();

      await stage.patch('bear', { spec: { hibernate: null } });
      const awake = await stage.untilCondition('bear', 'Ready', { reason: 'Ready' });
      expect(await replicas('bear')).toEqual(USUAL);
      expect(conditionsOf(awake)['Hibernated']).toMatchObject({ status: 'False', reason: 'NotAsked' });
    });

    test('asked for from the start, no pod is ever made', async () => {
      await stage.apply(votingApp('hedgehog', {}, { hibernate: true }));
      await stage.untilCondition('hedgehog', 'Hibernated', { reason: 'Hibernated' });
      expect(await replicas('hedgehog')).toEqual(NONE);
      await stage.patch('hedgehog', { spec: { hibernate: false } });
      await stage.untilCondition('hedgehog', 'Ready', { reason: 'Ready' });
    });
  });

  test('a restart is of the services, and of them alone', async () => {
    await stage.apply(votingApp('phoenix'));
    await stage.untilCondition('phoenix', 'Ready');
    const before = await Promise.all(SERVERS.map((part) => workload('phoenix', part)));
    const at = '2031-01-02T03:04:05Z';
    await stage.patch('phoenix', { metadata: { annotations: { [RESTARTED_AT]: at } } });
    for (const service of SERVICES) {
      const ref = stage.ref(objectNames('phoenix').workload(service), DEPLOYMENT);
      await waitFor(stage.client, ref, (live) => podAnnotations(live)[ANNOTATIONS.restartedAt] === at);
    }
    await stage.untilCondition('phoenix', 'Progressing', { status: 'False' });
    const after = await Promise.all(SERVERS.map((part) => workload('phoenix', part)));
    expect(after.map(({ metadata }) => metadata.generation)).toEqual(before.map(({ metadata }) => metadata.generation));
  });

  test('prime time begins before the open, lasts while votes wait, and is over when all are counted', async () => {
    now = OPENS_AT - HOUR_MS;
    const primeTime = { leadTimeSeconds: 900, vote: { replicas: 7 }, front: { replicas: 5 } };
    stage.services.say('gala', { state: 'Scheduled' });
    await stage.apply(votingApp('gala', { opensAt: new Date(OPENS_AT).toISOString() }, { primeTime }));
    await stage.untilCondition('gala', 'Ready');
    const scaled = { ...USUAL, vote: 7, front: 5 };
    expect(await replicas('gala')).toEqual(USUAL);

    for (const [at, state, final, wanted] of [
      [OPENS_AT - 901_000, 'Scheduled', false, USUAL],
      [OPENS_AT - 900_000, 'Scheduled', false, scaled],
      [OPENS_AT + HOUR_MS, 'Open', false, scaled],
      [OPENS_AT + 2 * HOUR_MS, 'Draining', false, scaled],
      [OPENS_AT + 3 * HOUR_MS, 'Final', true, USUAL],
    ] as const) {
      now = at;
      stage.services.say('gala', { state, final, pending: state === 'Draining' ? 4 : 0 });
      await hears('gala', state);
      expect(await replicas('gala'), `at ${new Date(at).toISOString()}`).toEqual(wanted);
    }
    now = Date.now();
  });

  describe('a volume that is to grow', () => {
    async function offerVolume(storageClass: string, name: string, allowVolumeExpansion: boolean): Promise<void> {
      await stage.client.apply({
        ...STORAGE_CLASS,
        metadata: { name: storageClass },
        provisioner: 'kubernetes.io/no-provisioner',
        allowVolumeExpansion,
      });
      await stage.client.apply({
        ...VOLUME,
        metadata: { name: storageClass },
        spec: {
          capacity: { storage: '10Gi' },
          accessModes: ['ReadWriteOnce'],
          storageClassName: storageClass,
          hostPath: { path: '/nowhere' },
          claimRef: { namespace: stage.namespace, name: objectNames(name).claim('mysql', 0) },
        },
      });
    }
    const made: string[] = [];
    afterAll(async () => {
      for (const name of made) {
        await stage.client.remove({ ...VOLUME, name });
        await stage.client.remove({ ...STORAGE_CLASS, name });
      }
    });

    async function grown(name: string, allowVolumeExpansion: boolean): Promise<KubeObject> {
      const storageClassName = `${name}-of-${stage.namespace}`;
      await offerVolume(storageClassName, name, allowVolumeExpansion);
      made.push(storageClassName);
      const database = (size: string) => ({ type: 'Managed', managed: { storage: { size, storageClassName } } });
      await stage.apply(votingApp(name, {}, { database: database('10Gi') }));
      await stage.untilCondition(name, 'Ready');
      const before = await workload(name, 'mysql');
      const claim = stage.ref(objectNames(name).claim('mysql', 0), CLAIM);
      await waitFor(stage.client, claim, ({ status }) => status?.['phase'] === 'Bound');
      await stage.patch(name, { spec: { database: database('25Gi') } });
      return before;
    }

    test('grows by its claim, and the StatefulSet stays', async () => {
      const before = await grown('sunflower', true);
      const claim = stage.ref(objectNames('sunflower').claim('mysql', 0), CLAIM);
      await waitFor(stage.client, claim, ({ spec }) => sizeOf(spec) === '25Gi');
      await stage.untilCondition('sunflower', 'Ready');
      const { metadata, spec } = await workload('sunflower', 'mysql');
      expect(metadata.uid).toBe(before.metadata.uid);
      expect(spec).toEqual(before.spec);
    });

    test('that its StorageClass does not let grow is told by its name', async () => {
      await grown('bonsai', false);
      const app = await stage.untilCondition('bonsai', 'Ready', { status: 'False', reason: 'ApplyFailed' });
      expect(conditionsOf(app)['Ready']?.message).toMatch(
        /^PersistentVolumeClaim data-bonsai-mysql-0 cannot grow to 25Gi: .*/,
      );
    });
  });

  test.each([
    ['Retain', 'Delete'],
    ['Delete', 'Retain'],
  ] as const)('a deletion policy of %s that becomes %s is of the data that there are', async (first, then) => {
    const name = `${first}-first`.toLowerCase();
    const names = objectNames(name);
    const secret = stage.ref(names.secret, SECRET);
    async function follows(policy: 'Retain' | 'Delete'): Promise<unknown> {
      const { metadata } = await stage.untilCondition(name, 'Ready');
      const owners = (owned: KubeObject) => (owned.metadata.ownerReferences ?? []).map(({ uid }) => uid);
      const expected = policy === 'Delete' ? [metadata.uid] : [];
      const { data } = await waitFor(
        stage.client,
        secret,
        (live) => JSON.stringify(owners(live)) === JSON.stringify(expected),
        { what: `of the policy ${policy}`, timeoutMs: 20_000 },
      );
      for (const part of SERVERS) {
        const { spec } = await workload(name, part);
        expect(spec?.['persistentVolumeClaimRetentionPolicy']).toMatchObject({ whenDeleted: policy });
      }
      return data;
    }
    await stage.apply(votingApp(name, {}, { deletionPolicy: first }));
    const before = await follows(first);
    await stage.patch(name, { spec: { deletionPolicy: then } });
    expect(await follows(then)).toEqual(before);
  });
});

function podAnnotations({ spec }: KubeObject): Readonly<Record<string, string>> {
  const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } };
  return template.metadata.annotations ?? {};
}

function sizeOf(spec: KubeObject['spec']): string {
  const { resources } = spec as { resources: { requests: { storage: string } } };
  return resources.requests.storage;
}

import { objectNames } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Kind, KubeObject, RemoveOptions } from '../cluster/client.ts';
import { waitAmong, waitUntilGone } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { nameOf, type RunningOperator, Stage, stageCluster } from './in-process.ts';
import { recordMakings } from './makings.ts';

type Propagation = NonNullable<RemoveOptions['propagationPolicy']>;

const CLAIM: Kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const NAMESPACE: Kind = { apiVersion: 'v1', kind: 'Namespace' };
const POD: Kind = { apiVersion: 'v1', kind: 'Pod' };
const SECRET: Kind = { apiVersion: 'v1', kind: 'Secret' };
/** For how long nothing may come back. */
const QUIET_MS = 3_000;
/** A garbage collector hears of a kind that is new to the cluster within half a minute. */
const COLLECTED_MS = 90_000;

const cluster = await stageCluster();
afterAll(() => cluster?.leave());

describe.skipIf(cluster === null)('the end of a VotingApp', { timeout: 180_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(() => stage?.stop());

  /** The data of a VotingApp and the keys to it, by their names and identities. */
  async function dataOf(name: string): Promise<Record<string, unknown>> {
    const names = objectNames(name);
    const claims = (['mysql', 'rabbitmq'] as const).map((part) => stage.ref(names.claim(part, 0), CLAIM));
    const refs = [stage.ref(names.secret, SECRET), ...claims];
    const live = await Promise.all(refs.map((ref) => stage.client.get(ref)));
    return Object.fromEntries(
      refs.map((ref, index) => [ref.name, live[index] && [live[index].metadata.uid, live[index]['data']]]),
    );
  }

  function everything(objects: readonly KubeObject[]): Record<string, string | undefined> {
    return Object.fromEntries(objects.map((object) => [nameOf(object), object.metadata.uid]));
  }

  async function podsOf(name: string): Promise<KubeObject[]> {
    const pods = await stage.client.list(POD, { namespace: stage.namespace });
    return pods.filter(({ metadata }) => metadata.name.startsWith(`${name}-`));
  }

  /** Resolves when nothing but data and keys is left of a VotingApp. */
  async function ended(name: string): Promise<void> {
    await waitUntilGone(stage.client, stage.ref(name));
    await expect
      .poll(async () => (await stage.children(name)).filter(({ kind }) => kind !== SECRET.kind).map(nameOf), {
        timeout: COLLECTED_MS,
      })
      .toEqual([]);
    await waitAmong(stage.client, POD, { namespace: stage.namespace }, (seen) =>
      [...seen.values()].some(({ metadata }) => metadata.name.startsWith(`${name}-`)) ? null : true,
    );
  }

  describe.each<Propagation>(['Background', 'Foreground'])('deleted with the propagation policy %s', (propagation) => {
    test.each(['Retain', 'Delete'] as const)('and the deletion policy %s', async (deletionPolicy) => {
      const name = `${propagation}-${deletionPolicy}`.toLowerCase();
      await stage.apply(votingApp(name, {}, { deletionPolicy }));
      await stage.untilCondition(name, 'Ready');
      const before = await dataOf(name);
      expect(Object.values(before)).not.toContain(null);

      const makings = await recordMakings(stage.client, stage.namespace);
      await stage.remove(name, { propagationPolicy: propagation });
      await ended(name);
      if (deletionPolicy === 'Delete') {
        await expect
          .poll(async () => Object.values(await dataOf(name)), { timeout: 60_000 })
          .toEqual([null, null, null]);
      } else {
        expect(await dataOf(name)).toEqual(before);
      }
      expect(await makings.after(QUIET_MS)).toEqual([]);

      await stage.apply(votingApp(name, {}, { deletionPolicy }));
      await stage.untilCondition(name, 'Ready');
      const after = await dataOf(name);
      if (deletionPolicy === 'Retain') expect(after).toEqual(before);
      else for (const [object, is] of Object.entries(after)) expect(is).not.toEqual(before[object]);
    });
  });

  test('deleted as an orphanage, its objects stay and are the next one’s, pods and all', async () => {
    await stage.apply(votingApp('orphans'));
    const first = await stage.untilCondition('orphans', 'Ready');
    const [children, pods, data] = [await stage.children('orphans'), await podsOf('orphans'), await dataOf('orphans')];
    const makings = await recordMakings(stage.client, stage.namespace);
    await stage.remove('orphans', { propagationPolicy: 'Orphan' });
    await waitUntilGone(stage.client, stage.ref('orphans'));
    expect(await makings.after(QUIET_MS)).toEqual([]);
    const left = await stage.children('orphans');
    expect(everything(left)).toEqual(everything(children));
    expect(left.flatMap(({ metadata }) => metadata.ownerReferences ?? [])).toEqual([]);

    await stage.apply(votingApp('orphans'));
    const second = await stage.untilCondition('orphans', 'Ready');
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    const taken = await stage.children('orphans');
    expect(everything(taken)).toEqual(everything(children));
    const owned = taken.filter(({ kind }) => kind !== SECRET.kind);
    for (const object of owned) {
      expect([nameOf(object), object.metadata.ownerReferences?.map(({ uid }) => uid)]).toEqual([
        nameOf(object),
        [second.metadata.uid],
      ]);
    }
    expect(everything(await podsOf('orphans'))).toEqual(everything(pods));
    expect(await dataOf('orphans')).toEqual(data);
  });

  test.each<Propagation>(['Background', 'Foreground'])(
    'deleted (%s) and made again at once, it is ready again with its data, and nothing of the first is left',
    async (propagationPolicy) => {
      const name = `again-${propagationPolicy}`.toLowerCase();
      await stage.apply(votingApp(name));
      const first = await stage.untilCondition(name, 'Ready');
      const data = await dataOf(name);
      await stage.remove(name, { propagationPolicy });
      await waitUntilGone(stage.client, stage.ref(name));
      const second = await stage.apply(votingApp(name));
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
      await expect
        .poll(
          async () => {
            const children = (await stage.children(name)).filter(({ kind }) => kind !== SECRET.kind);
            return new Set(children.map(({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid).join()));
          },
          { timeout: 60_000 },
        )
        .toEqual(new Set([second.metadata.uid]));
      await stage.untilCondition(name, 'Ready');
      expect(await dataOf(name)).toEqual(data);
    },
  );
});

describe.skipIf(cluster === null)('the end of a namespace', { timeout: 120_000 }, () => {
  let home: Stage;
  let away: Stage;
  let operator: RunningOperator;
  beforeAll(async () => {
    home = await Stage.set(cluster!);
    away = await Stage.set(cluster!);
    operator = await home.startOperator({ env: { WATCH_NAMESPACE: `${home.namespace},${away.namespace}` } });
  }, FIRST_START_MS);
  afterAll(async () => {
    await home?.stop();
    await away?.stop();
  });

  test('is not kept from coming, and the other namespaces are served on', async () => {
    for (const name of ['one', 'two']) await away.apply(votingApp(name, {}, { deletionPolicy: 'Delete' }));
    await expect.poll(async () => (await podsIn(away)).length, { timeout: 60_000 }).toBeGreaterThan(0);
    await home.client.remove({ ...NAMESPACE, name: away.namespace });
    await waitUntilGone(home.client, { ...NAMESPACE, name: away.namespace }, { timeoutMs: 90_000 });

    const before = await operator.passes();
    await home.apply(votingApp('here'));
    await home.untilCondition('here', 'Ready');
    expect(await operator.passes()).toBeGreaterThan(before);
  });
});

async function podsIn({ client, namespace }: Stage): Promise<readonly KubeObject[]> {
  return await client.list(POD, { namespace });
}

import { ANNOTATIONS } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { KubeClient, KubeObject, ObjectRef } from '../cluster/client.ts';
import { waitFor, waitUntilGone } from '../cluster/conditions.ts';
import { follow } from '../cluster/follow.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { Stage, stageCluster } from './in-process.ts';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };

const cluster = await stageCluster();

describe.skipIf(cluster === null)('the number of pods', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let stage: Stage;
  beforeAll(async () => {
    client = cluster!.client;
    stage = await Stage.set(cluster!);
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  /** Every number of pods that a Deployment has asked for, one after the other, until the signal. */
  function watchReplicas({ name, namespace }: ObjectRef, signal: AbortSignal) {
    const numbers: number[] = [];
    const see = (seen: ReadonlyMap<string, KubeObject>) => {
      for (const { spec } of seen.values()) {
        const { replicas } = spec as { replicas: number };
        if (numbers.at(-1) !== replicas) numbers.push(replicas);
      }
    };
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    return { numbers, ended: follow(client, DEPLOYMENT, selection, see, signal) };
  }

  test.each<[string, 'vote' | 'front', { readonly replicas?: number }, readonly number[]]>([
    ['that the resource says', 'vote', { replicas: 4 }, [4, 6, 5, 7]],
    ['of a resource that says none', 'front', {}, [2, 6, 5, 7]],
  ])('%s goes to an autoscaler and back without ever being less', async (_, service, first, expected) => {
    const name = `handed-${service}`;
    const ref = stage.ref(`${name}-${service}-server`, DEPLOYMENT);
    const autoscaler = stage.ref(ref.name, AUTOSCALER);
    await stage.apply(votingApp(name, {}, { [service]: first }));
    await stage.untilCondition(name, 'Ready');

    const watching = new AbortController();
    const { numbers, ended } = watchReplicas(ref, watching.signal);
    await expect.poll(() => numbers).toEqual(expected.slice(0, 1));
    const appliedFrom = (object: KubeObject | null) => object?.metadata.annotations?.[ANNOTATIONS.applied];
    const edit = async (section: object) => {
      const before = appliedFrom(await client.get(ref));
      await stage.patch(name, { spec: { [service]: section } });
      await waitFor(client, ref, (object) => appliedFrom(object) !== before, { what: 'applied anew' });
    };
    const byHand = (replicas: number) => edit({ replicas, autoscaling: null });
    const automatically = async (minReplicas: number) => {
      await edit({ replicas: null, autoscaling: { mode: 'HPA', minReplicas, maxReplicas: 8 } });
      const present = numbers.at(-1);
      await waitFor(client, autoscaler, ({ status }) => status?.['currentReplicas'] === present, { what: 'at work' });
    };

    await automatically(2);
    // As an autoscaler does it; this one has no metrics to go by.
    await client.merge(ref, { spec: { replicas: 6 } }, { subresource: 'scale' });
    await byHand(5);
    await waitUntilGone(client, autoscaler);
    await automatically(3);
    await byHand(7);
    await waitUntilGone(client, autoscaler);
    await expect.poll(() => numbers).toEqual(expected);

    watching.abort();
    await ended;
  });

  test('comes back with an autoscaler after hibernation', async () => {
    const name = 'slept';
    const ref = stage.ref(`${name}-vote-server`, DEPLOYMENT);
    const hpa = { autoscaling: { mode: 'HPA', minReplicas: 2, maxReplicas: 8 } };
    stage.services.say(name, { state: 'Suspended', pending: 0 });
    await stage.apply(votingApp(name, { suspend: true }, { vote: hpa }));
    const hasPods = (count: number) => (object: KubeObject) => object.spec?.['replicas'] === count;
    await waitFor(client, ref, hasPods(2), { what: 'of two pods' });
    await stage.untilCondition(name, 'Ready');
    await stage.patch(name, { spec: { hibernate: true } });
    await stage.untilCondition(name, 'Hibernated');
    expect(await client.get(ref)).toMatchObject({ spec: { replicas: 0 } });
    await stage.patch(name, { spec: { hibernate: false } });
    await waitFor(client, ref, hasPods(2), { what: 'of two pods' });
    await stage.untilCondition(name, 'Ready');
  });
});

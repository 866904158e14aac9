import { ANNOTATIONS, LABELS, objectNames } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Kind, KubeObject } from '../cluster/client.ts';
import { waitFor, waitUntilGone } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { conditionsOf, nameOf, Stage, stageCluster } from './in-process.ts';

const CONFIG_MAP: Kind = { apiVersion: 'v1', kind: 'ConfigMap' };
const DEPLOYMENT: Kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
const POD: Kind = { apiVersion: 'v1', kind: 'Pod' };
const SERVICE: Kind = { apiVersion: 'v1', kind: 'Service' };
const STATEFUL_SET: Kind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };

const PAUSED = { metadata: { annotations: { [ANNOTATIONS.reconcile]: 'disabled' } } };
const RESUMED = { metadata: { annotations: { [ANNOTATIONS.reconcile]: null } } };

const cluster = await stageCluster();

describe.skipIf(cluster === null)('what keeps the operator from changing a thing', { timeout: 120_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster!.leave();
  });

  /** What there is of a VotingApp, as far as it is the operator's to say. */
  async function declared(name: string): Promise<Record<string, unknown>> {
    const children = await stage.children(name);
    return Object.fromEntries(
      children.map((child) => [nameOf(child), [child.metadata.uid, child.spec, child['data'], child.metadata.labels]]),
    );
  }

  async function readyProblem(name: string, reason: string): Promise<string> {
    const app = await stage.untilCondition(name, 'Ready', { status: 'False', reason });
    return conditionsOf(app)['Ready']!.message;
  }

  /** Makes an object of a name that the operator will need, by other fields than its own. */
  async function occupy(kind: Kind, name: string, rest: object, metadata: object = {}): Promise<KubeObject> {
    const { namespace } = stage;
    return await stage.client.create({ ...kind, metadata: { name, namespace, ...metadata }, ...rest });
  }

  /** The pods of a VotingApp's database, by name and identity. */
  async function databasePods(name: string): Promise<string[]> {
    const labelSelector = `${LABELS.instance}=${name},${LABELS.component}=mysql`;
    const pods = await stage.client.list(POD, { namespace: stage.namespace, labelSelector });
    return pods.map(({ metadata }) => `${metadata.name} ${metadata.uid}`);
  }

  describe('the annotation that pauses', () => {
    test('set from the start, nothing but the status is written until it goes', async () => {
      const app = votingApp('asleep');
      await stage.apply({ ...app, metadata: { ...app.metadata, ...PAUSED.metadata } });
      const paused = await stage.untilCondition('asleep', 'Paused', { reason: 'ReconcileDisabled' });
      expect(paused.status).toMatchObject({ observedGeneration: 1 });
      expect(await stage.children('asleep')).toEqual([]);

      await stage.patch('asleep', RESUMED);
      await stage.untilCondition('asleep', 'Ready');
      await stage.untilCondition('asleep', 'Paused', { status: 'False' });
    });

    test('set later, edits and what others do stay as they are until it goes', async () => {
      const names = objectNames('napping');
      await stage.apply(votingApp('napping'));
      await stage.untilCondition('napping', 'Ready');
      await stage.patch('napping', PAUSED);
      await stage.untilCondition('napping', 'Paused');

      await stage.client.remove(stage.ref(names.service('front'), SERVICE));
      await stage.client.merge(stage.ref(names.workload('worker'), DEPLOYMENT), { spec: { replicas: 3 } });
      const before = await declared('napping');
      const edited = await stage.patch('napping', { spec: { poll: { title: 'Another title' } } });
      // It has looked at the edit, and at what was done before.
      await stage.untilCondition('napping', 'Paused');
      await stage.until('napping', ({ status }) => {
        const components = status?.['components'] as readonly { readonly name: string; readonly desired: number }[];
        return components.some(({ name, desired }) => name === 'worker' && desired === 3);
      });
      expect((await stage.get('napping'))?.status?.['observedGeneration']).toBe(edited.metadata.generation);
      expect(await declared('napping')).toEqual(before);

      await stage.patch('napping', RESUMED);
      await waitFor(stage.client, stage.ref(names.service('front'), SERVICE), () => true);
      await waitFor(
        stage.client,
        stage.ref(names.workload('worker'), DEPLOYMENT),
        ({ spec }) => spec!['replicas'] === 1,
      );
      await waitFor(stage.client, stage.ref(names.poll, CONFIG_MAP), ({ data }) =>
        JSON.stringify(data).includes('Another title'),
      );
    });
  });

  describe('an object of a name that is needed', () => {
    test('that is nobody’s is left alone, and taken when it is annotated', async () => {
      const names = objectNames('adopter');
      const theirs = await occupy(CONFIG_MAP, names.poll, { data: { theirs: 'yes' } });
      await stage.apply(votingApp('adopter'));
      const message = await readyProblem('adopter', 'AdoptionRefused');
      expect(message).toContain(`ConfigMap ${names.poll} is there already`);
      expect(message).toContain(`${ANNOTATIONS.adopt}: "true"`);
      expect(await stage.client.get(stage.ref(names.poll, CONFIG_MAP))).toEqual(theirs);
      expect((await stage.children('adopter')).map(nameOf)).toEqual(
        expect.arrayContaining([`Service ${names.service('vote')}`, `Deployment ${names.workload('front')}`]),
      );

      const adopt = { metadata: { annotations: { [ANNOTATIONS.adopt]: 'true' } } };
      await stage.client.merge(stage.ref(names.poll, CONFIG_MAP), adopt);
      const app = await stage.untilCondition('adopter', 'Ready');
      expect(await stage.client.get(stage.ref(names.poll, CONFIG_MAP))).toMatchObject({
        metadata: { uid: theirs.metadata.uid, ownerReferences: [{ uid: app.metadata.uid, controller: true }] },
        data: { theirs: 'yes', 'poll.json': expect.any(String) as string },
      });
    });

    test('that another controller has is left alone, though it is annotated and labelled', async () => {
      const names = objectNames('squatter');
      const owner = await occupy(CONFIG_MAP, 'landlord', {});
      const { uid = '' } = owner.metadata;
      const ownerReferences = [{ ...CONFIG_MAP, name: 'landlord', uid, controller: true }];
      const annotations = { [ANNOTATIONS.adopt]: 'true' };
      const spec = { ports: [{ port: 4000 }] };
      const theirs = await occupy(SERVICE, names.service('vote'), { spec }, { ownerReferences, annotations });
      await stage.apply(votingApp('squatter'));
      expect(await readyProblem('squatter', 'AdoptionRefused')).toBe(
        `Service ${names.service('vote')} belongs to ConfigMap landlord: rename one of them.`,
      );
      expect(await stage.client.get(stage.ref(names.service('vote'), SERVICE))).toEqual(theirs);
    });
  });

  test('a field that never changes is told, and the other objects are applied all the same', async () => {
    const names = objectNames('statue');
    await stage.apply(votingApp('statue'));
    await stage.untilCondition('statue', 'Ready');
    const ref = stage.ref(names.workload('mysql'), STATEFUL_SET);
    await stage.patch('statue', PAUSED);
    await stage.untilCondition('statue', 'Paused');
    const { spec, metadata } = (await stage.client.get(ref))!;
    const pods = await databasePods('statue');
    await stage.client.remove(ref, { propagationPolicy: 'Orphan' });
    await waitUntilGone(stage.client, ref);
    const { labels, ownerReferences } = metadata;
    const serviceName = 'another';
    const theirs = await occupy(
      STATEFUL_SET,
      ref.name,
      { spec: { ...spec, serviceName } },
      { labels, ownerReferences },
    );

    await stage.patch('statue', { spec: { poll: { title: 'Chiselled' } }, ...RESUMED });
    expect(await readyProblem('statue', 'ImmutableFieldChanged')).toBe(
      `StatefulSet ${ref.name} would need another spec.serviceName, which never changes: ` +
        'delete it with --cascade=orphan and it is made anew around its pods.',
    );
    await waitFor(stage.client, stage.ref(names.poll, CONFIG_MAP), ({ data }) =>
      JSON.stringify(data).includes('Chiselled'),
    );
    const live = await stage.client.get(ref);
    expect(live).toMatchObject({ metadata: { uid: theirs.metadata.uid, generation: 1 }, spec: { serviceName } });

    await stage.client.remove(ref, { propagationPolicy: 'Orphan' });
    await stage.untilCondition('statue', 'Ready');
    expect((await stage.client.get(ref))?.spec).toMatchObject({ serviceName: names.nodes('mysql') });
    expect(await databasePods('statue')).toEqual(pods);
  });

  describe('a release that is pinned', () => {
    test('and that the operator does not run is told, and nothing is made', async () => {
      await stage.apply(votingApp('futurist', {}, { version: '99.0.0' }));
      expect(await readyProblem('futurist', 'UnsupportedVersion')).toMatch(
        /^spec\.version is 99\.0\.0; this operator runs /,
      );
      expect(await stage.children('futurist')).toEqual([]);
      await stage.patch('futurist', { spec: { version: null } });
      await stage.untilCondition('futurist', 'Ready');
    });

    test('leaves what runs as it is, where the operator does not run it', async () => {
      await stage.apply(votingApp('settled'));
      await stage.untilCondition('settled', 'Ready');
      const before = await declared('settled');
      await stage.patch('settled', { spec: { version: '99.0.0', vote: { replicas: 5 } } });
      await readyProblem('settled', 'UnsupportedVersion');
      expect(await declared('settled')).toEqual(before);
    });
  });
});

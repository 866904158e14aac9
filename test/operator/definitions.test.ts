import { objectNames } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Kind, type KubeObject, refOf } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitFor, waitUntilServed } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { conditionsOf, installDefinition, nameOf, Stage, stageCluster, VOTING_APP } from './in-process.ts';
import { installOptionalKinds } from './optional-kinds.ts';

/** Fields of a spec. */
interface Patch {
  readonly poll?: object;
  readonly [section: string]: unknown;
}

const HTTP_ROUTE: Kind = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
/** Of an earlier release, as far as the operator can know: it takes whatever it is given. */
const LAX_DEFINITION: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'votingapps.voteapp.dev' },
  spec: {
    group: 'voteapp.dev',
    scope: 'Namespaced',
    names: { plural: 'votingapps', singular: 'votingapp', kind: VOTING_APP.kind },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const shared = await stageCluster();
await shared?.leave();

// A definition is of a whole cluster, and others share theirs.
describe.skipIf(shared === null)('a cluster with other definitions', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  let stage: Stage;
  beforeAll(async () => {
    cluster = await startCluster({ level: 'api' });
    const { client } = cluster;
    await waitUntilServed(client, refOf(await client.apply(LAX_DEFINITION)));
    stage = await Stage.set(cluster, { definition: 'own' });
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.stop();
  });

  /** What the operator made, with whatever would change if it were changed. */
  async function workload(name: string): Promise<Record<string, unknown>> {
    const children = await stage.children(name);
    return Object.fromEntries(
      children.map((child) => [nameOf(child), [child.metadata.uid, child.metadata.generation, child['data']]]),
    );
  }

  describe('an invalid resource that slips through', () => {
    /** A merge patch that takes fields away. */
    const without = (fields: object = {}) => Object.fromEntries(Object.keys(fields).map((field) => [field, null]));

    const OPTIONS = [{ id: 'coca' }, { id: 'pepsi' }];
    test.each([
      ['a list that is too short', { poll: { options: [{ id: 'coca' }] } }, 'spec.poll.options'],
      ['a bad value within a list', { poll: { options: [OPTIONS[0], { id: 'Not an id' }] } }, 'spec.poll.options.1.id'],
      ['a type that is another', { poll: { options: OPTIONS, shards: 'many' } }, 'spec.poll.shards'],
      ['a value that is none of those', { deletionPolicy: 'Burn' }, 'spec.deletionPolicy'],
      ['a field that does not exist', { votes: {} }, 'spec'],
      ['two fields that contradict each other', { primeTime: { vote: { replicas: 3 } } }, 'spec.primeTime'],
    ])('is told by the field’s path, and what runs goes on: %s', async (title, patch: Patch, path) => {
      const name = `edited-${title.replaceAll(/[^a-z]+/g, '-')}`.slice(0, 40).replace(/-$/, '');
      await stage.apply(votingApp(name));
      await stage.untilCondition(name, 'Ready');
      const before = await workload(name);
      await stage.patch(name, { spec: patch });
      const app = await stage.untilCondition(name, 'Ready', { status: 'False', reason: 'InvalidSpec' });
      expect(conditionsOf(app)['Ready']?.message.split(': ')[0]).toBe(path);
      expect(await stage.untilEvent(name, /InvalidSpec/)).toContain(`Warning InvalidSpec ${path}: `);
      expect(await workload(name)).toEqual(before);

      await stage.patch(name, { spec: { ...without(patch), poll: { ...without(patch.poll), options: OPTIONS } } });
      await stage.untilCondition(name, 'Ready');
    });

    test('from the start is told, and nothing is made of it', async () => {
      await stage.apply(votingApp('stillborn', { policy: 'Loudest' }));
      const app = await stage.untilCondition('stillborn', 'Ready', { status: 'False', reason: 'InvalidSpec' });
      expect(conditionsOf(app)['Ready']?.message).toMatch(/^spec\.poll\.policy: /);
      expect(await stage.children('stillborn')).toEqual([]);
    });
  });

  test('a kind that is not served is told, the rest is applied, and it follows when somebody installs it', async () => {
    const parentRefs = [{ name: 'public' }];
    const expose = {
      type: 'Gateway',
      hosts: { vote: 'vote.example.com', front: 'results.example.com' },
      gateway: { parentRefs },
    };
    await stage.apply(votingApp('routed', {}, { expose }));
    const app = await stage.untilCondition('routed', 'Ready', { status: 'False', reason: 'KindNotServed' });
    const names = objectNames('routed');
    expect(conditionsOf(app)['Ready']?.message).toBe(
      `HTTPRoute ${names.httpRoute('vote')} needs gateway.networking.k8s.io/v1, which this cluster does not serve: install it.`,
    );
    expect((await stage.children('routed')).map(nameOf)).toContain(`Deployment ${names.workload('vote')}`);

    await installOptionalKinds(stage.client);
    const route = stage.ref(names.httpRoute('vote'), HTTP_ROUTE);
    const { spec } = await waitFor(stage.client, route, () => true);
    expect(spec).toMatchObject({ hostnames: ['vote.example.com'] });
    await stage.untilCondition('routed', 'Ready');
    // It is watched now.
    await stage.client.remove(route);
    await waitFor(stage.client, route, () => true, { timeoutMs: 5_000 });
  });

  test('what was invalid is still told once the definition has become strict', async () => {
    await stage.apply(votingApp('legacy', { options: [{ id: 'lonely' }] }));
    await stage.untilCondition('legacy', 'Ready', { status: 'False', reason: 'InvalidSpec' });
    await installDefinition(stage.client);
    await stage.client.merge(stage.ref('legacy'), { status: { conditions: [] } }, { subresource: 'status' });
    await stage.client.merge(stage.ref('legacy'), { metadata: { annotations: { 'example.com/looked-at': 'yes' } } });
    await stage.untilCondition('legacy', 'Ready', { status: 'False', reason: 'InvalidSpec' });
  });
});

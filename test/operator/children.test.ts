import { readFile } from 'node:fs/promises';

import { LABELS } from '@voteapp/contracts/cluster-objects';
import type { VotingAppObject } from '@voteapp/contracts/contract/resource-table';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import type { KubeClient, KubeObject } from '../cluster/client.ts';
import type { PodState } from '../cluster/pod-status.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { crowd } from './crowd.ts';
import { conditionsOf, nameOf, type RunningOperator, Stage, stageCluster } from './in-process.ts';
import { installOptionalKinds } from './optional-kinds.ts';
import { databaseOf, SAMPLES, servicesOf } from './sample-objects.ts';

const FOLDER = new URL('../../manifests/samples/', import.meta.url);
/** From the apply of a resource to the last of its objects. */
const LIMIT_MS = 2_000;

interface Component {
  readonly name: string;
  readonly desired: number;
  readonly ready: number;
  readonly message?: string;
}

const BROKEN: Readonly<Record<string, { resource: VotingAppObject; part: string; state?: PodState; message: RegExp }>> =
  {
    'an image that cannot be pulled': {
      resource: votingApp('pull'),
      part: 'vote',
      state: { waiting: 'ImagePullBackOff' },
      message: /^Deployment pull-vote-server: 0\/2 ready: pod pull-vote-server-\S+ ImagePullBackOff$/,
    },
    'a database that ends again and again': {
      resource: votingApp('crash'),
      part: 'mysql',
      state: { waiting: 'CrashLoopBackOff' },
      message: /^StatefulSet crash-mysql: 0\/1 ready: pod crash-mysql-0 CrashLoopBackOff$/,
    },
    'a pod that no node has room for': {
      resource: votingApp('huge', {}, { front: { replicas: 1, resources: { requests: { cpu: '5000' } } } }),
      part: 'front',
      message:
        /^Deployment huge-front-server: 0\/1 ready: pod huge-front-server-\S+ Unschedulable: 0\/1 nodes are available: 1 Insufficient cpu/,
    },
  };

const cluster = await stageCluster();

describe.skipIf(cluster === null)('what becomes of a VotingApp', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let stage: Stage;
  let operator: RunningOperator;
  /** How long it was to the last object of each sample with a database of its own, in ms. */
  const took: number[] = [];
  beforeAll(async () => {
    client = cluster!.client;
    await installOptionalKinds(client);
    stage = await Stage.set(cluster!);
    const states = new Map(
      Object.values(BROKEN).map((row) => [`${row.resource.metadata.name} ${row.part}`, row.state]),
    );
    await stage.pods.behave(({ metadata: { labels = {} } }) => {
      return states.get(`${labels[LABELS.instance]} ${labels[LABELS.component]}`) ?? 'Ready';
    });
    operator = await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  async function sample(name: string): Promise<KubeObject[]> {
    const documents = parseAllDocuments(await readFile(new URL(`${name}.yaml`, FOLDER), 'utf8'));
    return documents.map((document) => document.toJS() as KubeObject);
  }

  /** What kubectl shows of it, by column. */
  async function columns(name: string): Promise<Readonly<Record<string, unknown>>> {
    const path = `/apis/voteapp.dev/v1alpha1/namespaces/${stage.namespace}/votingapps/${name}`;
    const table = (await client.raw('GET', path, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })) as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
    return Object.fromEntries(
      table.columnDefinitions.map((column, index) => [column.name, table.rows[0]?.cells[index]]),
    );
  }

  describe.each(Object.entries(SAMPLES))('manifests/samples/%s.yaml', (name, { objects, pods, urls = {} }) => {
    test('has its objects, by the names of the design, and no others', async () => {
      for (const object of await sample(name)) await stage.apply(object);
      const from = performance.now();
      const names = async () => (await stage.children(name)).map(nameOf).toSorted();
      await expect.poll(names, { interval: 100 }).toEqual(objects.toSorted());
      if ('mysql' in pods) took.push(performance.now() - from);
    });

    test('is Ready, with each of its parts, where pods and services are', async () => {
      const ready = async () => {
        const components = ((await stage.get(name))?.status?.['components'] ?? []) as Component[];
        return Object.fromEntries(components.map((part) => [part.name, `${part.ready}/${part.desired}`]));
      };
      const all = Object.fromEntries(Object.entries(pods).map(([part, count]) => [part, `${count}/${count}`]));
      // An autoscaler looks at its Deployment some seconds after that has begun with one pod.
      await expect.poll(ready).toEqual(all);
      const { status } = await stage.untilCondition(name, 'Ready');
      expect(status?.['urls']).toEqual(urls);
      expect(conditionsOf({ status } as unknown as KubeObject)).toMatchObject({
        Ready: { reason: 'Ready', message: 'Every part runs; the poll is Open.' },
        DatabaseReady: { status: 'True' },
        QueueReady: { status: 'True' },
        Degraded: { status: 'False' },
        Open: { status: 'True' },
        Final: { status: 'False' },
      });
    });
  });

  test('the objects are there within 2 s of the apply', () => {
    // From the others, other suites may have taken the cores.
    expect(Math.min(...took)).toBeLessThan(LIMIT_MS * crowd());
  });

  // Most of their time they wait for the operator to ask again.
  describe.concurrent('in the end', () => {
    test('a RabbitmqCluster is used when it has told where it is', async () => {
      const queue = { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'shared' } };
      await stage.apply(votingApp('bound', {}, { queue }));
      const { status } = await stage.untilCondition('bound', 'Ready', { status: 'False', reason: 'QueueNotFound' });
      expect(conditionsOf({ status } as unknown as KubeObject)['Ready']?.message).toBe(
        'RabbitmqCluster shared is not there: create it.',
      );
      const login = { username: 'voteapp', password: 'of-the-test' };
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shared-default-user' }, stringData: login };
      await stage.apply(secret);
      const made = await stage.apply({
        apiVersion: 'rabbitmq.com/v1beta1',
        kind: 'RabbitmqCluster',
        metadata: { name: 'shared' },
        spec: { replicas: 3 },
      });
      const defaultUser = {
        secretReference: { name: 'shared-default-user', namespace: stage.namespace, keys: {} },
        serviceReference: { name: 'shared', namespace: stage.namespace },
      };
      const ref = stage.ref('shared', { apiVersion: made.apiVersion, kind: made.kind });
      await client.merge(ref, { status: { defaultUser } }, { subresource: 'status' });
      await stage.untilCondition('bound', 'Ready');
      const names = [...servicesOf('bound'), ...databaseOf('bound')];
      expect((await stage.children('bound')).map(nameOf).toSorted()).toEqual(names.toSorted());
    });

    test.each(Object.entries(BROKEN))('%s is told by its name and cause', async (_, { resource, part, message }) => {
      const { name } = resource.metadata;
      await stage.apply(resource);
      const { status } = await stage.until(name, (app) => message.test(conditionsOf(app)['Degraded']?.message ?? ''), {
        what: `Degraded with ${message}`,
      });
      const conditions = conditionsOf({ status } as unknown as KubeObject);
      expect(conditions).toMatchObject({
        Ready: { status: 'False', reason: 'PodsNotReady' },
        Degraded: { status: 'True', reason: 'PodsNotReady' },
      });
      expect(conditions['Ready']?.message.split('; ').filter((sentence) => message.test(sentence))).toHaveLength(1);
      const components = status?.['components'] as Component[];
      expect(components.find((component) => component.name === part)?.message).toMatch(message);
      expect(await stage.untilEvent(name, /^Warning PodsNotReady Degraded is True/)).toMatch(
        new RegExp(message.source.replace(/^\^/, '').replace(/\$$/, '')),
      );
    });

    test.each([
      ['queue', 'QueueReady', 'QueueUnavailable', 'The queue does not answer the vote service.'],
      ['database', 'DatabaseReady', 'DatabaseUnavailable', 'The database does not answer the worker.'],
    ] as const)(
      'a %s that does not answer: not %s, not Ready, and again when it does',
      async (server, type, reason, why) => {
        const name = `${server}-down`;
        stage.services.say(name, { [server]: false });
        await stage.apply(votingApp(name));
        expect(conditionsOf(await stage.untilCondition(name, 'Ready', { status: 'False', reason }))).toMatchObject({
          [type]: { status: 'False', reason: 'NoAnswer' },
          Ready: { message: why },
          // It has never been up: nobody has lost anything yet.
          Degraded: { status: 'False' },
        });
        stage.services.say(name, { [server]: true });
        expect(conditionsOf(await stage.untilCondition(name, 'Ready'))).toMatchObject({ [type]: { status: 'True' } });
        stage.services.say(name, { [server]: false });
        expect(conditionsOf(await stage.untilCondition(name, 'Degraded'))).toMatchObject({
          [type]: { status: 'False', reason: 'NoAnswer' },
          Ready: { status: 'False', reason, message: why },
          Degraded: { reason, message: why },
        });
        await stage.untilEvent(name, new RegExp(`^Warning ${reason} Ready is False: ${why}$`));
      },
    );

    test('services that do not answer: whether it is Ready is unknown, and why is told', async () => {
      stage.services.say('silent', { silent: ['front'] });
      await stage.apply(votingApp('silent'));
      await stage.untilCondition('silent', 'Ready', { status: 'Unknown', reason: 'ServicesUnreachable' });
      expect((await columns('silent'))['Ready']).toBe('Unknown');
      stage.services.say('silent', { silent: [] });
      await stage.untilCondition('silent', 'Ready');
    });

    test('the count is in the status and the columns', async () => {
      stage.services.say('counted', { votes: { coca: 3, pepsi: 1 }, pending: 2 });
      await stage.apply(votingApp('counted'));
      const { metadata, status } = await stage.untilCondition('counted', 'Ready');
      const options = [
        { id: 'coca', votes: 3 },
        { id: 'pepsi', votes: 1 },
      ];
      const asOf = expect.stringMatching(/^\d{4}-.*Z$/) as string;
      expect(status).toMatchObject({
        tally: { total: 4, options, leader: 'coca', final: false, asOf },
        poll: { state: 'Open', observedRevision: metadata.generation },
      });
      expect(await columns('counted')).toMatchObject({ Ready: 'True', Poll: 'Open', Votes: 4, Leader: 'coca' });
      expect(await operator.metric('votingapp_votes', { name: 'counted' })).toBe(4);

      stage.services.say('counted', { state: 'Final', final: true, pending: 0 });
      const last = await stage.untilCondition('counted', 'Final');
      expect(last.status).toMatchObject({ tally: { final: true }, poll: { state: 'Final' } });
      expect(conditionsOf(last)).toMatchObject({ Open: { status: 'False', reason: 'Final' } });
    });

    test('while the numbers are hidden, none per option is anywhere; those that were shown go at once', async () => {
      const poll = { results: { visibility: 'AfterClose' } };
      stage.services.say('secretive', { votes: { coca: 31, pepsi: 17 } });
      await stage.apply(votingApp('secretive'));
      await stage.until('secretive', ({ status }) => JSON.stringify(status ?? {}).includes('coca'));
      // The services have not heard of it yet, and tell the numbers still.
      await stage.patch('secretive', { spec: { poll } });
      const { status } = await stage.until(
        'secretive',
        ({ status }) => !JSON.stringify(status ?? {}).includes('coca'),
        { timeoutMs: 15_000 },
      );
      expect(status).toMatchObject({ tally: { total: 48 } });
      expect(Object.keys(status?.['tally'] as object).toSorted()).toEqual(['asOf', 'final', 'total']);
      expect(await columns('secretive')).toMatchObject({ Votes: 48, Leader: null });

      stage.services.say('blind', { votes: { coca: 70_031, pepsi: 70_017 }, hidden: true });
      await stage.apply(votingApp('blind', poll));
      const { status: blind } = await stage.untilCondition('blind', 'Ready');
      const metrics = await (await fetch(`http://127.0.0.1:${operator.port}/metrics`)).text();
      const told = [blind, await columns('blind'), await stage.events('blind'), operator.lines, metrics];
      expect(metrics).toContain(' 140048\n');
      for (const each of told) expect(JSON.stringify(each)).not.toMatch(/70031|70017/);
      expect(JSON.stringify(blind)).not.toMatch(/coca|pepsi/);
    });
  });
});

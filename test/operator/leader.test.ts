import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { requestsBy } from '../cluster/audit.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { Stage, stageCluster } from './in-process.ts';
import { type OperatorProcess, OperatorProcesses } from './operator-process.ts';

const WRITING = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const SERVICE = { apiVersion: 'v1', kind: 'Service' };

const shared = await stageCluster();
await shared?.leave();

describe.skipIf(shared === null)('of two operators', { timeout: 120_000 }, () => {
  let cluster: Cluster;
  let stage: Stage;
  let processes: OperatorProcesses;
  const started: OperatorProcess[] = [];
  /** Whether the services take questions and never answer; and how many they have taken. */
  let areMute = false;
  let unanswered = 0;

  beforeAll(async () => {
    cluster = await startCluster({ level: 'api' });
    stage = await Stage.set(cluster);
    processes = await OperatorProcesses.on(cluster, {
      async fetch(url) {
        if (!areMute) return await stage.services.fetch(url);
        unanswered += 1;
        return await new Promise<never>(() => {});
      },
    });
    await stage.apply(votingApp('shop'));
    await startAnother();
    await startAnother();
    await stage.untilCondition('shop', 'Ready');
  }, FIRST_START_MS);
  afterAll(async () => {
    await processes?.stop();
    await stage?.stop();
    await cluster?.stop();
  });

  /** No two processes ever have one name, as no two pods have. */
  async function startAnother(): Promise<void> {
    started.push(await processes.start(`operator-${started.length}`));
  }

  async function leader(isIt: (name: string) => boolean = () => true): Promise<OperatorProcess> {
    const leads = await processes.untilLed(isIt);
    return started.find(({ name }) => name === leads)!;
  }

  /** Resolves, when another leads and does the work, with how long each took, in seconds. */
  async function followed(left: OperatorProcess, end: () => void): Promise<Took> {
    const ref = stage.ref('shop-vote-service', SERVICE);
    const before = await cluster.client.get(ref);
    const from = performance.now();
    const seconds = () => (performance.now() - from) / 1000;
    end();
    await cluster.client.remove(ref);
    await processes.untilLed((name) => name !== left.name);
    const led = seconds();
    await waitFor(cluster.client, ref, ({ metadata }) => metadata.uid !== before?.metadata.uid);
    return { led, worked: seconds() };
  }

  /** What a process has written since a time, Leases aside. */
  async function written({ user }: OperatorProcess, since: number): Promise<string[]> {
    const entries = await requestsBy(cluster.auditLog!, user, { verbs: WRITING, since });
    return entries
      .filter(({ resource }) => resource !== 'leases')
      .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
  }

  test('one leads, and the other writes nothing', async () => {
    const first = await leader();
    const other = started.find((one) => one !== first);
    expect(await written(other!, 0)).toEqual([]);
    expect((await written(first, 0)).length).toBeGreaterThan(20);
  });

  test('the other leads within 25 s when the leader is killed', async ({ annotate }) => {
    const left = await leader();
    const took = await followed(left, () => left.signal('SIGKILL'));
    await annotate(inWords(took));
    expect(took.worked).toBeLessThan(25);
    expect(await left.ended()).toBe(128 + 9);
    await startAnother();
  });

  test.for([
    ['its work done', false],
    ['services leave it waiting for an answer', true],
  ] as const)(
    'the other leads within 3 s when the leader gets SIGTERM while %s',
    async ([, whetherMute], { annotate }) => {
      const left = await leader();
      areMute = whetherMute;
      if (areMute) await expect.poll(() => unanswered, { interval: 10 }).toBeGreaterThan(0);
      const took = await followed(left, () => left.signal('SIGTERM'));
      areMute = false;
      await annotate(inWords(took));
      expect(took.led).toBeLessThan(3);
      expect(await left.ended()).toBe(0);
      await startAnother();
    },
  );

  test('a leader frozen past its lease writes at most one request after waking, until it leads again', async () => {
    const frozen = await leader();
    // It is in the midst of its work when it freezes.
    for (const name of ['a', 'b', 'c', 'd']) await stage.apply(votingApp(name));
    await waitFor(cluster.client, stage.ref('a-vote-service', SERVICE), () => true);
    frozen.signal('SIGSTOP');
    await stage.patch('shop', { spec: { poll: { title: 'While it was frozen' } } });
    const other = await leader((name) => name !== frozen.name);
    await stage.untilCondition('shop', 'Ready');

    const woken = Date.now();
    frozen.signal('SIGCONT');
    await frozen.untilLogged('Lost the lease');
    await stage.patch('shop', { spec: { poll: { title: 'After it awoke' } } });
    await stage.untilCondition('shop', 'Ready');
    for (const name of ['a', 'b', 'c', 'd']) await stage.untilCondition(name, 'Ready');
    const late = await written(frozen, woken);
    expect(late.length, late.join('\n')).toBeLessThanOrEqual(1);
    expect((await written(other, woken)).length).toBeGreaterThan(0);

    other.signal('SIGTERM');
    await leader((name) => name === frozen.name);
    await stage.patch('shop', { spec: { poll: { title: 'Now that it leads again' } } });
    await stage.untilCondition('shop', 'Ready');
    expect((await written(frozen, woken)).length).toBeGreaterThan(late.length);
  });
});

/** In seconds. */
interface Took {
  readonly led: number;
  readonly worked: number;
}

function inWords({ led, worked }: Took): string {
  return `another led after ${led.toFixed(1)} s and worked after ${worked.toFixed(1)} s`;
}

import { setTimeout as wait } from 'node:timers/promises';

import { objectNames } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Kind, KubeError } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { conditionsOf, type RunningOperator, Stage, stageCluster } from './in-process.ts';

const CONFIG_MAP: Kind = { apiVersion: 'v1', kind: 'ConfigMap' };
const SERVICE: Kind = { apiVersion: 'v1', kind: 'Service' };
const OUTAGE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Longer than the usual pause between two passes, so that there is one. */
const WINDOW_MS = 12_000;

const shared = await stageCluster();

// Nobody else's API server is to be stopped.
describe.skipIf(shared === null)('an API server that goes away for 60 s', { timeout: 240_000 }, () => {
  /** What happens to it, and how it comes back; an edit is sent while it is away where somebody keeps the request. */
  const OUTAGES = {
    killed: async ({ parts }: Cluster, edit: () => Promise<unknown>) => {
      await parts!['kube-apiserver'].kill();
      await wait(OUTAGE_MS);
      await parts!['kube-apiserver'].restart();
      await untilAnswered(edit);
    },
    frozen: async ({ parts }: Cluster, edit: () => Promise<unknown>) => {
      await parts!['kube-apiserver'].pause();
      await wait(OUTAGE_MS / 2);
      const edited = untilAnswered(edit);
      await wait(OUTAGE_MS / 2);
      await parts!['kube-apiserver'].resume();
      await edited;
    },
  };

  test.concurrent.each(Object.entries(OUTAGES))('%s: an edit made meanwhile is there after', async (_, goAway) => {
    const cluster = await startCluster({ level: 'api' });
    let stage: Stage | undefined;
    try {
      stage = await Stage.set(cluster);
      await outlived(cluster, stage, goAway);
    } finally {
      // What has no API server cannot be stopped in order.
      await cluster.parts!['kube-apiserver'].resume().catch(() => {});
      await stage?.stop();
      await cluster.stop();
    }
  });

  async function outlived(cluster: Cluster, stage: Stage, goAway: (typeof OUTAGES)['killed']): Promise<void> {
    const operator = await stage.startOperator();
    const names = objectNames('shop');
    const service = stage.ref(names.service('vote'), SERVICE);
    await stage.apply(votingApp('shop'));
    await stage.untilCondition('shop', 'Ready');
    const before = await operator.passes();

    await goAway(cluster, async () => {
      await stage.patch('shop', { spec: { poll: { title: 'Written in the dark' } } });
      await stage.client.remove(service);
    });
    const from = performance.now();
    const poll = stage.ref(names.poll, CONFIG_MAP);
    const hasTitle = (object: object) => JSON.stringify(object).includes('Written in the dark');
    await waitFor(stage.client, poll, hasTitle, { timeoutMs: 90_000 });
    await waitFor(stage.client, service, () => true, { timeoutMs: 90_000 });
    await stage.untilCondition('shop', 'Ready');
    const seconds = (performance.now() - from) / 1_000;
    const passes = (await operator.passes()) - before;

    expect(seconds).toBeLessThan(60);
    // One every 10 s, or a retry after twice the pause each time; then one or two for each change.
    expect(passes).toBeLessThan(30);
    const health = await fetch(`http://127.0.0.1:${operator.port}/healthz`);
    expect(health.status).toBe(200);
    expect(operator.lines.filter(({ level }) => level === 'fatal')).toEqual([]);
  }
});

async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      // It refuses some while it starts.
      if (error instanceof KubeError && error.code < 500 && error.code !== 403 && error.code !== 429) throw error;
      await wait(10);
    }
  }
}

describe.skipIf(shared === null)('a poll that is far away', { timeout: 120_000 }, () => {
  let stage: Stage;
  let operator: RunningOperator;
  beforeAll(async () => {
    stage = await Stage.set(shared!);
    operator = await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(() => stage?.stop());
  afterAll(() => shared!.leave());

  test('that opens in 60 days is looked at no more often than any other', async () => {
    const [opensAt, closesAt] = [60, 61].map((days) => new Date(Date.now() + days * DAY_MS).toISOString());
    const primeTime = { leadTimeSeconds: 900, vote: { replicas: 7 } };
    stage.services.say('far', { state: 'Scheduled' });
    await stage.apply(votingApp('far', { opensAt, closesAt }, { primeTime }));
    await stage.untilCondition('far', 'Ready');
    const calm = await stage.untilCondition('far', 'Progressing', { status: 'False' });
    expect(conditionsOf(calm)['Open']).toMatchObject({ status: 'False', reason: 'Scheduled' });
    const [before, asked] = [await operator.passes(), await operator.metric('rest_client_requests_total')];
    await wait(WINDOW_MS);
    const passes = (await operator.passes()) - before;
    expect(passes).toBeGreaterThanOrEqual(1);
    expect(passes).toBeLessThanOrEqual(4);
    // Its Lease, which is renewed every 2 s and takes no more than one request a time.
    expect((await operator.metric('rest_client_requests_total')) - asked).toBeLessThanOrEqual(WINDOW_MS / 2_000 + 3);
  });
});

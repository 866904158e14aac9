import { createRegistry } from '@voteapp/kit/metrics';
import { beforeEach, expect, test } from 'vitest';

import { votingApp } from './desired/fixtures/voting-app.ts';
import { registerAppMetrics } from './metrics.ts';
import { countOf, findings, reading } from './reconcile/fixtures/findings.ts';
import { MemoryCluster } from './reconcile/fixtures/memory-cluster.ts';
import { VOTING_APP } from './reconcile/kinds.ts';
import { NOTHING_HEARD } from './reconcile/readings.ts';
import { statusOf } from './reconcile/status.ts';
import type { KubeObject } from './runtime/object.ts';

let cluster: MemoryCluster;
let registry: ReturnType<typeof createRegistry>;
beforeEach(() => {
  cluster = new MemoryCluster();
  registry = createRegistry('operator', false);
  registerAppMetrics(registry, cluster.copy);
});

function put(name: string, found?: Parameters<typeof findings>[0]): void {
  const status = found && statusOf(findings(found), { before: undefined, version: '1.2.0', now: 0 });
  cluster.put({ ...(votingApp({}, { name }) as unknown as KubeObject), ...(status && { status }) });
}

async function samples(): Promise<string[]> {
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => line.startsWith('votingapp_')).toSorted();
}

test('each VotingApp tells whether it is ready, and how many votes it has', async () => {
  put('shop', {});
  put('kiosk', { reading: NOTHING_HEARD });
  put('new');
  expect(await samples()).toEqual([
    expect.stringMatching(/^votingapp_ready\{namespace="show",name="kiosk".*\} 0$/),
    expect.stringMatching(/^votingapp_ready\{namespace="show",name="new".*\} 0$/),
    expect.stringMatching(/^votingapp_ready\{namespace="show",name="shop".*\} 1$/),
    expect.stringMatching(/^votingapp_votes\{namespace="show",name="shop".*\} 3$/),
  ]);
});

test('one that is gone tells nothing', async () => {
  put('shop', {});
  expect(await samples()).toHaveLength(2);
  cluster.drop(VOTING_APP, 'show', 'shop');
  expect(await samples()).toEqual([]);
});

test('of options nothing is told', async () => {
  const options = [
    { id: 'coca', votes: 918_273 },
    { id: 'pepsi', votes: 645_546 },
  ];
  put('shop', { reading: reading({ count: countOf({ options, total: 5 }) }) });
  expect(await registry.metrics()).not.toMatch(/coca|pepsi|918273|645546/);
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { bundle } from '../../scripts/bundle.ts';
import { requestsBy } from '../cluster/audit.ts';
import type { KubeObject } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { waitAmong } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { conditionsOf, Stage, stageCluster, VOTING_APP } from './in-process.ts';
import { type OperatorProcess, OperatorProcesses } from './operator-process.ts';
import { PlayedServices } from './played-services.ts';

const WRITING = ['create', 'update', 'patch', 'delete', 'deletecollection'];
/** How long nothing is to happen. */
const WINDOW_MS = Number(process.env['VOTEAPP_TEST_IDLE_SECONDS'] ?? 30) * 1_000;
const CONVERGED_LIMIT_MS = 240_000;
/** By then an operator has looked at everything once more. */
const SETTLED_MS = 12_000;
/** A hundred databases of the usual size would not fit on the one node. */
const SMALL = { database: { type: 'Managed', managed: { resources: { requests: { cpu: '10m' } } } } };
const LOOK_MS = 200;
const FEW = 20;
/** How many a new operator finds; to make more takes both cores for a while. */
const MANY = Number(process.env['VOTEAPP_TEST_IDLE_POLLS'] ?? FEW);
const MOST_MEBIBYTES = 128;
/** For what a container is charged with besides: buffers of its sockets, and files that it reads. */
const ROOM_MEBIBYTES = 16;

/** The settings of the operator's image, as they turn out in a container that may have so much memory. */
async function imageSettings(): Promise<Record<string, string>> {
  const text = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const [, line = ''] = /^FROM runtime AS operator\n(?:#.*\n)*ENV (.*)$/m.exec(text) ?? [];
  const settings = [...line.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, bare]) => {
    const value = (quoted ?? bare ?? '').replace(
      /(--max-old-space-size)-percentage=(\d+)/,
      (_, flag: string, percent: string) => `${flag}=${Math.floor((MOST_MEBIBYTES * Number(percent)) / 100)}`,
    );
    return [name, value] as const;
  });
  return { NODE_ENV: 'production', ...Object.fromEntries(settings) };
}

const shared = await stageCluster();
await shared?.leave();

describe.skipIf(shared === null)('an operator with nothing to do', { timeout: FIRST_START_MS }, () => {
  let cluster: Cluster;
  let stage: Stage;
  let processes: OperatorProcesses;
  let main: string;
  let folder: string;
  let running: OperatorProcess;
  const found = new Map<string, KubeObject>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-operator-bundle-'));
    main = await bundle('operator', folder);
    cluster = await startCluster({ level: 'api' });
    stage = await Stage.set(cluster);
    processes = await OperatorProcesses.on(cluster, new PlayedServices(find));
    running = await start('first');
    await converge(0, FEW);
  }, FIRST_START_MS);
  afterAll(async () => {
    await processes?.stop();
    await stage?.stop();
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A VotingApp as it was first, for none is edited: the services of a hundred are not to wait for the API server. */
  async function find(name: string): Promise<KubeObject | null> {
    const app = found.get(name) ?? (await stage.get(name));
    if (app !== null) found.set(name, app);
    return app;
  }

  async function start(name: string): Promise<OperatorProcess> {
    return await processes.start(name, { main, env: await imageSettings() });
  }

  /** Makes the VotingApps from one number to another; resolves when all there are, are ready. */
  async function converge(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index += 1) await stage.apply(votingApp(`poll-${index}`, {}, SMALL));
    const { client, namespace } = stage;
    const isReady = (app: KubeObject) => {
      const { Ready, Progressing } = conditionsOf(app);
      return Ready?.status === 'True' && Progressing?.status === 'False';
    };
    await waitAmong(
      client,
      VOTING_APP,
      { namespace },
      (seen) => (seen.size === to && [...seen.values()].every(isReady) ? true : null),
      { timeoutMs: CONVERGED_LIMIT_MS, what: `${to} VotingApps that are ready` },
    );
  }

  /** What a process has written since a time, Leases aside, as "patch votingapps/status poll-1". */
  async function written({ user }: OperatorProcess, since: number): Promise<string[]> {
    const entries = await requestsBy(cluster.auditLog!, user, { verbs: WRITING, since });
    return entries
      .filter(({ resource }) => resource !== 'leases')
      .map(({ verb, resource, subresource, name }) => `${verb} ${resource}${subresource && '/'}${subresource} ${name}`);
  }

  /** Resolves when a process has written nothing for a while, in ms. */
  async function settled(process: OperatorProcess, whileMs: number): Promise<void> {
    const silence = { timeout: whileMs + 60_000, interval: 500 };
    await expect.poll(() => written(process, Date.now() - whileMs), silence).toEqual([]);
  }

  /** Resolves with the most memory, in MiB, that it has had of its own meanwhile. */
  async function expectSilence(process: OperatorProcess, since: number): Promise<number> {
    let most = 0;
    const until = performance.now() + WINDOW_MS;
    while (performance.now() < until) {
      most = Math.max(most, (await process.memory()).own);
      await wait(LOOK_MS);
    }
    expect(await written(process, since)).toEqual([]);
    // Else it would be silent because it does nothing at all.
    const asked = await requestsBy(cluster.auditLog!, process.user, { verbs: ['update'], since });
    expect(asked.length).toBeGreaterThan(0);
    return most;
  }

  test(`writes nothing about ${FEW} converged VotingApps`, async () => {
    // How often an event of the beginning came is told within a minute.
    await settled(running, 65_000);
    await expectSilence(running, Date.now());
  });

  test(`starts anew beside ${MANY}: synced within 30 s, in ${MOST_MEBIBYTES} MiB, and writes nothing`, async ({
    annotate,
  }) => {
    await converge(FEW, MANY);
    await settled(running, SETTLED_MS);
    const maker = await running.memory();
    running.signal('SIGTERM');
    expect(await running.ended()).toBe(0);

    const since = Date.now();
    const from = performance.now();
    running = await start('second');
    const syncedMs = performance.now() - from;
    await running.untilLogged('Became the leader');
    const most = await expectSilence(running, since);
    const { own, files } = await running.memory();
    const mebibytes = (amount: number) => `${amount.toFixed(0)} MiB`;
    await annotate(
      `synced after ${(syncedMs / 1_000).toFixed(1)} s, at most ${mebibytes(most)} of its own, ` +
        `${mebibytes(own)} in the end, besides ${mebibytes(files)} of files; who made them had ${mebibytes(maker.own)}`,
    );
    expect(syncedMs).toBeLessThan(30_000);
    expect(most).toBeLessThan(MOST_MEBIBYTES - ROOM_MEBIBYTES);
  });
});

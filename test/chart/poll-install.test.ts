import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { objectNames } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type KubeClient, type KubeObject, refOf } from '../cluster/client.ts';
import { waitUntilGone, waitUntilServed } from '../cluster/conditions.ts';
import { type FakePods, startFakePods } from '../cluster/ready-pods.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { helmUnlessMissing, POLL_CHART, runHelm, testPod, type Values } from './helm.ts';
import { text } from './renderings.ts';

const helm = await helmUnlessMissing();
const cluster = helm === null ? null : await sharedCluster('api');

describe.skipIf(cluster === null)('a poll by Helm on the API server', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let home: string;
  let namespace: string;
  let pods: FakePods;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'voteapp-helm-'));
    client = cluster!.client;
    const definition = await text('crds/voteapp.dev_votingapps.yaml');
    for (const applied of await client.applyAll(definition)) await waitUntilServed(client, refOf(applied));
    namespace = await cluster!.createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    pods = await startFakePods(client, { namespace, behaviour: () => 'Succeeded' });
  }, FIRST_START_MS);
  afterAll(async () => {
    await pods?.stop();
    await cluster?.leave();
    if (home !== undefined) await rm(home, { recursive: true, force: true });
  });

  async function run(args: readonly string[], values: Values = {}): Promise<string> {
    const env = { HOME: home, KUBECONFIG: cluster!.kubeconfig };
    return await runHelm(helm!, [...args, '--namespace', namespace], { values, env });
  }
  async function upgrade(values: Values): Promise<string> {
    return await run(['upgrade', 'voteapp', POLL_CHART, '--values', '-'], values);
  }
  function ref() {
    return { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', namespace, name: 'voteapp' };
  }
  async function poll(): Promise<KubeObject | null> {
    return await client.get(ref());
  }

  test('is installed under the name of the release, which the objects of its predecessor begin with', async () => {
    const notes = await run(['install', 'voteapp', POLL_CHART, '--values', '-'], { vote: { replicas: 3 } });
    expect(notes).toContain(`kubectl -n ${namespace} wait --for=condition=Ready --timeout=5m votingapp/voteapp`);
    expect(notes).toContain(`kubectl -n ${namespace} port-forward service/voteapp-vote-service 8080:80`);
    expect(await poll()).toMatchObject({ spec: { poll: { options: [{ id: 'coca' }, { id: 'pepsi' }] } } });
    const names = objectNames('voteapp');
    const services = ['vote', 'worker', 'front'] as const;
    expect(services.flatMap((name) => [names.workload(name), names.service(name), names.ingress(name)])).toEqual(
      services.flatMap((name) => ['server', 'service', 'ingress'].map((kind) => `voteapp-${name}-${kind}`)),
    );
    expect(names.secret).toBe('voteapp-voteapp-secret');
  });

  test('is upgraded, and says where it is voted', async () => {
    const notes = await upgrade({
      poll: { title: 'Drinks', options: [{ id: 'coca' }, { id: 'pepsi' }, { id: 'mate' }] },
      expose: { type: 'Ingress', hosts: { vote: 'vote.example.com', front: 'results.example.com' } },
    });
    expect(notes).toContain('Vote at http://vote.example.com, and see the results at http://results.example.com.');
    const { spec } = (await poll())!;
    expect(spec).toMatchObject({ poll: { title: 'Drinks', options: [{}, {}, { id: 'mate' }] } });
    expect(spec).not.toHaveProperty('vote');
  });

  test('is refused what a round may not change, with the API server’s sentence', async () => {
    const title = 'Drinks';
    const options = [{ id: 'coca' }, { id: 'pepsi' }, { id: 'mate' }];
    await expect(upgrade({ poll: { title, options, policy: 'Unlimited' } })).rejects.toThrow(
      /policy.* must|must.*policy/,
    );
    expect(await poll()).toMatchObject({ spec: { poll: { title, policy: 'LastVoteWins' } } });
  });

  test('is rolled back to what may be gone back to', async () => {
    await upgrade({ poll: { title: 'Soft drinks', options: [{ id: 'coca' }, { id: 'pepsi' }, { id: 'mate' }] } });
    await run(['rollback', 'voteapp', '2']);
    expect(await poll()).toMatchObject({ spec: { poll: { title: 'Drinks' }, expose: { type: 'Ingress' } } });
  });

  test('has a login of its own, which comes and goes', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', namespace, name: 'other-database-login' };
    const database = { type: 'External', external: { host: 'mysql.example.com' } };
    const values = { database, passwords: { MYSQL_PASSWORD: 'secret' } };
    const notes = await run(['install', 'other', POLL_CHART, '--values', '-'], values);
    expect(notes).not.toContain('secret');
    expect(await client.get(secret)).toMatchObject({ type: 'kubernetes.io/basic-auth' });
    await run(['uninstall', 'other']);
    await waitUntilGone(client, secret);
  });

  test('is tested by a pod that the level restricted admits, and that is gone afterwards', async () => {
    expect(await run(['test', 'voteapp'])).toMatch(/Phase:\s+Succeeded/);
    await waitUntilGone(client, { apiVersion: 'v1', kind: 'Pod', namespace, name: 'voteapp-test' });
  });

  test('is uninstalled', async () => {
    await run(['uninstall', 'voteapp']);
    await waitUntilGone(client, ref());
  });
});

describe.skipIf(helm === null)('what the test of a poll asks', () => {
  let data: string;
  let running: RunningPoll;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'voteapp-helm-test-'));
    running = await startPoll(data);
  });
  afterAll(async () => {
    await running?.stop();
    await rm(data, { recursive: true, force: true });
  });

  interface Container {
    readonly command: readonly string[];
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
  }

  /** Runs what the pod of a release runs, against a poll of this machine. */
  async function ask(values: Values, urls: object): Promise<string> {
    const { containers } = (await testPod(helm!, POLL_CHART, values)).spec as { containers: readonly Container[] };
    const { command, args, env } = containers[0]!;
    const named = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const options = { env: { ...process.env, ...named, ...urls } };
    const node = [...command.slice(1), ...args];
    return (await promisify(execFile)(process.execPath, node, options)).stdout;
  }

  test('is how the poll is, and nothing is changed', async () => {
    const urls = { VOTE_URL: running.urls.vote, FRONT_URL: running.urls.results };
    expect(await ask({}, urls)).toBe('Round coca-pepsi is Open, with 0 votes counted.\n');
    expect(await ask({ test: { vote: true } }, urls)).toMatch(/with 0 votes counted\.\nVote \S+ is counted\.\n$/);
    expect(await ask({}, urls)).toContain('with 1 votes counted');
  });
});

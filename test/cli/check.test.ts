import { checkOutput } from '@voteapp/cli/check/check-output';
import { versionOutput } from '@voteapp/cli/version/version-output';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { type Answer, voteapp } from './voteapp.ts';

const NAMESPACE = 'voteapp-system';
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'voteapp-operator' };

test('the release of the tool needs no cluster', async () => {
  const { code, stdout, stderr } = await voteapp(['version', '-o', 'json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(versionOutput.parse(JSON.parse(stdout))).toMatchObject({ operators: null, polls: null });
  expect(await voteapp(['version', '--client'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('client') as string,
  });
});

const shared = await sharedCluster('api');
await shared?.leave();
// It installs the operator, and classes for the whole cluster.
const canStart = shared !== null && shared.source !== 'existing';

describe.skipIf(!canStart)('a cluster', { timeout: FIRST_START_MS }, () => {
  let cluster: Cluster;

  async function run(...args: readonly string[]): Promise<Answer> {
    return await voteapp(args, { env: { KUBECONFIG: cluster.kubeconfig } });
  }
  async function checked(...args: readonly string[]) {
    const { code, stdout, stderr } = await run('check', '-o', 'json', ...args);
    expect(stderr).toBe('');
    const { success, categories } = checkOutput.parse(JSON.parse(stdout));
    expect(code).toBe(success ? 0 : 1);
    const lines = categories.flatMap(({ checks }) => checks.map(({ result, message }) => `${result} ${message}`));
    return { success, lines };
  }

  beforeAll(async () => {
    cluster = await startCluster({ level: 'api' });
  }, FIRST_START_MS);
  afterAll(async () => {
    await cluster?.stop();
  });

  test('is told what it lacks before an install, which does not keep anybody from it', async () => {
    const { success, lines } = await checked('--pre');
    expect(success).toBe(true);
    expect(lines).toEqual(
      expect.arrayContaining([
        'ok you may install the operator',
        'warn there is no StorageClass',
        'warn there is no IngressClass and no GatewayClass',
        'warn there is no metrics API',
      ]),
    );
  });

  test('is told which rights somebody lacks', async () => {
    const { success, lines } = await checked('--pre', '--as', 'nobody');
    expect(success).toBe(false);
    expect(lines).toContain('fail you may not create namespaces');
  });

  test('is offered what somebody has installed', async () => {
    const { client } = cluster;
    await client.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'example.com/none',
    });
    await client.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'front' },
      spec: { controller: 'example.com/none' },
    });
    const { lines } = await checked('--pre');
    expect(lines).toEqual(expect.arrayContaining(['ok StorageClass fast (default)', 'ok IngressClass front']));
  });

  test('without an operator fails, and reads well in a pipe', async () => {
    const { code, stdout } = await run('check');
    expect(code).toBe(1);
    expect(stdout).toContain('  fail  there is no operator\n        → run `voteapp install`\n');
    expect(stdout).not.toContain('\u001B[');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect((await run('version')).stdout).toMatch(/operator +- +not installed/);
  });

  test('with an operator is checked as far as it goes', async () => {
    await run('install');
    expect((await checked()).lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ok the type VotingApp is established/),
        expect.stringMatching(/^ok operator .*, in voteapp-system, watches all namespaces/),
        expect.stringMatching(/^fail Deployment voteapp-operator: 0\/1 ready/),
      ]),
    );
  });

  test('is told when operator and tool do not go together', async () => {
    const labels = { 'app.kubernetes.io/version': '9.0.0' };
    await cluster.client.merge(DEPLOYMENT, { metadata: { labels } });
    expect((await checked()).lines).toContainEqual(expect.stringMatching(/^warn the operator is of release 9\.0\.0/));
    const { code, stdout, stderr } = await run('version', '-o', 'yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('version: 9.0.0');
    expect(stderr).toBe('');
    expect((await run('version')).stderr).toContain('take a tool of the operator’s release');
  });

  test('is told of VotingApps that are not ready, which does not fail', async () => {
    const namespace = await cluster.createNamespace();
    await cluster.client.create({
      apiVersion: 'voteapp.dev/v1alpha1',
      kind: 'VotingApp',
      metadata: { namespace, name: 'coca-pepsi' },
      spec: { poll: { options: [{ id: 'coca' }, { id: 'pepsi' }] } },
    });
    expect((await checked()).lines).toContain(
      `warn ${namespace}/coca-pepsi is not ready: the operator has not looked at it`,
    );
    expect((await run('version')).stdout).toMatch(/polls +- +1 VotingApp\n/);
  });

  test('is told of a definition that somebody changed', async () => {
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'votingapps.voteapp.dev',
    };
    await cluster.client.merge(definition, { spec: { names: { shortNames: ['stale'] } } });
    expect((await checked()).lines).toContainEqual(
      expect.stringMatching(/^warn the type VotingApp was changed: spec\.names\.shortNames/),
    );
  });
});

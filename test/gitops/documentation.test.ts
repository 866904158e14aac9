import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { helmUnlessMissing } from '../chart/helm.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { type FakePods, startFakePods } from '../cluster/ready-pods.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { Shell } from '../operator/shell.ts';
import { readPage, sectionOf, stepsOf } from '../tools/document.ts';

const helm = await helmUnlessMissing();
const shared = helm === null ? null : await sharedCluster('api');
await shared?.leave();
// The definition of VotingApps comes and goes with the chart, which on somebody else's cluster it must not.
const canStart = shared !== null && shared.source !== 'existing';

const guide = await readPage('docs/gitops.md');
const pollChart = await readPage('charts/voteapp-poll/README.md');

describe.skipIf(!canStart)(
  'the commands of docs/gitops.md and of the chart of a poll',
  { timeout: FIRST_START_MS },
  () => {
    let cluster: Cluster;
    let pods: FakePods;
    let shell: Shell;

    beforeAll(async () => {
      cluster = await startCluster({ level: 'api' });
      const namespace = await cluster.createNamespace();
      pods = await startFakePods(cluster.client, {
        behaviour: ({ metadata }) => (metadata.name.endsWith('-test') ? 'Succeeded' : 'Ready'),
      });
      const { kubeconfig, kubectl } = cluster;
      const programs = [kubectl, helm].filter((program) => typeof program === 'string');
      shell = await Shell.open({ kubeconfig, namespace, programs });
    }, FIRST_START_MS);
    afterAll(async () => {
      await shell?.close();
      await pods?.stop();
      await cluster?.stop();
    });

    test.each(['Helm', 'kustomize'])('by %s', async (heading) => {
      const steps = stepsOf(sectionOf(guide, heading));
      expect(steps.length).toBeGreaterThan(2);
      await shell.walkAll(steps.slice(0, 1));
      // Played pods are ready sooner than the API server tells of a new kind.
      const kinds = () => shell.run('kubectl api-resources --api-group voteapp.dev --output name');
      await expect.poll(kinds).toContain('votingapps.voteapp.dev');
      await shell.walkAll(steps.slice(1));
    });

    test('of a poll, but for the wait for an operator', async () => {
      const secrets = ['mysql-password', 'rabbitmq-password', 'aws-access-key', 'aws-secret-key'];
      for (const name of secrets) await writeFile(join(shell.folder, name), 'secret');
      const steps = stepsOf(pollChart).filter(({ command }) => !command.startsWith('kubectl wait'));
      expect(steps.map(({ command }) => command.split(' ').slice(0, 2).join(' '))).toEqual([
        'helm install',
        'helm upgrade',
        'helm upgrade',
        'helm test',
      ]);
      await shell.walkAll(steps);
      expect(await shell.run('kubectl get votingapps -o name')).toBe(
        'votingapp.voteapp.dev/drinks\nvotingapp.voteapp.dev/snacks\nvotingapp.voteapp.dev/voteapp',
      );
    });
  },
);

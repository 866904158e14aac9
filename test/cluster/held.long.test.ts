import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, describe, expect, test } from 'vitest';

import { readPage } from '../tools/document.ts';
import { KubeClient } from './client.ts';
import { endHeldCluster, heldCluster } from './holder.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const page = await readPage('docs/clusters.md');
const commands = [...page.matchAll(/^npm run (\S.*?) +#/gm)].map(([, command = '']) => command.split(' '));
const shared = await sharedCluster('node');
await shared?.leave();
// Somebody's own would be ended by the last command.
const isSomebodys = (await heldCluster()) !== null;

async function npmRun(command: readonly string[]): Promise<string> {
  return (await promisify(execFile)('npm', ['run', '--silent', ...command], { cwd: ROOT })).stdout;
}

describe.skipIf(shared?.source !== 'built' || isSomebodys)(
  'the commands of docs/clusters.md',
  { timeout: FIRST_START_MS },
  () => {
    afterAll(async () => {
      const held = await heldCluster();
      if (held !== null) await endHeldCluster(held);
    });

    test('bring a cluster, images and a poll, and take it all away', async () => {
      expect(commands.map((command) => command.join(' '))).toEqual([
        'cluster',
        'cluster -- images',
        'dev:cluster',
        'cluster -- down',
      ]);
      const down = commands.pop()!;
      const told: string[] = [];
      for (const command of commands) told.push(await npmRun(command));
      const [kubeconfig = ''] = told.map((said) => /^export KUBECONFIG=(.*)$/m.exec(said)?.[1]);
      for (const said of told) expect(said).toContain(`export KUBECONFIG=${kubeconfig}`);
      const client = new KubeClient(kubeconfig);
      const polls = await client.list(
        { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp' },
        { namespace: 'voteapp' },
      );
      await client.close();
      expect(polls.map(({ metadata }) => metadata.name)).toEqual(['smallest']);
      expect(told.at(-1)).toContain('port-forward service/smallest-vote-service');

      await npmRun(down);
      expect(existsSync(kubeconfig)).toBe(false);
      expect(await heldCluster()).toBeNull();
    });
  },
);

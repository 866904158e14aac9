import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import type { Level } from './cluster.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const CLUSTER = fileURLToPath(new URL('cluster.ts', import.meta.url));

/** A program that starts a cluster, says where, and stops it when it is told to by SIGTERM. */
const PROGRAM = `
import { startCluster } from ${JSON.stringify(CLUSTER)};
const cluster = await startCluster({ level: process.argv[1] });
process.on('SIGTERM', async () => process.exit(await cluster.stop()));
console.log(cluster.kubeconfig);
setInterval(() => {}, 1000);
`;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What there is of a cluster: processes and mounts that name its folder, the folder, control groups, links. */
function traces(folder: string, address: string): string[] {
  const named = (path: string) => read(path).includes(folder);
  return [
    ...globSync('/proc/[0-9]*/{cmdline,mountinfo}').filter(named),
    ...(existsSync(folder) ? [folder] : []),
    ...globSync(`/sys/fs/cgroup/{*/,}${basename(folder)}`),
    ...Object.values(networkInterfaces())
      .flat()
      .flatMap((link) => (link !== undefined && link.address.startsWith(address) ? [link.address] : [])),
  ];
}

async function startedAndEndedBy(level: Level, signal: NodeJS.Signals): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, level], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [kubeconfig] = (await once(createInterface(child.stdout), 'line')) as [string];
  const host = /server: https:\/\/([\d.]+):/.exec(read(kubeconfig))![1]!;
  // The other end of the link, where the cluster has one of its own.
  const address = level === 'node' ? host.replace(/\d+$/, '1') : 'none';
  const folder = dirname(kubeconfig);
  // Else the look would find nothing whatever was left.
  expect(traces(folder, address).length).toBeGreaterThan(level === 'node' ? 20 : 4);
  child.kill(signal);
  await exited;
  await expect.poll(() => traces(folder, address), { timeout: 30_000 }).toEqual([]);
}

const ENDS = {
  'it is stopped': 'SIGTERM',
  'whoever started it is interrupted': 'SIGINT',
  'whoever started it is killed': 'SIGKILL',
} as const;
/** What ends a node is what ends an API server; the hardest end shows it of all that a node has besides. */
const TRIED = { api: Object.entries(ENDS), node: Object.entries(ENDS).slice(-1) } as const;

for (const level of ['api', 'node'] as const) {
  const cluster = await sharedCluster(level);
  await cluster?.leave();
  const limit = { timeout: FIRST_START_MS };
  describe.skipIf(cluster?.source !== 'built')(`nothing is left of the ${level} level`, limit, () => {
    test.for(TRIED[level])('when %s', ([, signal]) => startedAndEndedBy(level, signal));
  });
}

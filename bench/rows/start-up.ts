import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { makePackage } from '../../scripts/package.ts';
import { startCluster } from '../../test/cluster/cluster.ts';
import { median } from '../statistics.ts';
import { type Limit, NOTHING, type Row } from './row.ts';

const HELP_LIMIT_MS = 100;
const STATUS_LIMIT_MS = 400;
const RUNS_PER_ROUND = 3;

/** From the start of the process to its end, in ms. Throws where it fails. */
async function wallTime(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  await promisify(execFile)(process.execPath, args, { env });
  return performance.now() - started;
}

/** What somebody waits who types a command of the package, beside a Node.js that does nothing; on a local API server. */
async function measureStartUp(runs: number): Promise<Limit[]> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-start-up-'));
  const cluster = await startCluster({ level: 'api' });
  try {
    await makePackage(folder);
    const voteapp = join(folder, 'bin/voteapp.js');
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: cluster.kubeconfig };
    await wallTime([voteapp, 'install'], env);
    await wallTime([voteapp, 'create', 'lunch', '--option', 'pizza', '--option', 'salad'], env);

    const commands = { bare: ['-e', '0'], help: [voteapp, '--help'], status: [voteapp, 'status', 'lunch'] };
    const times = { bare: [] as number[], help: [] as number[], status: [] as number[] };
    // In turn, so that the machine's moods meet all of them; the first round only warms its caches.
    for (let run = 0; run <= runs; run += 1) {
      for (const name of ['bare', 'help', 'status'] as const) {
        const time = await wallTime(commands[name], env);
        if (run > 0) times[name].push(time);
      }
    }
    const row = (name: 'help' | 'status', shown: string, limit: number): Limit => {
      const ratio = median(times[name].map((time, run) => time / (times.bare[run] ?? Number.NaN)));
      const beside = `${ratio.toFixed(1)}× of node -e 0`;
      return { name: `${shown} (${beside})`, measured: median(times[name]), keeps: 'at most', limit, unit: 'ms' };
    };
    return [
      row('help', 'voteapp --help', HELP_LIMIT_MS),
      row('status', `voteapp status on Kubernetes ${cluster.version}`, STATUS_LIMIT_MS),
    ];
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

export const START_UP: Row = {
  name: 'start-up',
  title: 'what somebody waits for who types a command',
  runs: 'whole',
  measure: async ({ rounds }) => ({ ...NOTHING, limits: await measureStartUp(rounds * RUNS_PER_ROUND) }),
};

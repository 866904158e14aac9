import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Policy } from '@voteapp/contracts/poll';

import type { Target } from './target.ts';

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));

interface Totals {
  readonly cast: number;
  readonly accepted: number;
}

/** `voteapp up` on free ports: durable votes, counted, in one process. */
export async function startEmbedded(policy: Policy): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-bench-'));
  const file = join(folder, 'votingapp.json');
  const poll = { policy, options: [{ id: 'coca' }, { id: 'pepsi' }] };
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'voteapp.dev/v1alpha1',
      kind: 'VotingApp',
      metadata: { name: 'bench' },
      spec: { poll },
    }),
  );
  const ports = ['--vote-port', '0', '--worker-port', '0', '--front-port', '0'];
  const child = spawn(process.execPath, [MAIN, 'up', '-f', file, '--data', folder, ...ports], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const runFile = join(folder, 'bench', 'run.json');
  while (!existsSync(runFile)) {
    if (child.exitCode !== null) throw new Error(`voteapp ended with ${child.exitCode}`);
    await delay(20);
  }
  const { urls } = JSON.parse(await readFile(runFile, 'utf8')) as { urls: { vote: string; results: string } };
  const totals = async (): Promise<Totals> => (await (await fetch(`${urls.results}/api/results`)).json()) as Totals;
  return {
    name: `voteapp up, ${policy}`,
    pid: child.pid ?? 0,
    port: Number(new URL(urls.vote).port),
    path: '/api/vote',
    async applied() {
      // Drained once two looks a pending period apart agree.
      for (let before = -1; ;) {
        const { cast } = await totals();
        if (cast === before) return cast;
        before = cast;
        await delay(500);
      }
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, it } from 'vitest';

import { cpuMicrosOf, withProcesses } from './cpu-time.ts';

it('the CPU time of a process is that of all it has started, ended ones included', async () => {
  // A shell whose child works for a while and ends; another works until it is told to.
  const script = '(for ((n = 0; n < 300000; n += 1)); do :; done); echo done; read -r _';
  const { started: shell, pids } = await withProcesses(async () => {
    const child = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    return child;
  });
  try {
    expect(pids).toEqual([shell.pid]);
    await once(shell.stdout, 'data');
    expect(cpuMicrosOf({ shell: pids })['shell']).toBeGreaterThan(20_000);
    expect(cpuMicrosOf({ nothing: [] })).toEqual({ nothing: 0 });
  } finally {
    shell.kill('SIGKILL');
    await once(shell, 'exit');
  }
});

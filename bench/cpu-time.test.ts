import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, it, vi } from 'vitest';

import { cpuMicrosOf, cpuMicrosOfOthers, microsSince, withProcesses } from './cpu-time.ts';

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

it('what others use is seen, and what this process has started is not among it', async () => {
  const script = '(while :; do :; done) >&- 2>&- & echo $!; read -r _';
  const shell = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [printed] = (await once(shell.stdout, 'data')) as [Buffer];
  const stranger = Number(printed.toString());
  try {
    expect([...cpuMicrosOfOthers().keys()]).not.toContain(stranger);
    // Without its parent it is somebody else's.
    shell.stdin.end();
    await once(shell, 'exit');
    await vi.waitFor(() => expect(cpuMicrosOfOthers().get(stranger)).toBeGreaterThan(20_000), 10_000);
  } finally {
    process.kill(stranger, 'SIGKILL');
    shell.stdin.end();
  }
});

it('what was used since counts from nothing for what is new, and not for what has ended', () => {
  const before = new Map([
    [1, 100],
    [2, 50],
    [3, 70],
  ]);
  // The second has ended; the third's number belongs to a younger process.
  const now = new Map([
    [1, 130],
    [3, 20],
    [4, 5],
  ]);
  expect(microsSince(before, now)).toBe(35);
});

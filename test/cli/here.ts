import { buildProgram } from '@voteapp/cli/program';
import { vi } from 'vitest';

import type { Answer } from './voteapp.ts';

/** What runs now, for there is one standard output. */
let running: Promise<unknown> = Promise.resolve();

async function runAlone(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Answer> {
  const said = { stdout: '', stderr: '' };
  const { exitCode } = process;
  const hear = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk: string | Uint8Array) => {
      said[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    });
  const spies = [hear('stdout'), hear('stderr')];
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  process.exitCode = 0;
  try {
    await buildProgram().parseAsync(args, { from: 'user' });
    return { code: process.exitCode, ...said };
  } finally {
    process.exitCode = exitCode;
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/**
 * Runs `voteapp` with these arguments in this process, which has read its sources already: as `voteapp` of voteapp.ts in
 * all but signals, and in a fraction of its time. One runs after another.
 */
export async function voteappHere(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Answer> {
  const mine = running.then(() => runAlone(args, env));
  running = mine.catch(() => undefined);
  return await mine;
}

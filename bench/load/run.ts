import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { LoadOptions, LoadResult } from './closed-loop.ts';

const GENERATOR = fileURLToPath(new URL('process.ts', import.meta.url));

/** Puts load on a target from a process of its own. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const child = fork(GENERATOR);
  const exited = once(child, 'exit');
  child.send(options);
  const [result] = (await once(child, 'message')) as [LoadResult];
  await exited;
  return result;
}

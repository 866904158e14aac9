import { fork, type ForkOptions, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Load, LoadResult } from './load.ts';

const GENERATOR = fileURLToPath(new URL('process.ts', import.meta.url));

/**
 * In front of what it measures, as if it had a machine of its own: else it would send late whenever that is busy. Only
 * root may; how late it sends is measured anyhow.
 */
const FIRST_IN_LINE = ['--fifo', '1'];
const mayGoFirst = spawnSync('chrt', [...FIRST_IN_LINE, 'true']).status === 0;
const GOING_FIRST: ForkOptions = { execPath: 'chrt', execArgv: [...FIRST_IN_LINE, process.execPath] };

/**
 * Puts load on a target from a process of its own. Rejects when it takes no connection, or answers what the generator
 * does not understand.
 */
export async function load(options: Load): Promise<LoadResult> {
  // In a closed loop nothing is due, and to go first would only change whom the machine serves.
  const how = options.rate !== null && mayGoFirst ? GOING_FIRST : {};
  const child = fork(GENERATOR, { ...how, serialization: 'advanced' });
  const exited = once(child, 'exit');
  child.send(options);
  const result = await Promise.race([
    once(child, 'message').then(([message]) => message as LoadResult),
    // Comes after the last message, which the exit may not.
    once(child, 'disconnect').then(() => null),
  ]);
  await exited;
  if (result === null) throw new Error('The load generator ended without a result; what it said is above.');
  return result;
}

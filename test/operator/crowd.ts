import { availableParallelism, loadavg } from 'node:os';

/** How many programs wanted each core in the last minute, 1 at least: so much longer takes what takes seconds alone. */
export function crowd(): number {
  const [load = 0] = loadavg();
  return Math.max(1, load / availableParallelism());
}

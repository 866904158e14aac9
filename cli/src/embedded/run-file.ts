import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

/** What a running poll tells other programs of its user's: where it is, and by what secret it is changed. */
const runSchema = z.object({
  pid: z.int(),
  namespace: z.string(),
  urls: z.object({ vote: z.url(), worker: z.url(), results: z.url() }),
  control: z.object({ url: z.url(), secret: z.string() }),
});

export type RunFile = z.output<typeof runSchema>;

export function runFileIn(folder: string): string {
  return join(folder, 'run.json');
}

/** Whether such a process lives; true too where it is somebody else's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What the process that holds the folder tells; null where there is none, or one of another release. */
export function readRunFile(folder: string): RunFile | null {
  try {
    const run = runSchema.parse(JSON.parse(readFileSync(runFileIn(folder), 'utf8')));
    // After kill -9 the file stays.
    return isAlive(run.pid) ? run : null;
  } catch {
    return null;
  }
}

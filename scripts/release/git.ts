import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What git prints, without the end of its last line. */
export async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: ROOT, maxBuffer: 64 << 20 });
  return stdout.trimEnd();
}

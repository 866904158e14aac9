import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { goTool } from '../cluster/go-programs.ts';
import { onPath, type Program, reasonOf } from './programs.ts';

const run = promisify(execFile);

/** Helm 3: built once where there is Go, for its releases differ; elsewhere the one on PATH. */
export async function findHelm(): Promise<Program> {
  let missing = 'there is no go on PATH to build it';
  if (onPath('go') !== null) {
    try {
      return { path: await goTool('helm') };
    } catch (error) {
      missing = `building it failed: ${reasonOf(error)}`;
    }
  }
  const path = onPath('helm');
  if (path === null) return { missing: `no helm on PATH, and ${missing}` };
  const { stdout } = await run(path, ['version', '--short']);
  return stdout.startsWith('v3.') ? { path } : { missing: `the helm on PATH is ${stdout.trim()}, and ${missing}` };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { findGoTool } from './go-tool.ts';
import { onPath, type Program } from './programs.ts';

const run = promisify(execFile);

/** Helm 3, or the one that VOTEAPP_TEST_HELM names: built once where there is Go, for its releases differ. */
const TOOLS = { 3: 'helm', 4: 'helm-4' } as const;

/** Helm, built; elsewhere the one on PATH. */
export async function findHelm(): Promise<Program> {
  const wanted = process.env['VOTEAPP_TEST_HELM'] || '3';
  if (wanted !== '3' && wanted !== '4') return { missing: `VOTEAPP_TEST_HELM=${wanted} is neither 3 nor 4` };
  const built = await findGoTool(TOOLS[wanted]);
  if ('path' in built) return built;
  const path = onPath('helm');
  if (path === null) return { missing: `no helm on PATH, and ${built.missing}` };
  const { stdout } = await run(path, ['version', '--short']);
  return stdout.startsWith(`v${wanted}.`)
    ? { path }
    : { missing: `the helm on PATH is ${stdout.trim()}, and ${built.missing}` };
}

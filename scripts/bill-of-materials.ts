import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
// Its only stable interface is the command line.
const PROGRAM = fileURLToPath(
  new URL('../bin/cyclonedx-esbuild-cli.js', import.meta.resolve('@cyclonedx/cyclonedx-esbuild')),
);

/** The name of the file that has it, by which scanners know it. */
export const BILL = 'sbom.cdx.json';

/**
 * What a bundle is made of, in CycloneDX' form, the same for the same sources. A scanner finds no package in a bundle
 * without it.
 */
export async function billOf(built: readonly Metafile[]): Promise<string> {
  const merged: Metafile = {
    inputs: Object.assign({}, ...built.map(({ inputs }) => inputs)) as Metafile['inputs'],
    outputs: Object.assign({}, ...built.map(({ outputs }) => outputs)) as Metafile['outputs'],
  };
  const work = await mkdtemp(join(tmpdir(), 'voteapp-bill-'));
  try {
    const metafile = join(work, 'metafile.json');
    await writeFile(metafile, JSON.stringify(merged));
    const args = [PROGRAM, '--output-reproducible', '--spec-version', '1.6', '--validate', metafile];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 64 << 20 });
    return stdout;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

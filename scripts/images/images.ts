import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cacheFolder } from '../../test/tools/debian-root.ts';
import type { ProgramName } from '../bundle.ts';
import { findBuilder } from './builder.ts';
import { HOST_ARCHITECTURE, isThere, removeOutdated } from './image-of.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the images are made of. */
const INPUTS = [
  'Dockerfile',
  'LICENSE',
  '.dockerignore',
  'package*.json',
  'scripts/bill-of-materials.ts',
  'scripts/bundle.ts',
  'scripts/licences.ts',
  'scripts/images/*',
  '{apps,cli,manifests,operator,packages}/**/*.{css,js,json,svg,ts,yaml}',
];

/** An image by its reference and the archive that has it. */
export interface Image {
  readonly reference: string;
  readonly archive: string;
}

async function inputsHash(): Promise<string> {
  const files = globSync(INPUTS, { cwd: ROOT, exclude: ['**/node_modules/**', '**/*.test.ts'] }).sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\n`).update(await readFile(join(ROOT, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Builds the project's images of these names where their sources have changed. Throws where nothing can build. */
export async function projectImages<Name extends ProgramName>(names: readonly Name[]): Promise<Record<Name, Image>> {
  const tag = await inputsHash();
  const folder = join(cacheFolder(), 'archives');
  const imageOf = (name: Name) => ({
    reference: `localhost/voteapp-${name}:${tag}`,
    archive: join(folder, `voteapp-${name}-${tag}.tar`),
  });
  const wanted: (Image & { target: Name })[] = [];
  for (const target of names) {
    const image = { target, ...imageOf(target) };
    if (!(await isThere(image.archive))) wanted.push(image);
  }
  if (wanted.length > 0) {
    await mkdir(folder, { recursive: true });
    process.stderr.write(`Building the images of ${wanted.map(({ target }) => target).join(', ')}.\n`);
    const builder = await findBuilder();
    await builder.build(wanted, { architecture: HOST_ARCHITECTURE, labels: {} });
    for (const { target, archive } of wanted) await removeOutdated(folder, `voteapp-${target}`, archive);
  }
  return Object.fromEntries(names.map((name) => [name, imageOf(name)])) as Record<Name, Image>;
}

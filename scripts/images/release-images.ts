import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { VERSION } from '@voteapp/operator/release';

import type { ProgramName } from '../bundle.ts';
import { git } from '../release/git.ts';
import { findBuilder } from './builder.ts';
import { ARCHITECTURES, type Architecture } from './image-of.ts';
import { imageBill } from './sbom.ts';

/** Where they are, from the project's folder. */
export const RELEASE_IMAGES = 'dist/images';
const FOLDER = fileURLToPath(new URL(`../../${RELEASE_IMAGES}`, import.meta.url));

/** An image for one architecture: the files of its archive and of what it is made of, from `dist/images`. */
interface ReleaseImage {
  readonly name: ProgramName;
  readonly architecture: Architecture;
  /** As "voteapp-vote:1.2.0". */
  readonly reference: string;
  readonly archive: string;
  readonly bill: string;
}

/** Where the sources are: said by a pipeline, or by the repository, without who may read them. */
async function sourceUrl(): Promise<string> {
  const named = process.env['CI_PROJECT_URL'] ?? (await git('remote', 'get-url', 'origin').catch(() => ''));
  const url = named.replace(/^(?:ssh:\/\/)?git@([^:/]+)[:/]/, 'https://$1/').replace(/\.git$/, '');
  return /^https?:\/\//.test(url) ? url.replace(/\/\/[^/@]*@/, '//') : 'unknown';
}

/** What the commit that is checked out has images say. Throws where the tree is not as the commit has it. */
async function origin() {
  if ((await git('status', '--porcelain', '--untracked-files=no')) !== '') {
    throw new Error('the tree has changes that are not committed, and images name their commit: commit them first');
  }
  const time = Number(process.env['SOURCE_DATE_EPOCH'] ?? (await git('log', '-1', '--format=%ct')));
  const source = await sourceUrl();
  return {
    version: VERSION,
    revision: await git('rev-parse', 'HEAD'),
    created: new Date(time * 1000).toISOString().replace('.000', ''),
    source,
    documentation: `${source}#readme`,
  };
}

/**
 * Builds images of the commit that is checked out, for every architecture, and tells what each is made of, into
 * `dist/images`. Throws where nothing can build.
 */
export async function releaseImages(
  names: readonly ProgramName[],
  tag: string,
  isFresh = false,
): Promise<ReleaseImage[]> {
  const labels = await origin();
  const builder = await findBuilder();
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const images: ReleaseImage[] = [];
  for (const architecture of ARCHITECTURES) {
    process.stderr.write(`Building the images of ${names.join(', ')} for ${architecture}.\n`);
    const wanted = names.map((name) => {
      const file = `voteapp-${name}-${tag}-${architecture}`;
      const reference = `voteapp-${name}:${tag}`;
      return { name, target: name, architecture, reference, archive: `${file}.tar`, bill: `${file}.cdx.json` };
    });
    const placed = wanted.map((image) => ({ ...image, archive: join(FOLDER, image.archive) }));
    await builder.build(placed, { architecture, labels, isFresh });
    for (const { archive, bill, name } of wanted) {
      await writeFile(join(FOLDER, bill), await imageBill(join(FOLDER, archive), `voteapp-${name}`, labels.created));
    }
    images.push(...wanted);
  }
  return images;
}

/** Pushes images, each as one for all of its architectures, and returns their names there. */
export async function pushImages(images: readonly ReleaseImage[], registry: string): Promise<string[]> {
  const builder = await findBuilder();
  const pushed = Object.entries(Object.groupBy(images, ({ reference }) => reference));
  for (const [reference, all = []] of pushed) {
    const archives = all.map(({ archive }) => join(FOLDER, archive));
    await builder.push(archives, `${registry}/${reference}`);
  }
  return pushed.map(([reference]) => `${registry}/${reference}`);
}

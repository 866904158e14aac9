import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

import { PROGRAM_NAMES } from '../../scripts/bundle.ts';
import { inspectArchive } from '../../scripts/images/archive.ts';
import { type Image, projectImages } from '../../scripts/images/images.ts';
import { serviceImages } from '../cluster/shared.ts';
import { isRequired, reasonOf } from '../tools/programs.ts';
import { ownLayers } from './own-layers.ts';

const run = promisify(execFile);
const LIMIT_BYTES = 90 * 1_000_000;
/** How many bytes an image's archive has over its base: the layers, unpacked, that the Dockerfile adds. */
async function bytesOverBase({ archive }: Image): Promise<number> {
  const image = await inspectArchive(archive);
  const own = image.layers.slice(-ownLayers(image));
  const sizes = own.map(async (layer) => {
    const { stdout } = await run('bash', ['-c', 'tar -xOf "$0" "$1" | wc -c', archive, layer]);
    return Number(stdout);
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** The images; null where this machine cannot build them. */
async function builtImages(): Promise<Record<string, Image> | null> {
  try {
    return { ...(await serviceImages()), ...(await projectImages(['cli'])) };
  } catch (error) {
    if (isRequired('k8s-node')) throw error;
    process.stderr.write(`Tests of the project’s images are skipped: ${reasonOf(error)}.\n`);
    return null;
  }
}

describe('an image of the project', async () => {
  const images = await builtImages();

  test.skipIf(images === null).for(PROGRAM_NAMES)('of %s has at most 90 MB over its base', async (name) => {
    const bytes = await bytesOverBase(images![name]!);
    // A layer that is not found would be small too.
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

import { type Image, projectImages } from '../../scripts/images/images.ts';
import { PROGRAM_NAMES } from '../../scripts/bundle.ts';
import { serviceImages } from '../cluster/shared.ts';
import { isRequired, reasonOf } from '../tools/programs.ts';

const run = promisify(execFile);
const LIMIT_BYTES = 90 * 1_000_000;
/** The first instruction of the Dockerfile's stage that the programs share; what is before it is the base's. */
const FIRST_OF_OURS = 'ENV NODE_ENV=production';

interface Configuration {
  readonly history: readonly { readonly created_by: string; readonly empty_layer?: boolean }[];
}

/** How many bytes an image's archive has over its base: the layers, unpacked, that the Dockerfile adds. */
async function bytesOverBase({ archive }: Image): Promise<number> {
  const member = async (name: string) => JSON.parse((await run('tar', ['-xOf', archive, name])).stdout) as unknown;
  const [{ Config, Layers }] = (await member('manifest.json')) as [{ Config: string; Layers: string[] }];
  const { history } = (await member(Config)) as Configuration;
  const first = history.findIndex(({ created_by: by }) => by.includes(FIRST_OF_OURS));
  if (first === -1) throw new Error(`Nothing in the history of ${archive} says ${FIRST_OF_OURS}`);
  const own = Layers.slice(-history.slice(first).filter(({ empty_layer: isEmpty = false }) => !isEmpty).length);
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

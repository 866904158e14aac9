import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROGRAM_NAMES } from '../bundle.ts';
import { pushImages, RELEASE_IMAGES, releaseImages } from '../images/release-images.ts';
import { ARTEFACTS, CHARTS, helm, makeArtefacts } from './artefacts.ts';
import { ROOT } from './git.ts';

/**
 * Builds the images of the release and makes `dist/release`, with what the images are made of; pushes images and charts to
 * a registry.
 */
export async function publish(version: string, registry: string): Promise<void> {
  const program = await helm();
  const images = await releaseImages(PROGRAM_NAMES, version);
  const bills = images.map(({ bill }) => join(RELEASE_IMAGES, bill));
  for (const file of await makeArtefacts(version, bills)) console.log(`${ARTEFACTS}/${file}`);
  for (const reference of await pushImages(images, registry)) console.log(reference);
  for (const chart of CHARTS) {
    const file = join(ROOT, ARTEFACTS, `${chart}-${version}.tgz`);
    await promisify(execFile)(program, ['push', file, `oci://${registry}/charts`]);
    console.log(`oci://${registry}/charts/${chart}:${version}`);
  }
}

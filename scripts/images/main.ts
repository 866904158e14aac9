/*
 * npm run images                       archives of every image, for this machine, in the cache that tests take them from
 * npm run images -- vote mysql         of these alone; names are vote, worker, front, operator, cli, and those of servers
 * npm run images -- --release [vote …] images of the commit that is checked out, for amd64 and arm64, with all labels,
 *                                      and what each is made of (CycloneDX), in dist/images
 *   --tag 1.2.0-rc.1                   their tag; default: the version
 *   --no-cache                         takes nothing of earlier builds
 *   --push registry.example.com/poll   pushes them to there, each as one image for both; logs in as `docker login` has it
 *
 * Prints each reference and where it is. Exit codes: 0 done, 1 failed, 2 usage.
 */
import { parseArgs } from 'node:util';

import { VERSION } from '@voteapp/operator/release';

import { SERVER_IMAGE_NAMES, serverImage } from '../../test/images/server-images.ts';
import { PROGRAM_NAMES } from '../bundle.ts';
import { projectImages } from './images.ts';
import { pushImages, RELEASE_IMAGES, releaseImages } from './release-images.ts';

class Misuse extends Error {}

const OPTIONS = {
  release: { type: 'boolean', default: false },
  tag: { type: 'string', default: VERSION },
  push: { type: 'string' },
  'no-cache': { type: 'boolean', default: false },
} as const;

function asked() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Misuse((error as Error).message);
  }
}

/** Those of the known names that are asked for; all where none is. */
function chosen<Name extends string>(known: readonly Name[], names: readonly string[]): Name[] {
  return known.filter((name) => names.length === 0 || names.includes(name));
}

async function forThisMachine(names: readonly string[]): Promise<void> {
  for (const { reference, archive } of Object.values(await projectImages(chosen(PROGRAM_NAMES, names)))) {
    console.log(`${reference}  ${archive}`);
  }
  for (const name of chosen(SERVER_IMAGE_NAMES, names)) {
    const { reference, archive } = await serverImage(name);
    console.log(`${reference}  ${archive}`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = asked();
  const known: readonly string[] = values.release ? PROGRAM_NAMES : [...PROGRAM_NAMES, ...SERVER_IMAGE_NAMES];
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Misuse(`There is no image ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  if (!values.release) {
    if (values.push !== undefined || values['no-cache']) throw new Misuse('--push and --no-cache go with --release.');
    await forThisMachine(positionals);
    return;
  }
  const images = await releaseImages(chosen(PROGRAM_NAMES, positionals), values.tag, values['no-cache']);
  for (const { reference, archive, architecture } of images) {
    console.log(`${reference}  linux/${architecture}  ${RELEASE_IMAGES}/${archive}`);
  }
  if (values.push === undefined) return;
  for (const reference of await pushImages(images, values.push)) console.log(reference);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof Misuse ? 2 : 1;
}

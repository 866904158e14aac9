import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { onPath } from '../../test/tools/programs.ts';
import type { Builder } from './build.ts';
import { BUILDAH } from './buildah.ts';
import { DOCKER } from './docker.ts';

/** What builds images on this machine. Throws where nothing can. */
export async function findBuilder(): Promise<Builder> {
  const docker =
    onPath('docker') !== null &&
    (await promisify(execFile)('docker', ['info']).then(
      () => true,
      () => false,
    ));
  if (docker) return DOCKER;
  if (process.getuid?.() === 0) return BUILDAH;
  throw new Error('there is no Docker engine, and buildah needs root');
}

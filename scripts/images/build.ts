import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { Architecture } from './image-of.ts';

/** What a Dockerfile's target is called, and where its archive goes. */
interface Wanted {
  readonly target: string;
  readonly reference: string;
  readonly archive: string;
}

/** How images are built. */
export interface Build {
  readonly architecture: Architecture;
  /** What the images say of themselves, beside what the Dockerfile and their base say. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether nothing of earlier builds is taken. */
  readonly isFresh?: boolean;
}

/** Builds targets of the Dockerfile, and pushes what was built. */
export interface Builder {
  /** Into archives in docker's form. */
  readonly build: (wanted: readonly Wanted[], how: Build) => Promise<void>;
  /** Pushes the archives of an image, one for each architecture, as one, to "registry.example.com/poll/voteapp-vote:1.2.0". */
  readonly push: (archives: readonly string[], reference: string) => Promise<void>;
}

/** What the build may read and no layer holds: the builder's own npm configuration and authorities. */
export function secrets(): Record<string, string> {
  const ca = process.env['NODE_EXTRA_CA_CERTS'];
  const npmrc = process.env['NPM_CONFIG_USERCONFIG'] ?? join(homedir(), '.npmrc');
  return {
    ...(existsSync(npmrc) && { npmrc }),
    ...(ca !== undefined && existsSync(ca) && { ca }),
  };
}

/** Whatever its commit, an image and its files bear this time (s), so that what has not changed is not pulled again. */
export const EPOCH = 0;

/** Labels of the image specification by their flags. An argument would do, but buildah 1.39 takes a stage with another's. */
export function labelFlags(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => `--label=org.opencontainers.image.${name}=${value}`);
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { inspectArchive } from './archive.ts';
import { type Builder, EPOCH, labelFlags, secrets } from './build.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function docker(...args: readonly string[]): Promise<string> {
  // Attestations would make an index of what is one image.
  const env = { ...process.env, DOCKER_BUILDKIT: '1', BUILDX_NO_DEFAULT_ATTESTATIONS: '1' };
  return (await run('docker', args, { maxBuffer: 64 << 20, env })).stdout.trim();
}

/** By the Docker engine, from the official bases. */
export const DOCKER: Builder = {
  async build(wanted, { architecture, labels, isFresh = false }) {
    const flags = [
      '--platform',
      `linux/${architecture}`,
      ...Object.entries(secrets()).flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]),
      ...labelFlags(labels),
      `--build-arg=SOURCE_DATE_EPOCH=${EPOCH}`,
      ...(isFresh ? ['--no-cache'] : []),
    ];
    for (const { target, reference, archive } of wanted) {
      await docker('build', '--target', target, '--tag', reference, ...flags, ROOT);
      await docker('save', '--output', archive, reference);
    }
  },

  async push(archives, reference) {
    const parts: string[] = [];
    for (const archive of archives) {
      const { architecture, references } = await inspectArchive(archive);
      parts.push(`${reference}-${architecture}`);
      await docker('load', '--input', archive);
      await docker('tag', references[0] ?? '', `${reference}-${architecture}`);
      await docker('push', `${reference}-${architecture}`);
    }
    await docker('buildx', 'imagetools', 'create', '--tag', reference, ...parts);
  },
};

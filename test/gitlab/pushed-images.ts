import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import type { Image } from '../../scripts/images/images.ts';

const run = promisify(execFile);
const OCI = 'application/vnd.oci.image';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Config {
  readonly config: { readonly Env?: readonly string[] };
}

async function json<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(path, 'utf8')) as Value;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Images as a node has them that pulled them by digest: one for each of `environments`, which is what it adds to the
 * environment of `image`. All are in one archive, in `folder`.
 */
export async function pushedImages<Name extends string>(
  { archive }: Image,
  repository: string,
  environments: Readonly<Record<Name, Readonly<Record<string, string>>>>,
  folder: string,
): Promise<{ readonly archive: string; readonly digests: Readonly<Record<Name, string>> }> {
  const [saved, layout] = [join(folder, 'saved'), join(folder, 'layout')];
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(saved);
  await mkdir(blobs, { recursive: true });
  await run('tar', ['--extract', `--file=${archive}`, `--directory=${saved}`]);

  async function kept(mediaType: string, path: string): Promise<Descriptor> {
    const hash = await hashOf(path);
    const { size } = await stat(path);
    await rename(path, join(blobs, hash));
    return { mediaType: `${OCI}.${mediaType}`, digest: `sha256:${hash}`, size };
  }
  async function written(mediaType: string, content: object): Promise<Descriptor> {
    const draft = join(folder, 'draft.json');
    await writeFile(draft, JSON.stringify(content));
    return await kept(mediaType, draft);
  }

  const [image] = await json<readonly [{ Config: string; Layers: readonly string[] }]>(join(saved, 'manifest.json'));
  const base = await json<Config>(join(saved, image.Config));
  const layers: Descriptor[] = [];
  for (const layer of image.Layers) layers.push(await kept('layer.v1.tar', join(saved, layer)));

  const digests: [string, string][] = [];
  const manifests: object[] = [];
  for (const [name, environment] of Object.entries<Readonly<Record<string, string>>>(environments)) {
    const Env = [...(base.config.Env ?? []), ...Object.entries(environment).map((pair) => pair.join('='))];
    const config = await written('config.v1+json', { ...base, config: { ...base.config, Env } });
    const mediaType = `${OCI}.manifest.v1+json`;
    const manifest = await written('manifest.v1+json', { schemaVersion: 2, mediaType, config, layers });
    digests.push([name, manifest.digest]);
    const annotations = { 'io.containerd.image.name': `${repository}@${manifest.digest}` };
    manifests.push({ ...manifest, annotations });
  }
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const pushed = join(folder, 'pushed.tar');
  await run('tar', ['--create', `--file=${pushed}`, `--directory=${layout}`, 'oci-layout', 'index.json', 'blobs']);
  for (const used of [saved, layout]) await rm(used, { recursive: true });
  return { archive: pushed, digests: Object.fromEntries(digests) as Record<Name, string> };
}

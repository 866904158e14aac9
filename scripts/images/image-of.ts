import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, globSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import { cacheFolder } from '../../test/tools/debian-root.ts';

const run = promisify(execFile);
// The same contents give the same bytes, and so the same digest.
const REPRODUCIBLE = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=pax'];
const HEADERS = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';
// Another checkout of this machine may be at its tests.
const IN_USE_MS = 3_600_000;

/** Those that images are made for. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

/** This machine's own. */
export const HOST_ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

export interface ImageParts {
  /** As "localhost/pause:test". */
  readonly reference: string;
  /** Files and folders of this machine by their path in the image. */
  readonly files: Readonly<Record<string, string>>;
  /** The image's configuration in the words of OCI: `Entrypoint`, `Env`, `User`, … */
  readonly config: Readonly<Record<string, unknown>>;
  /** What its programs are for; by default this machine. */
  readonly architecture?: Architecture;
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** What tells a file from another: path, size and time. Folders are those of the cache, whose names tell their contents. */
async function identity(source: string): Promise<unknown[]> {
  const found = await stat(source);
  return found.isDirectory() ? [source] : [source, found.size, found.mtimeMs];
}

/** Whether an archive is there; if so, it has been used now. */
export async function isThere(archive: string): Promise<boolean> {
  if (!existsSync(archive)) return false;
  await utimes(archive, new Date(), new Date());
  return true;
}

/** Removes the archives that a new one takes the place of, for they are large, but those that others may use now. */
export async function removeOutdated(folder: string, name: string, archive: string): Promise<void> {
  for (const path of globSync(join(folder, `${name}-*.tar`))) {
    if (path === archive || (await stat(path)).mtimeMs > Date.now() - IN_USE_MS) continue;
    await rm(path, { force: true });
  }
}

/**
 * Makes an image of one layer out of files and folders, without a builder, and returns its archive in docker's form. It
 * is made once for the same files.
 */
export async function imageOf({
  reference,
  files,
  config,
  architecture = HOST_ARCHITECTURE,
}: ImageParts): Promise<string> {
  const inputs = await Promise.all(
    Object.entries(files).map(async ([path, source]) => [path, ...(await identity(source))]),
  );
  const key = createHash('sha256')
    .update(JSON.stringify([reference, architecture, config, inputs]))
    .digest('hex')
    .slice(0, 12);
  const name = basename(reference).replace(/:.*/, '');
  const archive = join(cacheFolder(), 'archives', `${name}-${key}.tar`);
  if (await isThere(archive)) return archive;
  await mkdir(dirname(archive), { recursive: true });
  const work = await mkdtemp(`${archive}.`);
  try {
    const [contents, layer] = [join(work, 'contents'), join(work, 'layer.tar')];
    await mkdir(contents);
    for (const [path, source] of Object.entries(files)) {
      await mkdir(dirname(join(contents, path)), { recursive: true });
      await cp(source, join(contents, path), { recursive: true, verbatimSymlinks: true });
    }
    await run('tar', ['--create', `--file=${layer}`, ...REPRODUCIBLE, HEADERS, `--directory=${contents}`, '.']);
    const id = await digest(layer);
    const description = JSON.stringify({
      architecture,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${id}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'imageOf' }],
    });
    const configuration = `${createHash('sha256').update(description).digest('hex')}.json`;
    await writeFile(join(work, configuration), description);
    await writeFile(
      join(work, 'manifest.json'),
      JSON.stringify([{ Config: configuration, RepoTags: [reference], Layers: ['layer.tar'] }]),
    );
    const draft = join(work, 'image.tar');
    const members = ['manifest.json', configuration, 'layer.tar'];
    await run('tar', ['--create', `--file=${draft}`, ...REPRODUCIBLE, HEADERS, `--directory=${work}`, ...members]);
    await rename(draft, archive);
    await removeOutdated(dirname(archive), name, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return archive;
}

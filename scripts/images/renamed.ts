import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { isThere } from './image-of.ts';
import type { Image } from './images.ts';

const run = promisify(execFile);
// Beside docker's own form an archive of a newer engine has OCI's, whose names would be read first.
const OTHER_FORMS = ['index.json', 'oci-layout', 'repositories'];

/** The same image under another name, in an archive of its own that is made once. */
export async function renamed({ archive }: Image, reference: string): Promise<Image> {
  const key = createHash('sha256').update(reference).digest('hex').slice(0, 8);
  const named = archive.replace(/\.tar$/, `.${key}.tar`);
  if (await isThere(named)) return { reference, archive: named };
  const work = await mkdtemp(`${named}.`);
  try {
    const [contents, draft] = [join(work, 'contents'), join(work, 'image.tar')];
    await mkdir(contents);
    await run('tar', ['--extract', `--file=${archive}`, `--directory=${contents}`]);
    for (const file of OTHER_FORMS) await rm(join(contents, file), { force: true });
    const manifest = join(contents, 'manifest.json');
    const images = JSON.parse(await readFile(manifest, 'utf8')) as readonly object[];
    await writeFile(manifest, JSON.stringify(images.map((image) => ({ ...image, RepoTags: [reference] }))));
    await run('tar', ['--create', `--file=${draft}`, `--directory=${contents}`, ...(await readdir(contents))]);
    await rename(draft, named);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { reference, archive: named };
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE_FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[-.].*)?$/i;
const RULE = '-'.repeat(80);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/** What the author of a package wants every copy to hold. */
async function licenceOf(folder: string): Promise<string> {
  const path = join(ROOT, folder);
  const { name, version, license, author } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as Manifest;
  if (license === undefined) throw new Error(`${folder} does not say by which licence it may be given on`);
  const files = (await readdir(path)).filter((file) => LICENCE_FILE.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(path, file), 'utf8')));
  const by = typeof author === 'object' ? author.name : author;
  // Some packages name their licence and have no text of it.
  const shown = texts.length > 0 ? texts.map((text) => text.trim()).join('\n\n') : `By ${by ?? 'its contributors'}.`;
  return `${name} ${version} (${license})\n\n${shown}\n`;
}

/** The licences of the packages that these files, as the project has them, are of. */
export async function licencesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(files.flatMap((file) => PACKAGE_FOLDER.exec(file)?.[0] ?? []));
  const licences = await Promise.all([...folders].sort().map(licenceOf));
  return `voteapp holds parts of the following packages.\n\n${licences.join(`\n${RULE}\n\n`)}`;
}

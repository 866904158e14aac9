import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { findHelm } from '../../test/tools/helm.ts';
import { makePackage, pack } from '../package.ts';
import { changesOf } from './changelog.ts';
import { ROOT } from './git.ts';
import { Refusal } from './plan.ts';

/** Where they are, from the project's folder. */
export const ARTEFACTS = 'dist/release';
const FOLDER = join(ROOT, ARTEFACTS);

/** The charts of a release. */
export const CHARTS = ['voteapp', 'voteapp-poll'];
const MANIFESTS = ['manifests/install.yaml', 'crds/voteapp.dev_votingapps.yaml'];

/** The program. Throws a {@link Refusal} where there is none. */
export async function helm(): Promise<string> {
  const found = await findHelm();
  if ('missing' in found) throw new Refusal(`The charts cannot be packaged: ${found.missing}.`);
  return found.path;
}

async function packageCharts(): Promise<void> {
  const program = await helm();
  const charts = CHARTS.map((chart) => join(ROOT, 'charts', chart));
  await promisify(execFile)(program, ['package', ...charts, '--destination', FOLDER]);
}

/** The npm package, under a name of its own: that of npm is the chart's. */
async function packageTool(version: string): Promise<void> {
  const work = join(FOLDER, 'package');
  await makePackage(work);
  const { path } = await pack(work, work);
  await rename(path, join(FOLDER, `voteapp-cli-${version}.tgz`));
  await rm(work, { recursive: true });
}

/**
 * Makes `dist/release` anew: the CLI as an npm package, the charts, the manifests, what has changed, copies of `more`, and
 * the sums of all of them. Returns the files, from there.
 */
export async function makeArtefacts(version: string, more: readonly string[] = []): Promise<string[]> {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await packageTool(version);
  await packageCharts();
  for (const file of [...MANIFESTS, ...more]) await copyFile(join(ROOT, file), join(FOLDER, basename(file)));
  const changelog = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8');
  await writeFile(join(FOLDER, 'CHANGES.md'), `${changesOf(changelog, version)}\n`);
  const names = (await readdir(FOLDER)).sort();
  const sums = names.map(async (name) => {
    const sum = createHash('sha256').update(await readFile(join(FOLDER, name)));
    return `${sum.digest('hex')}  ${name}\n`;
  });
  await writeFile(join(FOLDER, 'SHA256SUMS'), (await Promise.all(sums)).join(''));
  return [...names, 'SHA256SUMS'];
}

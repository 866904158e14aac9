import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openApi } from '@voteapp/contracts/openapi';

import { findHelm } from '../test/tools/helm.ts';
import { isRequired } from '../test/tools/programs.ts';
import { CHART_FILES } from './chart/chart-files.ts';
import { installManifest } from './chart/install-manifest.ts';
import { votingAppDefinitionFile } from './crd/votingapp.ts';
import { goldenFiles } from './goldens/goldens.ts';
import { analyzePage } from './reference/analyze.ts';
import { cliPage } from './reference/cli.ts';
import { conditionsPage } from './reference/conditions.ts';
import { environmentPage } from './reference/environment.ts';
import { errorsPage } from './reference/errors.ts';
import { OUTPUT_SCHEMAS } from './reference/outputs.ts';
import { pollPage } from './reference/poll.ts';
import { votingAppPage } from './reference/votingapp.ts';

const INSTALL_MANIFEST = 'manifests/install.yaml';
const helm = await findHelm();

// Writes every generated file; with --check only proves that they are fresh. What is made of other files comes after them.
const GENERATED: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/openapi.json': () => `${JSON.stringify(openApi(), null, 2)}\n`,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/environment.md': environmentPage,
  'docs/reference/poll.md': pollPage,
  'docs/reference/votingapp.md': votingAppPage,
  'docs/reference/conditions.md': conditionsPage,
  'docs/reference/analyze.md': analyzePage,
  'docs/reference/cli.md': cliPage,
  ...OUTPUT_SCHEMAS,
  'crds/voteapp.dev_votingapps.yaml': votingAppDefinitionFile,
  ...goldenFiles(),
  ...CHART_FILES,
  ...('path' in helm && { [INSTALL_MANIFEST]: () => installManifest(helm.path) }),
};

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const checking = process.argv.includes('--check');
const stale: string[] = [];

for (const [file, generate] of Object.entries(GENERATED)) {
  const path = join(root, file);
  const content = await generate();
  if ((await readFile(path, 'utf8').catch(() => null)) === content) continue;
  stale.push(file);
  if (checking) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

if ('missing' in helm) {
  console.error(`${INSTALL_MANIFEST} cannot be rendered: ${helm.missing}.`);
  if (isRequired('helm')) process.exitCode = 1;
}
if (checking && stale.length > 0) {
  console.error(`Not fresh: ${stale.join(', ')}. Run: npm run generate`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? 'Generated files are fresh.' : `Written: ${stale.join(', ')}.`);
}

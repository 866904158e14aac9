import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openApi } from '@voteapp/contracts/openapi';

import { votingAppDefinitionFile } from './crd/votingapp.ts';
import { environmentPage } from './reference/environment.ts';
import { errorsPage } from './reference/errors.ts';
import { pollPage } from './reference/poll.ts';
import { votingAppPage } from './reference/votingapp.ts';

// Writes every generated file; with --check only proves that they are fresh.
const GENERATED: Readonly<Record<string, () => string>> = {
  'docs/reference/openapi.json': () => `${JSON.stringify(openApi(), null, 2)}\n`,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/environment.md': environmentPage,
  'docs/reference/poll.md': pollPage,
  'docs/reference/votingapp.md': votingAppPage,
  'crds/voteapp.dev_votingapps.yaml': votingAppDefinitionFile,
};

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const checking = process.argv.includes('--check');
const stale: string[] = [];

for (const [file, generate] of Object.entries(GENERATED)) {
  const path = join(root, file);
  const content = generate();
  if ((await readFile(path, 'utf8').catch(() => null)) === content) continue;
  stale.push(file);
  if (checking) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

if (checking && stale.length > 0) {
  console.error(`Not fresh: ${stale.join(', ')}. Run: npm run generate`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? 'Generated files are fresh.' : `Written: ${stale.join(', ')}.`);
}

/*
 * npm run release -- --next                 the version that the commits since the last release ask for
 * npm run release -- 1.2.0                  this one
 *   --dry-run                               says what would change, and changes nothing
 * npm run release -- --artefacts            makes dist/release again, of the release that is checked out
 * npm run release -- --publish              the same, with images in dist/images, and pushes images and charts
 *   --registry registry.example.com/poll    to there; default: CI_REGISTRY_IMAGE
 *
 * The first two need a clean tree on main; they make a commit, a tag and dist/release, and push nothing. The last two
 * need the tag of the version alone, as a pipeline of that tag has it. Exit codes: 0 done, 1 refused or failed, 2 usage.
 */
import { parseArgs } from 'node:util';

import { reasonOf } from '../../test/tools/programs.ts';
import { ARTEFACTS, makeArtefacts } from './artefacts.ts';
import { commitRelease } from './commit.ts';
import { planRelease, type Plan, Refusal, releaseHere } from './plan.ts';
import { publish } from './publish.ts';

const USAGE = 'npm run release -- <version>|--next [--dry-run] | --artefacts | --publish [--registry <registry>]';

class Misuse extends Error {
  constructor(message: string) {
    super(`${message} Usage: ${USAGE}`);
  }
}

const OPTIONS = {
  next: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  artefacts: { type: 'boolean', default: false },
  publish: { type: 'boolean', default: false },
  registry: { type: 'string' },
} as const;

function asked() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Misuse(`${(error as Error).message.split('. ')[0]}.`);
  }
}

function described({ version, last, commits, earlier, dropped, changes }: Plan): string {
  const counted = Object.entries(Object.groupBy(commits, ({ kind }) => kind)).map(
    ([kind, all]) => `${all.length} ${kind}`,
  );
  return [
    `Release ${version}, after ${last ?? 'none'}: ${counted.join(', ')}.`,
    `The operator runs ${[version, ...earlier].join(', ')}${dropped.length > 0 ? `, and no longer ${dropped.join(', ')}` : ''}.`,
    '',
    ...changes.split('\n').map((line) => (line === '' ? '' : `  ${line}`)),
    '',
  ].join('\n');
}

async function artefacts(version: string): Promise<void> {
  for (const file of await makeArtefacts(version)) console.log(`${ARTEFACTS}/${file}`);
}

async function release(version: string | null, isDry: boolean): Promise<void> {
  const plan = await planRelease(version);
  console.log(described(plan));
  const files = await commitRelease(plan, isDry);
  if (isDry) {
    console.log(
      `Would change ${files.join(', ')}, with what \`npm run generate\` makes of them; commit and tag v${plan.version}.`,
    );
    return;
  }
  console.log(`Committed and tagged v${plan.version}. To publish it: git push --follow-tags origin main`);
  await artefacts(plan.version);
}

async function main(): Promise<void> {
  const { values, positionals } = asked();
  const [version] = positionals;
  const actions = [values.next, version !== undefined, values.artefacts, values.publish].filter(Boolean).length;
  if (actions !== 1 || positionals.length > 1) throw new Misuse('Name one thing to do.');
  if (version !== undefined || values.next) {
    await release(version ?? null, values['dry-run']);
    return;
  }
  if (values['dry-run']) throw new Misuse('--dry-run goes with a version or --next.');
  const registry = values.registry ?? process.env['CI_REGISTRY_IMAGE'] ?? '';
  if (values.publish && registry === '') throw new Misuse('--publish needs --registry, or CI_REGISTRY_IMAGE.');
  const here = await releaseHere();
  if (values.publish) await publish(here, registry);
  else await artefacts(here);
}

try {
  await main();
} catch (error) {
  const isOurs = error instanceof Refusal || error instanceof Misuse;
  console.error(isOurs ? error.message : `The release failed: ${reasonOf(error)}`);
  process.exitCode = error instanceof Misuse ? 2 : 1;
}

import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { VERSION } from '@voteapp/operator/release';

import { released } from './changelog.ts';
import { git, ROOT } from './git.ts';
import type { Plan } from './plan.ts';

const LOCK = 'package-lock.json';
const MANIFESTS = ['package.json', '{apps,packages}/*/package.json', 'cli/package.json', 'operator/package.json'];
/** Where people wrote the release down. What is generated follows package.json. */
const NAMING = ['Dockerfile', 'compose.yaml', 'README.md', 'docs/*.md', 'charts/*/README.md', 'ci/**/*.{md,yml}'];
const OWN_PACKAGE = /^@voteapp\//;

interface Manifest {
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** The manifest with the release, and with its neighbours of the same. */
function moved<Moved extends Manifest>(manifest: Moved, version: string): Moved {
  const neighbours = (dependencies: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(dependencies).map(([name, is]) => [name, OWN_PACKAGE.test(name) ? version : is]));
  return {
    ...manifest,
    version,
    ...(manifest.dependencies && { dependencies: neighbours(manifest.dependencies) }),
    ...(manifest.devDependencies && { devDependencies: neighbours(manifest.devDependencies) }),
  };
}

function movedLock(text: string, version: string): unknown {
  const lock = JSON.parse(text) as Manifest & { packages: Record<string, Manifest> };
  const packages = Object.entries(lock.packages).map(
    ([path, each]) => [path, path.includes('node_modules') ? each : moved(each, version)] as const,
  );
  return { ...lock, version, packages: Object.fromEntries(packages) };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function namingVersion(text: string, version: string): string {
  const whole = new RegExp(String.raw`(?<![\d.])${VERSION.replaceAll('.', String.raw`\.`)}(?![\w-]|\.\d)`, 'g');
  return text.replaceAll(whole, version);
}

/** What becomes of a file by its path. */
function edits({ version, earlier }: Plan, date: string): Record<string, (text: string) => string> {
  const list = earlier.map((each) => `'${each}'`).join(', ');
  const ofEach = <Edit>(patterns: string[], edit: Edit) =>
    Object.fromEntries(globSync(patterns, { cwd: ROOT }).map((path) => [path, edit] as const));
  return {
    ...ofEach(NAMING, (text: string) => namingVersion(text, version)),
    ...ofEach(MANIFESTS, (text: string) => json(moved(JSON.parse(text) as Manifest, version))),
    [LOCK]: (text) => json(movedLock(text, version)),
    'operator/src/release.ts': (text) => text.replace(/(EARLIER_VERSIONS: .* = )\[.*\];/, `$1[${list}];`),
    'CHANGELOG.md': (text) => released(text, version, date),
  };
}

async function generate(): Promise<void> {
  // Without helm the manifest would be left behind.
  const env = { ...process.env, VOTEAPP_TEST_REQUIRE: 'helm' };
  await promisify(execFile)(process.execPath, ['scripts/generate.ts'], { cwd: ROOT, env, maxBuffer: 16 << 20 });
}

async function change(plan: Plan, changed: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(changed)) await writeFile(join(ROOT, path), text);
  const kept = new Set([plan.version, ...plan.earlier]);
  for (const version of globSync('*', { cwd: join(ROOT, 'operator/goldens') })) {
    if (!kept.has(version)) await rm(join(ROOT, 'operator/goldens', version), { recursive: true });
  }
  await generate();
}

/**
 * Writes the release into the tree, commits and tags it, and returns the files that were edited; dry, those that would be.
 * What fails leaves the tree as it was.
 */
export async function commitRelease(plan: Plan, isDry: boolean): Promise<string[]> {
  const changed: Record<string, string> = {};
  for (const [path, edit] of Object.entries(edits(plan, new Date().toISOString().slice(0, 10)))) {
    const text = await readFile(join(ROOT, path), 'utf8');
    if (edit(text) !== text) changed[path] = edit(text);
  }
  const files = Object.keys(changed).sort();
  if (isDry) return files;
  try {
    await change(plan, changed);
    await git('add', '--all');
    await git('commit', '--quiet', '--message', `chore(release): v${plan.version}`);
  } catch (error) {
    // Nothing but this was in the tree.
    await git('reset', '--quiet', '--hard');
    await git('clean', '--quiet', '-d', '--force');
    throw error;
  }
  await git('tag', '--annotate', `v${plan.version}`, '--message', `VoteApp ${plan.version}`);
  return files;
}

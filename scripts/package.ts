import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { BILL } from './bill-of-materials.ts';
import { bundleInto } from './bundle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
/** What the bundle is made for, and what `up` needs. */
const NODE = 24;
/** The tool, and the two names by which kubectl finds a plugin and its completion. */
const BINS = ['voteapp', 'kubectl-voteapp', 'kubectl_complete-voteapp'];

/** What its answers refer to, and what that refers to. */
const READING = ['docs/reference', 'manifests/samples'];

/** What the bundle has that people look for beside README.md. */
const OF_THE_BUNDLE = ['THIRD-PARTY-LICENSES.txt', BILL];

// The program learns from its file's name what it is called: npm links to the file, or on Windows has a script run it.
const BIN = `#!/usr/bin/env node
if (Number.parseInt(process.versions.node, 10) >= ${NODE}) await import('../lib/main.js');
else {
  process.stderr.write(\`voteapp needs Node.js ${NODE} or newer, and this is \${process.version}.\\n\`);
  process.exitCode = 2;
}
`;

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** What a tarball weighs, in bytes. */
interface Tarball {
  readonly path: string;
  readonly packed: number;
  readonly unpacked: number;
}

async function manifest(): Promise<object> {
  const { version, description, license } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  return {
    name: 'voteapp',
    version,
    description,
    keywords: ['kubernetes', 'kubectl-plugin', 'poll', 'voting'],
    license,
    type: 'module',
    bin: Object.fromEntries(BINS.map((name) => [name, `bin/${name}.js`])),
    engines: { node: `>=${NODE}` },
  };
}

/** Makes the folder of the npm package `voteapp`: the CLI with all that it needs. */
export async function makePackage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await bundleInto(join(folder, 'lib'), 'cli', false);
  for (const file of OF_THE_BUNDLE) await rename(join(folder, 'lib', file), join(folder, file));
  await mkdir(join(folder, 'bin'));
  for (const name of BINS) await writeFile(join(folder, 'bin', `${name}.js`), BIN, { mode: 0o755 });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await manifest(), null, 2)}\n`);
  for (const path of READING) await cp(join(ROOT, path), join(folder, path), { recursive: true });
  await copyFile(join(ROOT, 'cli/README.md'), join(folder, 'README.md'));
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

/** Packs a package's folder as `<into>/<name>-<version>.tgz`. */
export async function pack(folder: string, into: string): Promise<Tarball> {
  const args = ['pack', '--json', '--offline', '--ignore-scripts', '--pack-destination', into];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; unpackedSize: number }];
  return { path: join(into, packed.filename), packed: packed.size, unpacked: packed.unpackedSize };
}

if (import.meta.main) {
  const folder = join(DIST, 'package');
  await makePackage(folder);
  const { path, packed, unpacked } = await pack(folder, DIST);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${path}: ${megabytes(packed)}, ${megabytes(unpacked)} unpacked`);
}

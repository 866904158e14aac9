import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { cacheFolder, debianRoot } from '../../test/tools/debian-root.ts';
import { onPath } from '../../test/tools/programs.ts';
import { type Architecture, HOST_ARCHITECTURE, imageOf, type ImageParts } from './image-of.ts';

const run = promisify(execFile);
const NODE_PACKAGE = join(import.meta.dirname, '../../node_modules/node');

const SUITE = 'trixie';
const NODE_NEEDS = ['base-files', 'ca-certificates', 'libc6', 'libgcc-s1', 'libstdc++6', 'tzdata'];
const SHELL = ['bash', 'coreutils', 'dash', 'grep', 'sed'];
const ACCOUNTS = {
  'etc/passwd':
    'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n',
};
const PATH = '/nodejs/bin:/usr/local/bin:/usr/bin:/bin';

/** A base of our own. */
interface StandIn {
  readonly reference: string;
  readonly archive: string;
}

/** The Node.js that the project itself runs on; for another architecture, the same release of the same source. */
async function nodeProgram(architecture: Architecture): Promise<string> {
  if (architecture === HOST_ARCHITECTURE) return realpathSync(join(NODE_PACKAGE, 'bin/node'));
  const { version } = JSON.parse(await readFile(join(NODE_PACKAGE, 'package.json'), 'utf8')) as { version: string };
  const name = `node-linux-${architecture}`;
  const folder = join(cacheFolder(), `${name}-${version}`);
  const program = join(folder, 'package/bin/node');
  if (existsSync(program)) return program;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    const args = ['pack', '--silent', '--pack-destination', work, `${name}@${version}`];
    const { stdout } = await run('npm', args, { cwd: work });
    await run('tar', ['-xzf', join(work, stdout.trim()), '-C', work, 'package/bin/node']);
    // Another run may have come first; its result is as good.
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(program)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}

/** The npm on PATH. */
function npmFolder(): string {
  const npm = onPath('npm');
  if (npm === null) throw new Error('there is no npm on PATH to build with');
  // A link to npm/bin/npm-cli.js.
  return join(realpathSync(npm), '../..');
}

/** All authorities in one file, which a script of Debian's package would have written. */
async function authorities(root: string): Promise<string> {
  const file = join(cacheFolder(), 'ca-certificates.crt');
  if (existsSync(file)) return file;
  const certificates = globSync(join(root, 'usr/share/ca-certificates/mozilla/*.crt')).sort();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, certificates.map((path) => readFileSync(path, 'utf8')).join(''));
  return file;
}

async function standIn(name: string, parts: Omit<ImageParts, 'reference'>): Promise<StandIn> {
  const reference = `localhost/${name}-${parts.architecture}:local`;
  return { reference, archive: await imageOf({ ...parts, reference }) };
}

/** Makes the archive of an image that stands in for the distroless one: Node.js in `/nodejs/bin`, and no shell. */
export async function runtimeBase(architecture: Architecture): Promise<StandIn> {
  const root = await debianRoot(SUITE, NODE_NEEDS, ACCOUNTS, architecture);
  const files = {
    '.': root,
    'etc/ssl/certs/ca-certificates.crt': await authorities(root),
    'nodejs/bin/node': await nodeProgram(architecture),
  };
  const config = { Env: [`PATH=${PATH}`, 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'], User: '65532' };
  return await standIn('runtime-base', { files, config, architecture });
}

/** Makes the archive of an image that stands in for Node.js' own: with npm and a shell. */
export async function buildBase(architecture: Architecture): Promise<StandIn> {
  const root = await debianRoot(SUITE, [...NODE_NEEDS, ...SHELL], ACCOUNTS, architecture);
  const npm = 'usr/local/lib/node_modules/npm';
  const files = {
    '.': root,
    'etc/ssl/certs/ca-certificates.crt': await authorities(root),
    'nodejs/bin/node': await nodeProgram(architecture),
    [npm]: npmFolder(),
    'usr/local/bin/npm': join(import.meta.dirname, 'npm.sh'),
  };
  return await standIn('build-base', { files, config: { Env: [`PATH=${PATH}`] }, architecture });
}

import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { cacheFolder, debianRoot } from '../../test/tools/debian-root.ts';
import { onPath } from '../../test/tools/programs.ts';
import { imageOf } from './image-of.ts';

const SUITE = 'trixie';
const NODE_NEEDS = ['base-files', 'ca-certificates', 'libc6', 'libgcc-s1', 'libstdc++6', 'tzdata'];
const SHELL = ['bash', 'coreutils', 'dash', 'grep', 'sed'];
const ACCOUNTS = {
  'etc/passwd':
    'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n',
};
const PATH = '/nodejs/bin:/usr/local/bin:/usr/bin:/bin';

/** The Node.js that the project itself runs on. */
function nodeProgram(): string {
  return realpathSync(join(import.meta.dirname, '../../node_modules/node/bin/node'));
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

/** Makes the archive of an image that stands in for the distroless one: Node.js in `/nodejs/bin`, and no shell. */
export async function runtimeBase(): Promise<string> {
  const root = await debianRoot(SUITE, NODE_NEEDS, ACCOUNTS);
  const files = {
    '.': root,
    'etc/ssl/certs/ca-certificates.crt': await authorities(root),
    'nodejs/bin/node': nodeProgram(),
  };
  const config = { Env: [`PATH=${PATH}`, 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'], User: '65532' };
  return await imageOf({ reference: 'localhost/runtime-base:local', files, config });
}

/** Makes the archive of an image that stands in for Node.js' own: with npm and a shell. */
export async function buildBase(): Promise<string> {
  const root = await debianRoot(SUITE, [...NODE_NEEDS, ...SHELL], ACCOUNTS);
  const npm = 'usr/local/lib/node_modules/npm';
  const files = {
    '.': root,
    'etc/ssl/certs/ca-certificates.crt': await authorities(root),
    'nodejs/bin/node': nodeProgram(),
    [npm]: npmFolder(),
    'usr/local/bin/npm': join(import.meta.dirname, 'npm.sh'),
  };
  return await imageOf({ reference: 'localhost/build-base:local', files, config: { Env: [`PATH=${PATH}`] } });
}

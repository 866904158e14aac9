import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where unpacked programs are kept between runs. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'voteapp');
}

/** The suite of the Debian that this is ("bookworm"); null elsewhere. */
export function hostSuite(): string | null {
  if (!existsSync('/etc/os-release') || !existsSync('/usr/bin/dpkg-deb')) return null;
  const release = readFileSync('/etc/os-release', 'utf8');
  if (!/^ID=debian$/m.test(release)) return null;
  return /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1] ?? null;
}

/** The mirror that the host itself installs from. */
function hostMirror(): string {
  for (const file of [...globSync('/etc/apt/sources.list.d/*.sources'), '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const uri = /^URIs:\s*(\S+)/m.exec(text)?.[1] ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(text)?.[1];
    if (uri !== undefined) return uri;
  }
  throw new Error('apt has no source on this machine');
}

async function download(
  state: string,
  suite: string,
  packages: readonly string[],
  architecture: string | undefined,
): Promise<string[]> {
  for (const folder of ['lists/partial', 'archives/partial', 'etc'])
    await mkdir(join(state, folder), { recursive: true });
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(join(state, 'etc/sources.list'), `deb [signed-by=${keyring}] ${hostMirror()} ${suite} main\n`);
  // An empty status makes apt bring the C library too: the root then needs nothing of the host but its kernel.
  await writeFile(join(state, 'status'), '');
  const settings = {
    'Dir::Etc::sourcelist': join(state, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    'Dir::Cache::archives': join(state, 'archives'),
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
    ...(architecture !== undefined && { 'APT::Architecture': architecture, 'APT::Architectures': architecture }),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await run('apt-get', [...options, '-qq', 'update']);
  await run('apt-get', [...options, '-qq', '-y', '--download-only', 'install', ...packages], { maxBuffer: 16 << 20 });
  const archives = await readdir(join(state, 'archives'));
  return archives.filter((name) => name.endsWith('.deb')).map((name) => join(state, 'archives', name));
}

/** Writes down which package was unpacked, in the way of images that have no dpkg. */
async function noteDown(archive: string, root: string): Promise<void> {
  const folder = join(root, 'var/lib/dpkg/status.d');
  await mkdir(folder, { recursive: true });
  const { stdout } = await run('dpkg-deb', ['--field', archive]);
  await writeFile(join(folder, basename(archive).split('_')[0] ?? ''), stdout);
}

/**
 * Unpacks Debian packages of a suite, with all that they depend on, into a folder of the cache and returns it. Nothing
 * is installed: no maintainer script runs, the host's own packages stay as they are; `files` (path: text) are what such
 * a script would have written. Packages of another architecture than this machine's are only unpacked too; of a root that
 * names one, `var/lib/dpkg/status.d` tells the packages. Throws when apt cannot.
 */
export async function debianRoot(
  suite: string,
  packages: readonly string[],
  files: Readonly<Record<string, string>> = {},
  architecture?: 'amd64' | 'arm64',
): Promise<string> {
  const contents = [
    ...packages,
    ...Object.entries(files).flat(),
    ...(architecture === undefined ? [] : [architecture]),
  ];
  const hash = createHash('sha256').update(contents.join(' ')).digest('hex').slice(0, 8);
  const root = join(cacheFolder(), `${suite}-${packages[0] ?? 'root'}-${hash}`);
  if (existsSync(root)) return root;
  await mkdir(dirname(root), { recursive: true });
  const work = await mkdtemp(`${root}.`);
  try {
    const unpacked = join(work, 'root');
    await mkdir(unpacked);
    for (const archive of await download(join(work, 'apt'), suite, packages, architecture)) {
      await run('dpkg-deb', ['-x', archive, unpacked]);
      if (architecture !== undefined) await noteDown(archive, unpacked);
    }
    for (const [path, text] of Object.entries(files)) await writeFile(join(unpacked, path), text);
    // Another run may have come first; its result is as good.
    await rename(unpacked, root).catch((error: unknown) => {
      if (!existsSync(root)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return root;
}

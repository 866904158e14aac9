import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { cacheFolder, debianRoot } from '../../test/tools/debian-root.ts';
import { buildBase, runtimeBase } from './bases.ts';
import { type Build, type Builder, EPOCH, labelFlags, secrets } from './build.ts';
import { type Architecture, HOST_ARCHITECTURE } from './image-of.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTER = fileURLToPath(new URL('buildah.sh', import.meta.url));
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child'];
// The last two it looks for whether or not it uses them.
const PACKAGES = ['buildah', 'base-files', 'bash', 'coreutils', 'mount', 'tar', 'util-linux', 'crun', 'netavark'];
const ACCOUNTS = { 'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n', 'etc/group': 'root:x:0:\n' };
const SEEN_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const ENVIRONMENT = {
  BUILDAH_ISOLATION: 'chroot',
  HOME: '/root',
  PATH: '/usr/sbin:/usr/bin',
  SSL_CERT_FILE: SEEN_AUTHORITIES,
};
const PULL_LIMIT_MS = 120_000;
// About thirty builds, or three gigabytes.
const KEPT_IMAGES = 300;

/** Runs buildah, and resolves with what it prints. `/exchange` is a folder that it shares with this process. */
type Buildah = (args: readonly string[], options?: { timeout?: number }) => Promise<string>;

interface Base {
  /** By which it is built from: its id, for a name may be another architecture's too. */
  readonly id: string;
  readonly name: string;
  readonly digest: string;
}

const STAND_INS = { BUILD_BASE: buildBase, RUNTIME_BASE: runtimeBase } as const;

/** The base that the Dockerfile names. */
async function namedBase(argument: string): Promise<string> {
  const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const base = new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(text)?.[1];
  if (base === undefined) throw new Error(`The Dockerfile has no ${argument}`);
  return base;
}

/** This process' own limits: it takes a right, which a container may lack, to be given others. */
function limitFlags(): string[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const flag = (name: string, line: string) => {
    const [, soft, hard] = new RegExp(`^${line} +(\\S+) +(\\S+)`, 'm').exec(limits) ?? [];
    return ['--ulimit', `${name}=${soft}:${hard}`.replaceAll('unlimited', '-1')];
  };
  return [...flag('nofile', 'Max open files'), ...flag('nproc', 'Max processes')];
}

/** An unpacked buildah that needs neither engine nor daemon, but root. */
async function withBuildah(work: (buildah: Buildah, exchange: string) => Promise<void>): Promise<void> {
  const root = await debianRoot('trixie', PACKAGES, ACCOUNTS);
  const storage = join(cacheFolder(), 'buildah');
  await mkdir(storage, { recursive: true });
  const exchange = await mkdtemp(join(cacheFolder(), 'exchange-'));
  try {
    await work(async (args, options = {}) => {
      const command = ['bash', ENTER, root, ROOT, storage, exchange, 'buildah', ...args];
      // The host's own: the packages bring none.
      const AUTHORITIES = process.env['SSL_CERT_FILE'] ?? SEEN_AUTHORITIES;
      const env = { ...process.env, ...ENVIRONMENT, AUTHORITIES };
      const { stdout } = await run('unshare', [...NAMESPACES, ...command], { maxBuffer: 64 << 20, ...options, env });
      return stdout.trim();
    }, exchange);
  } finally {
    await rm(exchange, { recursive: true, force: true });
  }
}

/** Lets buildah see a file of this machine, and returns the path that it sees it by. */
async function shown(exchange: string, path: string): Promise<string> {
  const seen = join(exchange, basename(path));
  await link(path, seen).catch(() => copyFile(path, seen));
  return `/exchange/${basename(path)}`;
}

/** The base of an argument: the official one, or one of our own where no registry answers. */
async function baseOf(
  argument: keyof typeof STAND_INS,
  architecture: Architecture,
  buildah: Buildah,
  exchange: string,
): Promise<Base> {
  const official = await namedBase(argument);
  const pull = ['pull', '--quiet', '--platform', `linux/${architecture}`];
  let name = official;
  let id = await buildah([...pull, official], { timeout: PULL_LIMIT_MS }).catch(() => null);
  if (id === null) {
    process.stderr.write(
      `No registry gives ${official} for ${architecture}: a base of Debian packages takes its place.\n`,
    );
    const standIn = await STAND_INS[argument](architecture);
    name = standIn.reference;
    id = await buildah(['pull', '--quiet', `docker-archive:${await shown(exchange, standIn.archive)}`]);
  }
  const digest = await buildah(['inspect', '--type', 'image', '--format', '{{.FromImageDigest}}', id]);
  return { id, name, digest };
}

async function flagsOf(how: Build, buildah: Buildah, exchange: string): Promise<string[]> {
  const tools = await baseOf('BUILD_BASE', HOST_ARCHITECTURE, buildah, exchange);
  const base = await baseOf('RUNTIME_BASE', how.architecture, buildah, exchange);
  const labels = { ...how.labels, 'base.name': base.name, 'base.digest': base.digest };
  const options = {
    platform: `linux/${how.architecture}`,
    network: 'host',
    timestamp: String(EPOCH),
    'identity-label': 'false',
    // Without it an image has other layers.
    layers: 'true',
    'no-cache': String(how.isFresh === true),
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  flags.push('--quiet', ...limitFlags(), ...labelFlags(labels));
  flags.push(`--build-arg=BUILD_BASE=${tools.id}`, `--build-arg=RUNTIME_BASE=${base.id}`);
  for (const [id, path] of Object.entries(secrets())) {
    await copyFile(path, join(exchange, id));
    flags.push('--secret', `id=${id},src=/exchange/${id}`);
  }
  return flags;
}

/** Who may push to a registry, as `docker login` has left it. */
async function loginFlags(exchange: string): Promise<string[]> {
  const path = process.env['REGISTRY_AUTH_FILE'] ?? join(homedir(), '.docker/config.json');
  return existsSync(path) ? ['--authfile', await shown(exchange, path)] : [];
}

/** By buildah, where there is no engine. */
export const BUILDAH: Builder = {
  build: (wanted, how) =>
    withBuildah(async (buildah, exchange) => {
      // A build leaves its stages, of which the next one takes what has not changed; nothing else removes them.
      const images = await buildah(['images', '--all', '--quiet']);
      if (images.split('\n').length > KEPT_IMAGES) await buildah(['prune', '--all', '--force']);
      const flags = await flagsOf(how, buildah, exchange);
      for (const { target, reference, archive } of wanted) {
        const id = await buildah(['build', ...flags, '--target', target, '/context']);
        await buildah(['push', '--quiet', id, `docker-archive:/exchange/${target}.tar:${reference}`]);
        await rename(join(exchange, `${target}.tar`), archive);
      }
    }),

  push: (archives, reference) =>
    withBuildah(async (buildah, exchange) => {
      const list = `localhost/index-${process.pid}`;
      await buildah(['manifest', 'create', list]);
      try {
        for (const archive of archives) {
          await buildah(['manifest', 'add', list, `docker-archive:${await shown(exchange, archive)}`]);
        }
        const flags = ['--all', '--quiet', '--format', 'oci', ...(await loginFlags(exchange))];
        await buildah(['manifest', 'push', ...flags, list, `docker://${reference}`]);
      } finally {
        await buildah(['manifest', 'rm', list]);
      }
    }),
};

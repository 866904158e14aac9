import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { cacheFolder, debianRoot } from '../../test/tools/debian-root.ts';
import { onPath } from '../../test/tools/programs.ts';
import { buildBase, runtimeBase } from './bases.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTER = fileURLToPath(new URL('buildah.sh', import.meta.url));
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child'];
// The last two it looks for whether or not it uses them.
const PACKAGES = ['buildah', 'base-files', 'bash', 'coreutils', 'mount', 'tar', 'util-linux', 'crun', 'netavark'];
const ACCOUNTS = { 'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n', 'etc/group': 'root:x:0:\n' };
const ENVIRONMENT = { BUILDAH_ISOLATION: 'chroot', HOME: '/root', PATH: '/usr/sbin:/usr/bin' };
const OUTPUT_LIMIT = { maxBuffer: 64 << 20 };
const PULL_LIMIT_MS = 120_000;
// About thirty builds, or three gigabytes.
const KEPT_IMAGES = 300;

/** What a Dockerfile's target is called, and where its archive goes. */
interface Wanted {
  readonly target: string;
  readonly reference: string;
  readonly archive: string;
}

/** Builds targets of the Dockerfile into archives in docker's form. */
export type Builder = (wanted: readonly Wanted[]) => Promise<void>;

interface Base {
  readonly base: string;
  /** Makes the archive of an image of the same layout. */
  readonly standIn: () => Promise<string>;
}

const STAND_INS: Readonly<Record<string, () => Promise<string>>> = {
  BUILD_BASE: buildBase,
  RUNTIME_BASE: runtimeBase,
};

/** The bases that the Dockerfile names, by the name of their argument. */
async function bases(): Promise<Record<string, Base>> {
  const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  return Object.fromEntries(
    Object.entries(STAND_INS).map(([name, standIn]) => {
      const base = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(text)?.[1];
      if (base === undefined) throw new Error(`The Dockerfile has no ${name}`);
      return [name, { base, standIn }];
    }),
  );
}

/** What the build may read and no layer holds: the builder's own npm configuration and authorities. */
function secrets(): Record<string, string> {
  const ca = process.env['NODE_EXTRA_CA_CERTS'];
  const npmrc = process.env['NPM_CONFIG_USERCONFIG'] ?? join(homedir(), '.npmrc');
  return {
    ...(existsSync(npmrc) && { npmrc }),
    ...(ca !== undefined && existsSync(ca) && { ca }),
  };
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

function secretFlags(paths: Readonly<Record<string, string>>): string[] {
  return Object.entries(paths).flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]);
}

/** By the Docker engine, from the official bases. */
const buildByDocker: Builder = async (wanted) => {
  for (const { target, reference, archive } of wanted) {
    const build = ['build', '--target', target, '--tag', reference, ...secretFlags(secrets()), ROOT];
    await run('docker', build, { ...OUTPUT_LIMIT, env: { ...process.env, DOCKER_BUILDKIT: '1' } });
    await run('docker', ['save', '--output', archive, reference]);
  }
};

/** By an unpacked buildah that needs neither engine nor daemon, but root; bases of our own where no registry answers. */
const buildByBuildah: Builder = async (wanted) => {
  const root = await debianRoot('trixie', PACKAGES, ACCOUNTS);
  const storage = join(cacheFolder(), 'buildah');
  await mkdir(storage, { recursive: true });
  const exchange = await mkdtemp(join(cacheFolder(), 'exchange-'));
  async function buildah(args: readonly string[], options: { timeout?: number } = {}): Promise<string> {
    const command = ['bash', ENTER, root, ROOT, storage, exchange, 'buildah', ...args];
    const env = { ...process.env, ...ENVIRONMENT };
    return (await run('unshare', [...NAMESPACES, ...command], { ...OUTPUT_LIMIT, ...options, env })).stdout.trim();
  }
  /** The base's name, when it could be had. */
  async function official(base: string): Promise<string | null> {
    const pulled = buildah(['pull', '--quiet', base], { timeout: PULL_LIMIT_MS });
    return await pulled.then(
      () => base,
      () => null,
    );
  }
  async function local(archive: string): Promise<string> {
    const seen = join(exchange, basename(archive));
    await link(archive, seen).catch(() => copyFile(archive, seen));
    return await buildah(['pull', '--quiet', `docker-archive:/exchange/${basename(archive)}`]);
  }
  try {
    // A build leaves its stages, of which the next one takes what has not changed; nothing else removes them.
    const images = await buildah(['images', '--all', '--quiet']);
    if (images.split('\n').length > KEPT_IMAGES) await buildah(['prune', '--all', '--force']);
    const flags: string[] = limitFlags();
    for (const [name, { base, standIn }] of Object.entries(await bases())) {
      const image = (await official(base)) ?? (await local(await standIn()));
      flags.push('--build-arg', `${name}=${image}`);
    }
    for (const [id, path] of Object.entries(secrets())) {
      await copyFile(path, join(exchange, id));
      flags.push('--secret', `id=${id},src=/exchange/${id}`);
    }
    for (const { target, reference, archive } of wanted) {
      const build = ['build', '--quiet', '--layers', '--network', 'host', '--target', target, '--tag', reference];
      await buildah([...build, ...flags, '/context']);
      await buildah(['push', '--quiet', reference, `docker-archive:/exchange/${target}.tar:${reference}`]);
      await rename(join(exchange, `${target}.tar`), archive);
    }
  } finally {
    await rm(exchange, { recursive: true, force: true });
  }
};

/** What builds images on this machine. Throws where nothing can. */
export async function findBuilder(): Promise<Builder> {
  const docker =
    onPath('docker') !== null &&
    (await run('docker', ['info']).then(
      () => true,
      () => false,
    ));
  if (docker) return buildByDocker;
  if (process.getuid?.() === 0) return buildByBuildah;
  throw new Error('there is no Docker engine, and buildah needs root');
}

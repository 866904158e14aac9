import { accessSync, constants } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { debianRoot, hostSuite } from './debian-root.ts';

/** A program that tests start: where it is, or why it is not here. */
export type Program = { readonly path: string } | { readonly missing: string };

/** Where the first of these programs is that PATH has. */
export function onPath(...names: readonly string[]): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not in this folder
      }
    }
  }
  return null;
}

/** A script in the root that starts `program` with the libraries of the root. */
async function launcher(root: string, program: string): Promise<string> {
  const path = join(root, `launch-${program.replaceAll('/', '-')}`);
  const fonts = join(root, 'fonts.conf');
  await writeFile(
    fonts,
    `<?xml version="1.0"?><fontconfig><dir>${root}/usr/share/fonts</dir><cachedir>${root}/fonts.cache</cachedir></fontconfig>`,
  );
  // The last one is where libpulse looks, which Chromium is linked with, by an absolute path of its own.
  const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((architecture) =>
    ['usr/lib/*', 'lib/*', 'usr/lib/*/pulseaudio'].map((folder) => folder.replace('*', architecture)),
  );
  const libraryPath = libraries.map((folder) => join(root, folder)).join(':');
  const script = `#!/bin/sh\nLD_LIBRARY_PATH='${libraryPath}' FONTCONFIG_FILE='${fonts}' exec '${join(root, program)}' "$@"\n`;
  // Another run may be starting the program by the script of before.
  const written = `${path}.${process.pid}`;
  await writeFile(written, script, { mode: 0o755 });
  await rename(written, path);
  return path;
}

/** Whether tests that lack the program fail instead of being skipped. */
export function isRequired(name: string): boolean {
  return process.env['CI'] === 'true' || (process.env['VOTEAPP_TEST_REQUIRE'] ?? '').split(',').includes(name);
}

/** The path of a program; null, once its absence is said, where it cannot be had. Throws where it has to be. */
export function pathUnlessMissing(name: string, found: Program): string | null {
  if ('path' in found) return found.path;
  if (isRequired(name)) throw new Error(`The tests need ${name}: ${found.missing}`);
  process.stderr.write(`Tests with ${name} are skipped: ${found.missing}.\n`);
  return null;
}

/** The last line a failed program said, for its command line says little; where it said none, the error's own. */
export function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split('\n').at(-1) || message;
}

async function find(
  variable: string,
  names: readonly string[],
  packages: readonly string[],
  program: string,
): Promise<Program> {
  const found = process.env[variable] ?? onPath(...names);
  if (found !== null && found !== '') return { path: found };
  // The host's own suite: what is unpacked runs on the host's C library loader.
  const suite = hostSuite();
  if (suite === null) return { missing: `no ${names.join(' or ')} on PATH, and this is no Debian to unpack it from` };
  try {
    return { path: await launcher(await debianRoot(suite, packages), program) };
  } catch (error) {
    return { missing: `no ${names.join(' or ')} on PATH, and unpacking failed: ${reasonOf(error)}` };
  }
}

/** What the suites start, each under the variable that may name another. */
export const PROGRAMS = {
  VOTEAPP_TEST_CHROMIUM: () =>
    find(
      'VOTEAPP_TEST_CHROMIUM',
      ['chromium', 'chromium-browser', 'google-chrome'],
      ['chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji'],
      'usr/lib/chromium/chromium',
    ),
  VOTEAPP_TEST_STRACE: () => find('VOTEAPP_TEST_STRACE', ['strace'], ['strace'], 'usr/bin/strace'),
  // The language that Argo CD runs health checks in.
  VOTEAPP_TEST_LUA: () => find('VOTEAPP_TEST_LUA', ['lua5.1', 'lua'], ['lua5.1'], 'usr/bin/lua5.1'),
  // What gitlab-ci-local copies files with.
  VOTEAPP_TEST_RSYNC: () => find('VOTEAPP_TEST_RSYNC', ['rsync'], ['rsync'], 'usr/bin/rsync'),
  VOTEAPP_TEST_SHELLCHECK: () => find('VOTEAPP_TEST_SHELLCHECK', ['shellcheck'], ['shellcheck'], 'usr/bin/shellcheck'),
  VOTEAPP_TEST_ZSH: () => find('VOTEAPP_TEST_ZSH', ['zsh'], ['zsh'], 'bin/zsh'),
  VOTEAPP_TEST_FISH: () => find('VOTEAPP_TEST_FISH', ['fish'], ['fish'], 'usr/bin/fish'),
} as const;

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { debianRoot, hostSuite } from '../tools/debian-root.ts';
import { isRequired, onPath, reasonOf } from '../tools/programs.ts';

const run = promisify(execFile);
const ENTER = fileURLToPath(new URL('enter.sh', import.meta.url));
// As root no user namespace is needed, and containers allow the rest more often.
const USER = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const NAMESPACES = [...USER, '--mount', '--pid', '--fork', '--kill-child'];
// The programs themselves, not Debian's wrappers, which change the user.
const UNWRAPPED = '/usr/lib/rabbitmq/bin';
const BASE_FILES = {
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
};

/** Where a server's programs are: an unpacked Debian root, or null: on PATH. */
export type Root = string | null;

type Variables = Readonly<Record<string, string>>;

export interface Wanted {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Elsewhere than on Debian: what must be on PATH, and what its `--version` must match. */
  readonly program: string;
  readonly version?: RegExp;
}

/** This machine cannot have the server; the message says why. */
class SoftwareMissing extends Error {}

/** Finds or unpacks a server's programs. Throws what `unlessMissing` takes for missing. */
export async function findSoftware({ suite, packages, program, version }: Wanted): Promise<Root> {
  try {
    if (hostSuite() !== null) {
      await run('unshare', [...NAMESPACES, 'true']);
      return await debianRoot(suite, [...packages, 'base-files'], BASE_FILES);
    }
    if (onPath(program) === null) throw new Error(`no ${program} on PATH, and this is no Debian to unpack it on`);
    if (version !== undefined) {
      const { stdout } = await run(program, ['--version']);
      if (!version.test(stdout)) throw new Error(`the ${program} on PATH is ${stdout.trim()}`);
    }
    return null;
  } catch (error) {
    throw new SoftwareMissing(reasonOf(error), { cause: error });
  }
}

/**
 * What `starting` resolves with or, where this machine cannot have it, null with the reason on stderr. Throws where
 * VOTEAPP_TEST_REQUIRE names the product.
 */
export async function unlessMissing<T>(product: string, starting: Promise<T>): Promise<T | null> {
  try {
    return await starting;
  } catch (error) {
    if (!(error instanceof SoftwareMissing)) throw error;
    if (isRequired(product)) throw new Error(`The tests need ${product}: ${error.message}`, { cause: error });
    process.stderr.write(`Tests with ${product} are skipped: ${error.message}.\n`);
    return null;
  }
}

/** The folder as a program of the root sees it. */
export function seenFrom(root: Root, folder: string): string {
  return root === null ? folder : '/root';
}

/** The arguments that run a program of the root, which sees `folder`; `by` is a program of the host to run it by. */
export function commandIn(
  root: Root,
  folder: string,
  command: readonly string[],
  by: readonly string[],
): [string, ...string[]] {
  if (root === null) return ['env', ...by, ...command];
  return ['unshare', ...NAMESPACES, 'bash', ENTER, root, folder, ...by, 'chroot', root, ...command];
}

/** Its environment: nothing of the host's but, for programs on PATH, where they are. */
export function environmentIn(root: Root, folder: string, variables: Variables = {}): Record<string, string> {
  const path = root === null ? process.env['PATH'] : '/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH: `${UNWRAPPED}:${path}`, LANG: 'C.UTF-8', HOME: seenFrom(root, folder), ...variables };
}

// A row of a database for every vote of a test under load.
const OUTPUT_LIMIT = 256 << 20;

/** Runs a program of the root to its end, for at most 60 s, and returns what it printed. Throws what it complained of. */
export async function runIn(
  root: Root,
  folder: string,
  command: readonly string[],
  variables?: Variables,
): Promise<string> {
  const [program, ...args] = commandIn(root, folder, command, root === null ? [] : ['timeout', '60']);
  try {
    const options = { env: environmentIn(root, folder, variables), maxBuffer: OUTPUT_LIMIT };
    return (await run(program, args, options)).stdout;
  } catch (error) {
    throw new Error(`${command[0]}: ${reasonOf(error)}`, { cause: error });
  }
}

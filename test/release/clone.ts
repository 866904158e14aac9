import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOT_OF_THE_PROJECT = ['.git', '.voteapp', 'coverage', 'dist', 'node_modules'];
// Nobody's own settings, such as signing.
const GIT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The project as it is now, in a repository of its own without a commit. */
export class Clone {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Clone> {
    const clone = new Clone(await mkdtemp(join(tmpdir(), 'voteapp-clone-')));
    const { folder } = clone;
    await cp(ROOT, folder, {
      recursive: true,
      filter: (path) => !NOT_OF_THE_PROJECT.includes(relative(ROOT, path).split('/').at(-1) ?? ''),
    });
    // The packages of others are shared; those of the project are the clone's own.
    const [from, to] = [join(ROOT, 'node_modules'), join(folder, 'node_modules')];
    await mkdir(join(to, '@voteapp'), { recursive: true });
    for (const name of await readdir(from)) {
      if (name !== '@voteapp') await symlink(join(from, name), join(to, name));
    }
    for (const name of await readdir(join(from, '@voteapp'))) {
      await symlink(await readlink(join(from, '@voteapp', name)), join(to, '@voteapp', name));
    }
    await clone.git('init', '--quiet', '--initial-branch', 'main');
    return clone;
  }

  async git(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('git', args, { cwd: this.folder, env: { ...process.env, ...GIT } });
    return stdout.trim();
  }

  /** A commit of all that is there, or an empty one. */
  async commit(message: string): Promise<void> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
  }

  /** `npm run release -- …`. */
  async release(...args: readonly string[]): Promise<Ended> {
    const command = ['run', '--silent', 'release', '--', ...args];
    const options = { cwd: this.folder, env: { ...process.env, ...GIT, CI_REGISTRY_IMAGE: '' } };
    return await run('npm', command, options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as Ended,
    );
  }

  /** A command of the documentation. */
  async shell(command: string): Promise<void> {
    const env = { ...process.env, ...GIT, CI_REGISTRY_IMAGE: '' };
    await run('bash', ['-euo', 'pipefail', '-c', command], { cwd: this.folder, env });
  }

  async read(path: string): Promise<string> {
    return await readFile(join(this.folder, path), 'utf8');
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.folder, path), text);
  }

  /** Takes back everything since a commit. */
  async back(to: string): Promise<void> {
    await this.git('switch', '--quiet', '--force', 'main');
    await this.git('reset', '--quiet', '--hard', to);
    await this.git('clean', '--quiet', '-d', '--force');
    const later = await this.git('tag', '--no-merged', 'HEAD');
    if (later !== '') await this.git('tag', '--delete', ...later.split('\n'));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

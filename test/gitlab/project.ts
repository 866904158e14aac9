import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { parse } from 'yaml';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GITLAB_CI_LOCAL = fileURLToPath(import.meta.resolve('gitlab-ci-local'));
/** Where the project is at home: what GitLab's variables are made of. */
const REMOTE = 'https://gitlab.example.com/acme/polls.git';

interface Ended {
  readonly code: number;
  /** What it printed on standard output. */
  readonly out: string;
  /** What it printed on both streams. */
  readonly said: string;
}

interface Job {
  readonly name: string;
  readonly stage: string;
  readonly when: string;
}

/** A project of somebody's that has pipelines, which run here, by the shell. */
export class Project {
  readonly folder: string;
  readonly #parent: string;

  private constructor(parent: string) {
    this.#parent = parent;
    this.folder = join(parent, 'polls');
  }

  /** A project with these files, by their paths. */
  static async create(files: Readonly<Record<string, string>>): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'voteapp-gitlab-')));
    await mkdir(project.folder);
    await mkdir(project.bin);
    const rsync = process.env['VOTEAPP_TEST_RSYNC'];
    if (rsync !== undefined) await project.link('rsync', rsync);
    await cp(join(ROOT, 'ci'), join(project.folder, 'ci'), { recursive: true });
    await run('git', ['init', '--quiet', '--initial-branch=main'], { cwd: project.folder });
    await run('git', ['remote', 'add', 'origin', REMOTE], { cwd: project.folder });
    await project.commit(files);
    return project;
  }

  /** Where its jobs find programs, those that they install too. */
  get bin(): string {
    return join(this.#parent, 'bin');
  }

  /** A place of the pipelines' own, outside of the project. */
  path(name: string): string {
    return join(this.#parent, name);
  }

  /** Has the jobs find a program of the machine by this name. */
  async link(name: string, program: string): Promise<void> {
    await symlink(program, join(this.bin, name));
  }

  /** A program that stands in for one which the machine lacks. */
  async play(program: string, script: string): Promise<void> {
    const path = join(this.bin, program);
    await writeFile(path, script);
    await chmod(path, 0o755);
  }

  /** Has the jobs work on a cluster, by the text of a kubeconfig. */
  async useCluster(kubeconfig: string): Promise<void> {
    await writeFile(this.path('kubeconfig'), kubeconfig);
  }

  async commit(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const author = ['-c', 'user.name=somebody', '-c', 'user.email=somebody@example.com'];
    await run('git', ['add', '--all'], { cwd: this.folder });
    await run('git', [...author, 'commit', '--quiet', '--allow-empty', '--message=edit'], { cwd: this.folder });
  }

  async read(path: string): Promise<string> {
    return await readFile(join(this.folder, path), 'utf8');
  }

  /** Runs `gitlab-ci-local` with these arguments. */
  async gitlab(...args: readonly string[]): Promise<Ended> {
    const own = [`--home=${this.path('state')}`, '--force-shell-executor', '--no-color'];
    const PATH = [this.bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
    const env = {
      PATH,
      HOME: this.#parent,
      KUBECONFIG: this.path('kubeconfig'),
      npm_config_prefix: this.#parent,
      npm_config_offline: 'true',
    };
    const options = { cwd: this.folder, env, maxBuffer: 64 << 20 };
    const running = run(process.execPath, [GITLAB_CI_LOCAL, ...own, ...args], options);
    return await running.then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, said: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        out: error.stdout,
        said: error.stdout + error.stderr,
      }),
    );
  }

  /** The jobs of a pipeline that has these variables. Throws what GitLab's schema of the file, or its rules, object to. */
  async jobs(variables: Readonly<Record<string, string>> = {}): Promise<readonly Job[]> {
    const given = Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
    // Somebody who runs a pipeline by hand would be warned of these.
    const known = `--ignore-predefined-vars=${Object.keys(variables).join(',')}`;
    const { code, out, said } = await this.gitlab('--list-json', known, ...given);
    if (code !== 0 || !said.includes('json schema validated')) throw new Error(said);
    return (JSON.parse(out) as Job[]).filter(({ when }) => when !== 'never');
  }

  /** The pipeline's file as GitLab reads it: with what it includes, by the names of the jobs. Throws where it cannot. */
  async definitions<Definition>(): Promise<Readonly<Record<string, Definition>>> {
    const { code, out, said } = await this.gitlab('--preview');
    if (code !== 0) throw new Error(said);
    return parse(out) as Record<string, Definition>;
  }

  async remove(): Promise<void> {
    await rm(this.#parent, { recursive: true, force: true });
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'vitest';

import { patternOf, type Step } from '../tools/document.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What commands of the documentation name. */
const FOLDERS = ['charts', 'crds', 'manifests'];
// A running count is written to a status at most every ten seconds.
const LATEST = { timeout: 60_000, interval: 500 };

interface Surroundings {
  readonly kubeconfig: string;
  /** That its kubectl is in at first. */
  readonly namespace: string;
  /** Programs beside those of PATH. */
  readonly programs: readonly string[];
}

/** A shell as the reader of a page has it: in a copy of the project, with a cluster. */
export class Shell {
  readonly #folder: string;
  readonly #forwards: ChildProcess[] = [];
  /** By the port that a page names, the one that was free. */
  readonly #ports = new Map<string, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open({ kubeconfig, namespace, programs }: Surroundings): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-shell-'));
    const shell = new Shell(folder);
    await mkdir(join(folder, 'bin'));
    for (const program of programs) await symlink(program, join(folder, 'bin', basename(program)));
    for (const name of FOLDERS) await symlink(join(ROOT, name), join(folder, name));
    await copyFile(kubeconfig, join(folder, 'kubeconfig'));
    await shell.run(`kubectl config set-context --current --namespace=${namespace}`);
    return shell;
  }

  get #options() {
    const { PATH } = process.env;
    const [cwd, HOME] = [this.#folder, this.#folder];
    return { cwd, env: { PATH: `${join(cwd, 'bin')}:${PATH}`, HOME, KUBECONFIG: join(cwd, 'kubeconfig') } };
  }

  /** Resolves with what a command prints. Throws, with what it complains of, when it fails. */
  async run(command: string): Promise<string> {
    const here = command.replaceAll(/localhost:(\d+)/g, (all, port: string) =>
      this.#ports.has(port) ? `localhost:${this.#ports.get(port)}` : all,
    );
    const { stdout } = await promisify(execFile)('bash', ['-c', here], this.#options);
    return stdout.trim();
  }

  /** Starts a `kubectl port-forward`; of the ports that a page names, others may be in use. */
  async #forward(command: string): Promise<void> {
    const [, line = '', port = '', target = ''] = /^(kubectl port-forward .* )(\d+):(\d+) &$/.exec(command) ?? [];
    const child = spawn('bash', ['-c', `exec ${line}:${target}`], {
      ...this.#options,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#forwards.push(child);
    for await (const said of createInterface({ input: child.stdout })) {
      const [, free] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (free === undefined) continue;
      this.#ports.set(port, free);
      return;
    }
    throw new Error(`${command} has ended`);
  }

  /** Does what a page says, and expects what it shows; what only looks may show it after a while. */
  async walk({ command, answer }: Step): Promise<void> {
    if (command.endsWith(' &')) {
      await this.#forward(command);
    } else if (answer === null) {
      await this.run(command);
    } else if (/^(kubectl get|curl (?!.* -d )) ?/.test(command)) {
      await expect.poll(() => this.run(command), { ...LATEST, message: command }).toMatch(patternOf(answer));
    } else {
      expect(await this.run(command), command).toMatch(patternOf(answer));
    }
  }

  /** Ends what it has started. */
  async close(): Promise<void> {
    for (const child of this.#forwards) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    }
    await rm(this.#folder, { recursive: true });
  }
}

import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'vitest';

import { patternOf, type Step } from '../tools/document.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What commands of the documentation name. */
const FOLDERS = ['charts', 'crds', 'manifests', 'node_modules'];
// A running count is written to a status at most every ten seconds.
const LATEST = { timeout: 60_000, interval: 500 };
/** What is watched may be a poll whose servers make their files first, on cores that other suites use too. */
const COMES_UP_MS = 300_000;

/** Commands that change nothing: what they show may be so only after a while. */
const LOOKS = /^(kubectl get|curl (?!.* -d )|voteapp (check|logs|status|tally)) ?/;
/** Of what is drawn anew, a terminal shows the last alone: standard output. Of all else, what is told as well. */
const IS_LIVE = /^voteapp (status|tally) .*(-w|--watch|--for)\b/;
/** As a terminal shows Ctrl-C. */
const INTERRUPT = /\n?\^C$/;

interface Surroundings {
  readonly kubeconfig: string;
  /** That its kubectl is in at first. */
  readonly namespace: string;
  /** Programs beside those of PATH. */
  readonly programs: readonly string[];
}

/** The exit code; null where a signal has ended it. */
async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

/** A shell as the reader of a page has it: in a copy of the project, with a cluster. */
export class Shell {
  /** Where it is, and its home. */
  readonly folder: string;
  readonly #started: ChildProcess[] = [];
  /** By the port that a page names, the one that was free. */
  readonly #ports = new Map<string, string>();
  /** What the page has exported. */
  #exports = '';
  #lastCode = 0;

  private constructor(folder: string) {
    this.folder = folder;
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
    const [cwd, HOME] = [this.folder, this.folder];
    return { cwd, env: { PATH: `${join(cwd, 'bin')}:${PATH}`, HOME, KUBECONFIG: join(cwd, 'kubeconfig') } };
  }

  /** A command as it is run: after what was exported, and at ports that are free. */
  #script(command: string): string {
    const here = command.replaceAll(/localhost:(\d+)/g, (all, port: string) =>
      this.#ports.has(port) ? `localhost:${this.#ports.get(port)}` : all,
    );
    return `${this.#exports}${here}`;
  }

  /** Resolves with what a command prints. Throws, with what it complains of, when it fails. */
  async run(command: string): Promise<string> {
    const { stdout } = await promisify(execFile)('bash', ['-c', this.#script(command)], this.#options);
    return stdout.trim();
  }

  #spawn(script: string): ChildProcessByStdio<null, Readable, Readable> {
    const child = spawn('bash', ['-c', script], { ...this.#options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#started.push(child);
    return child;
  }

  /** Resolves with what a terminal shows of a command. Throws when it fails, unless it may. */
  async #see(command: string, mayFail = false): Promise<string> {
    const isTold = command.startsWith('voteapp ') && !IS_LIVE.test(command);
    const script = this.#script(`(exit ${this.#lastCode}); ${command}`);
    const child = this.#spawn(isTold ? `exec 2>&1; ${script}` : script);
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
    if (code !== 0 && !mayFail) throw new Error(`${command} ended with ${code}: ${stdout}${stderr}`);
    this.#lastCode = code ?? -1;
    // Lines of CSV end as RFC 4180 has them.
    return stdout.replaceAll('\r', '').trim();
  }

  /** As `#see`, of what goes on until Ctrl-C, which comes when it has shown enough. */
  async #seeUntilInterrupted(command: string, isEnough: (stdout: string, stderr: string) => boolean): Promise<string> {
    const child = this.#spawn(this.#script(command.replace(/^voteapp /, 'exec voteapp ')));
    const said = { stdout: '', stderr: '' };
    let isInterrupted = false;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        said[name] += chunk.toString();
        // A second one would end it at once.
        if (!isInterrupted && isEnough(said.stdout.trim(), said.stderr)) isInterrupted = child.kill('SIGINT');
      });
    }
    const code = await ended(child);
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${said.stdout}${said.stderr}`);
    return said.stdout.trim();
  }

  /** Starts what goes on in the background; resolves with what `ready` finds in one of its lines. */
  async #start(command: string, ready: (line: string) => string | undefined): Promise<string> {
    const child = this.#spawn(this.#script(`exec ${command}`));
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    for await (const line of createInterface({ input: child.stdout })) {
      const found = ready(line);
      if (found === undefined) continue;
      child.stdout.resume();
      return found;
    }
    throw new Error(`${command} has ended: ${told}`);
  }

  /** Starts what a page has in the background; of the ports that it names, others may be in use. */
  async #background(command: string): Promise<void> {
    if (command.startsWith('voteapp up')) {
      const ports = '--vote-port 0 --worker-port 0 --front-port 0';
      await this.#start(`${command} ${ports}`, (line) => /Ctrl-C/.exec(line)?.[0]);
      return;
    }
    const [, line = '', port = '', target = ''] = /^(kubectl port-forward .* )(\d+):(\d+)$/.exec(command) ?? [];
    const free = await this.#start(
      `${line}:${target}`,
      (said) => /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(said)?.[1],
    );
    this.#ports.set(port, free);
  }

  /** Does what a page says, and expects what it shows; what only looks may show it after a while. */
  async walk({ command, answer }: Step, { mayFail = false }: { readonly mayFail?: boolean } = {}): Promise<void> {
    if (command.startsWith('export ')) {
      this.#exports += `${command}\n`;
      return;
    }
    if (command.endsWith(' &')) return await this.#background(command.slice(0, -2));
    if (answer === null) return void (await this.#see(command, mayFail));
    const shown = patternOf(answer.replace(INTERRUPT, ''));
    const isLive = IS_LIVE.test(command);
    const look = INTERRUPT.test(answer)
      ? () => this.#seeUntilInterrupted(command, (out, told) => (isLive ? told !== '' : shown.test(out)))
      : () => this.#see(command, mayFail);
    const waiting = { ...LATEST, ...(isLive && { timeout: COMES_UP_MS }), message: command };
    if (LOOKS.test(command)) await expect.poll(look, waiting).toMatch(shown);
    else expect(await look(), command).toMatch(shown);
  }

  /** Does all that a page says, in its order. A command may fail where the next one shows with which code it does. */
  async walkAll(steps: readonly Step[]): Promise<void> {
    for (const [at, step] of steps.entries()) {
      await this.walk(step, { mayFail: steps[at + 1]?.command === 'echo $?' });
    }
  }

  /** Ends what it has started. */
  async close(): Promise<void> {
    for (const child of this.#started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = ended(child);
      child.kill();
      await gone;
    }
    await rm(this.folder, { recursive: true });
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../../cli/src/main.ts');
const START_LIMIT_MS = 60_000;

interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface VoteappProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
}

interface Starting {
  /** A program that starts it in turn. */
  readonly wrapper?: readonly string[];
  /** Another file of it than the sources'. */
  readonly main?: string;
  readonly cwd?: string;
}

/** Starts `voteapp` with these arguments. */
export function voteapp(args: readonly string[], { wrapper = [], main = MAIN, cwd }: Starting = {}): VoteappProcess {
  const [program = process.execPath, ...rest] = [...wrapper, process.execPath, main, ...args];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = once(child, 'close').then(
    ([code, signal]: unknown[]) => ({ code, signal }) as { code: number | null; signal: NodeJS.Signals | null },
  );
  return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

export interface RunningPoll extends VoteappProcess {
  readonly urls: { readonly vote: string; readonly worker: string; readonly results: string };
  /** Ends it as Ctrl-C does and resolves once it is gone. */
  stop(): Promise<Finished>;
  /** kill -9 */
  kill(): Promise<Finished>;
}

/** `voteapp up` on free ports, with its data under `data`; resolves when it serves. */
export async function startPoll(
  data: string,
  options: Starting & { name?: string; args?: readonly string[] } = {},
): Promise<RunningPoll> {
  const { name = 'coca-pepsi', args = [], ...starting } = options;
  const ports = ['--vote-port', '0', '--worker-port', '0', '--front-port', '0'];
  const running = voteapp(['up', '--data', data, ...ports, ...args], starting);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // It would hold the folder against the next attempt.
    running.child.kill('SIGKILL');
    late.reject(new Error(`voteapp did not start: ${running.stderr()}`));
  }, START_LIMIT_MS);
  await Promise.race([
    new Promise<void>((resolve) => {
      running.child.stdout?.on('data', () => running.stdout().includes('Ctrl-C') && resolve());
    }),
    running.finished.then(({ code }) => {
      throw new Error(`voteapp ended with ${code}: ${running.stderr()}`);
    }),
    late.promise,
  ]).finally(() => clearTimeout(timer));
  const run = JSON.parse(await readFile(join(data, name, 'run.json'), 'utf8')) as Pick<RunningPoll, 'urls'> & {
    pid: number;
  };
  const end = async (signal: NodeJS.Signals): Promise<Finished> => {
    // The process itself, for under a wrapper the child is another one.
    process.kill(run.pid, signal);
    return await running.finished;
  };
  return { ...running, urls: run.urls, stop: () => end('SIGINT'), kill: () => end('SIGKILL') };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
/** What would let the machine's own settings in. */
const FOREIGN = ['KUBECONFIG', 'NO_COLOR', 'FORCE_COLOR', 'KUBERNETES_SERVICE_HOST'];

/** How `voteapp` ended, and what it said. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Calling {
  /** Beside this process's environment, without what names clusters and colours. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads; without it, nothing. */
  readonly input?: string;
  readonly cwd?: string;
}

export interface StartedVoteapp {
  readonly child: ChildProcess;
  readonly answer: Promise<Answer>;
}

/** Starts `voteapp` with these arguments. */
export function startVoteapp(args: readonly string[], { env = {}, input = '', cwd }: Calling = {}): StartedVoteapp {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.includes(name));
  const child = spawn(process.execPath, [MAIN, ...args], {
    // Nobody's ~/.kube/config.
    env: { ...Object.fromEntries(kept), HOME: '/nonexistent', ...env },
    stdio: 'pipe',
    cwd,
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  // It may end without having read.
  child.stdin.on('error', () => {}).end(input);
  const answer = new Promise<Answer>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, ...said }));
  });
  return { child, answer };
}

/** Runs `voteapp` with these arguments to its end. */
export async function voteapp(args: readonly string[], calling?: Calling): Promise<Answer> {
  return await startVoteapp(args, calling).answer;
}

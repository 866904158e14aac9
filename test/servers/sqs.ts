import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from './server-process.ts';

const PROGRAM = fileURLToPath(new URL('./sqs-process.ts', import.meta.url));
const START_LIMIT_MS = 60_000;
/** It takes any key. */
const KEY = 'voteapp';

/** Where a server is that speaks as SQS does, as plain data. */
export interface SqsServerAddress {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Such a server, fauxqs. It never outlives this process, whatever ends it. */
export interface SqsServer extends SqsServerAddress {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP */
  pause(): void;
  /** SIGCONT */
  resume(): void;
  /** Starts it on the same port, and data on disk, killed first where it still runs; resolves when it serves. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * Resolves when it serves. `onDisk`: its messages survive a kill, but then fauxqs 2.4.1 cannot take a message back before
 * its visibility ends.
 */
export async function startSqs({ onDisk = false }: { readonly onDisk?: boolean } = {}): Promise<SqsServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-sqs-'));
  const args = [String(port), ...(onDisk ? [folder] : [])];
  let child = await start(args);

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return {
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: KEY, secretAccessKey: KEY },
    kill,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart() {
      await kill();
      child = await start(args);
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

/** Resolves when it serves. */
async function start(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`fauxqs ended with ${String(code)}`)));
  await Promise.race([once(child.stdout, 'data', { signal: AbortSignal.timeout(START_LIMIT_MS) }), ended]);
  return child;
}

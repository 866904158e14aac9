import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { commandIn, environmentIn, type Root, seenFrom } from './software.ts';

const SUPERVISE = fileURLToPath(new URL('supervise.sh', import.meta.url));
const START_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 1000;
const HOST = '127.0.0.1';

/** The user that every server has; it may do everything. */
export const LOGIN = { user: 'voteapp', password: 'voteapp' } as const;

/** How to reach a server, as plain data. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly version: string;
  readonly root: Root;
  /** Its data, and what it printed in the file `log`. */
  readonly folder: string;
}

/** A server that tests may maltreat. It never outlives this process, whatever ends it. */
export interface ServerProcess extends ServerAddress {
  /** SIGKILL; resolves when all its processes are gone. */
  kill(): Promise<void>;
  /** SIGSTOP */
  pause(): Promise<void>;
  /** SIGCONT */
  resume(): Promise<void>;
  /** Starts it on the same data and ports, killed first where it still runs; resolves when it serves. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** What a server says to whoever connects, first or in answer to `hello`, has its version. */
export interface Greeting {
  readonly hello?: string;
  readonly version: RegExp;
}

interface Launch {
  readonly name: string;
  readonly root: Root;
  /** Fills the server's new folder, which it sees as `seen`, and says what to run in it. */
  readonly prepare: (folder: string, seen: string) => Promise<readonly string[]>;
  readonly variables?: (seen: string) => Readonly<Record<string, string>>;
  /** It serves when it greets on this port. */
  readonly port: number;
  readonly greeting: Greeting;
}

/**
 * A loopback port that nothing listens on. It lies below those that systems give to outgoing connections: a client that
 * reconnects while its server is down could be given the very port, and then talk to itself.
 */
export async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const server = createServer().listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch {
    return await freePort();
  }
  server.close();
  await once(server, 'close');
  return port;
}

/** The version that a loopback server tells whoever connects. Throws while it tells none, after a second at most. */
export async function askVersion(port: number, { hello, version }: Greeting): Promise<string> {
  const socket = connect(port, HOST);
  try {
    if (hello !== undefined) socket.write(hello, 'latin1');
    const [words] = (await once(socket, 'data', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })) as [Buffer];
    const told = version.exec(words.toString('latin1'))?.[1];
    if (told === undefined) throw new Error(`Port ${port} said ${words.toString('latin1')}`);
    return told;
  } finally {
    socket.destroy();
  }
}

/** Starts a server and resolves when it serves. Throws, with the end of its log, when it does not. */
export async function startServer(launch: Launch): Promise<ServerProcess> {
  const { name, root, port } = launch;
  const folder = await mkdtemp(join(tmpdir(), `voteapp-${name}-`));
  const seen = seenFrom(root, folder);
  const log = join(folder, 'log');
  const command = await launch.prepare(folder, seen).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  // The outer shell outlives the namespaces, and so can remove what nothing writes to any more. A session of its own
  // keeps Ctrl-C from it.
  const supervised = commandIn(root, folder, command, ['bash', SUPERVISE, log]);
  const child = spawn('bash', ['-c', '"$@"; rm -rf -- "$0"', folder, ...supervised], {
    detached: true,
    env: environmentIn(root, folder, launch.variables?.(seen)),
    stdio: 'pipe',
  });
  const closed = once(child, 'close');
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  // A word to a supervisor that has gone: then there is no answer either.
  child.stdin.on('error', () => {});

  /** Says a word to the supervisor and resolves with whether the server runs then. */
  async function tell(word: 'start' | 'KILL' | 'STOP' | 'CONT' | '0'): Promise<boolean> {
    child.stdin.write(`${word}\n`);
    return (await answers.next()).value === 'up';
  }
  async function stop(): Promise<void> {
    child.stdin.end();
    await closed;
  }
  async function start(): Promise<string> {
    const limit = performance.now() + START_LIMIT_MS;
    for (let up = await tell('start'); up && performance.now() < limit; up = await tell('0')) {
      try {
        return await askVersion(port, launch.greeting);
      } catch {
        await wait(20);
      }
    }
    const said = complaints + (await readFile(log, 'utf8').catch(() => ''));
    await stop();
    throw new Error(`${name} did not start:\n${said.trim().split('\n').slice(-15).join('\n')}`);
  }
  return {
    ...LOGIN,
    host: HOST,
    port,
    root,
    folder,
    version: await start(),
    stop,
    kill: async () => void (await tell('KILL')),
    pause: async () => void (await tell('STOP')),
    resume: async () => void (await tell('CONT')),
    async restart() {
      await tell('KILL');
      await start();
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { ServiceName } from '@voteapp/contracts/cluster-objects';

import { serverEnvironment } from '../servers/environment.ts';
import type { MySqlAddress } from '../servers/mysql.ts';
import type { RabbitMqAddress } from '../servers/rabbitmq.ts';
import type { SqsServerAddress } from '../servers/sqs.ts';

const APPS = join(dirname(fileURLToPath(import.meta.url)), '../../apps');
const START_LIMIT_MS = 30_000;

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it logged, JSON lines. */
  readonly log: () => string;
  readonly exited: Promise<number | null>;
}

export type DeploymentOptions = {
  readonly mysql: MySqlAddress;
  readonly database: string;
  /** `spec.poll` */
  readonly poll: object;
} & ({ readonly rabbitmq: RabbitMqAddress } | { readonly sqs: SqsServerAddress });

/** They would live on without whoever started them. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The three services as processes of their own, on real servers. */
export class Deployment {
  readonly name = `t${randomBytes(4).toString('hex')}`;
  readonly roundKey = randomBytes(32);
  readonly #options: DeploymentOptions;
  readonly #folder: string;
  readonly #sessionKey = randomBytes(32);
  readonly #started: ServiceProcess[] = [];
  #revision = 0;

  private constructor(options: DeploymentOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  static async create(options: DeploymentOptions): Promise<Deployment> {
    const deployment = new Deployment(options, await mkdtemp(join(tmpdir(), 'voteapp-deployment-')));
    await deployment.edit(options.poll);
    return deployment;
  }

  /** Replaces the poll file, as an edit of the resource does. */
  async edit(poll: object): Promise<void> {
    this.#revision += 1;
    const draft = join(this.#folder, 'poll.json.new');
    await writeFile(draft, JSON.stringify({ name: this.name, revision: this.#revision, poll }));
    await rename(draft, this.#pollFile);
  }

  get #pollFile(): string {
    return join(this.#folder, 'poll.json');
  }

  /** Starts one more process of a service; resolves when it listens. */
  async start(service: ServiceName, environment: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const { mysql, database } = this.#options;
    const queue = 'sqs' in this.#options ? this.#options.sqs : this.#options.rabbitmq;
    const started = await startService(service, {
      APP_NAME: this.name,
      HOST: '127.0.0.1',
      PORT: '0',
      POLL_FILE: this.#pollFile,
      SESSION_KEY: this.#sessionKey.toString('base64'),
      ROUND_KEY: this.roundKey.toString('base64'),
      ...serverEnvironment(queue, mysql, database),
      ...environment,
    });
    this.#started.push(started);
    return started;
  }

  /** Ends every process that still runs, stopped ones included, and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all(this.#started.map(kill));
    await rm(this.#folder, { recursive: true });
  }
}

/** Starts a process of a service, which is told nothing but this; resolves when it listens. */
export async function startService(
  service: ServiceName,
  environment: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [join(APPS, service, 'src/main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...environment },
  });
  running.add(child);
  const lines: string[] = [];
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const listening = new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      const { msg, port } = JSON.parse(line) as { msg?: string; port?: number };
      if (msg === 'Listening' && port !== undefined) resolve(port);
    });
  });
  const port = await Promise.race([
    listening,
    exited.then((code) => Promise.reject(new Error(`${service} ended with ${code}:\n${lines.join('\n')}`))),
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`${service} does not listen:\n${lines.join('\n')}`)), START_LIMIT_MS).unref();
    }),
  ]);
  return { url: `http://127.0.0.1:${port}`, child, log: () => lines.join('\n'), exited };
}

/** SIGKILL, where it still runs; resolves when it has ended. */
export async function kill({ child, exited }: ServiceProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await exited;
}

/** Resolves when the service says that it is ready. */
export async function untilReady({ url, log }: ServiceProcess): Promise<void> {
  const limit = performance.now() + START_LIMIT_MS;
  while (!(await fetch(`${url}/readyz`)).ok) {
    if (performance.now() > limit) throw new Error(`${url} does not get ready:\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

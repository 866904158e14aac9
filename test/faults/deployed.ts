import type { AppIdentity } from '@voteapp/contracts/names';
import type { VoteQueue } from '@voteapp/queue/port';

import { type MySqlServer, runSql } from '../servers/mysql.ts';
import type { RabbitMqServer } from '../servers/rabbitmq.ts';
import type { SqsServer } from '../servers/sqs.ts';
import { Deployment, type ServiceProcess } from '../tools/deployment.ts';
import { smallHeap } from '../tools/small-heap.ts';
import { Proxy } from './proxy.ts';
import { onRabbitMq, onSqs, type QueueServer } from './queue-server.ts';
import { type Rewrite, rewriteEnvironment } from './rewrites.ts';
import { queryMySql } from './stored.ts';
import { type Changed, CRASHES, type System, until } from './system.ts';

/** The servers that the cases of a run share and maltreat. */
export interface Servers {
  readonly rabbitmq: RabbitMqServer;
  readonly sqs: SqsServer;
  readonly mysql: MySqlServer;
}

type Service = 'vote' | 'worker' | 'front';

export interface DeployedOptions extends Changed {
  /** What carries the votes; default: RabbitMQ. */
  readonly queue?: 'RabbitMQ' | 'SQS';
  readonly votes?: number;
  readonly workers?: number;
  /** `spec.poll` beside the options. */
  readonly poll?: object;
  /** Of each process, MiB; default: what Node.js makes of the machine. */
  readonly heapMiB?: number;
  /** Services that reach the queue through a network that can fail. */
  readonly through?: readonly ('vote' | 'worker')[];
}

/** One process of a service, started anew whenever it ends, as by Kubernetes. */
export class Replica {
  process: ServiceProcess | null = null;
  ready = false;
  crashes = 0;
  /** The end that is on its way is no crash. */
  expected = false;
  /** It is not started again. */
  retired = false;
  /** The process that was told to end, and may not have ended yet. */
  #ending: ServiceProcess | null = null;

  get pid(): number | undefined {
    return this.process?.child.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.expected = signal === 'SIGKILL' || signal === 'SIGTERM';
    if (this.expected) this.#ending = this.process;
    this.process?.child.kill(signal);
  }

  /** Ready, and not by the process that was told to end. */
  get isBack(): boolean {
    return this.ready && this.process !== this.#ending;
  }
}

/** The three services as processes, on RabbitMQ or SQS, and MySQL. */
export class DeployedSystem implements System {
  readonly servers: Servers;
  readonly replicas: Record<Service, Replica[]> = { vote: [], worker: [], front: [] };
  readonly proxies = new Map<Service, Proxy>();
  readonly #deployment: Deployment;
  readonly #queue: QueueServer;
  readonly #database: string;
  readonly #options: DeployedOptions;
  readonly #poll: object;
  readonly #supervised = new Set<Promise<void>>();
  #stopping = false;

  private constructor(
    servers: Servers,
    queue: QueueServer,
    deployment: Deployment,
    database: string,
    options: DeployedOptions,
  ) {
    this.servers = servers;
    this.#queue = queue;
    this.#deployment = deployment;
    this.#database = database;
    this.#options = options;
    this.#poll = pollOf(options);
  }

  /** Resolves when every replica is ready. */
  static async start(servers: Servers, options: DeployedOptions = {}): Promise<DeployedSystem> {
    const database = await servers.mysql.createDatabase();
    const queue = options.queue === 'SQS' ? onSqs(servers.sqs) : onRabbitMq(servers.rabbitmq);
    const { mysql } = servers;
    const deployment = await Deployment.create({ ...queue.address, mysql, database, poll: pollOf(options) });
    const system = new DeployedSystem(servers, queue, deployment, database, options);
    try {
      for (const service of options.through ?? []) system.proxies.set(service, await Proxy.start(queue.port));
      const workers = Array.from({ length: options.workers ?? 1 }, () => system.add('worker'));
      await Promise.all([...workers, system.add('front')]);
      await Promise.all(Array.from({ length: options.votes ?? 2 }, () => system.add('vote')));
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  get round(): string {
    return this.#deployment.name;
  }

  get roundKey(): Buffer {
    return this.#deployment.roundKey;
  }

  get query() {
    return queryMySql(this.servers.mysql, this.#database);
  }

  get database(): string {
    return this.#database;
  }

  readonly targets = (): readonly string[] =>
    this.replicas.vote.flatMap(({ process, ready }) => (ready && process !== null ? [process.url] : []));

  readonly crashes = (): number => this.#all.reduce((sum, { crashes }) => sum + crashes, 0);

  readonly pids = (): readonly number[] => this.#all.flatMap(({ pid }) => pid ?? []);

  get #all(): Replica[] {
    return Object.values(this.replicas).flat();
  }

  get frontUrl(): string {
    return this.replicas.front[0]?.process?.url ?? '';
  }

  /** Takes a replica out of the way of new votes, and ends it in order; another takes its place. */
  drain(replica: Replica): void {
    replica.ready = false;
    replica.signal('SIGTERM');
  }

  /** The exit code of a process that is started beside the others and is to refuse; null: it has not, for 20 s. */
  async refusal(service: Service): Promise<number | null> {
    const { child, exited } = await this.#deployment.start(service, { FRONT_URL: this.frontUrl });
    const served = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const code = await exited;
    clearTimeout(served);
    return code;
  }

  /** Adds a replica; resolves when it is ready. `rewrites` are its own, beside those of the system. */
  async add(service: Service, rewrites: readonly Rewrite[] = []): Promise<Replica> {
    const replica = new Replica();
    this.replicas[service].push(replica);
    const supervised = this.#supervise(service, replica, rewrites);
    this.#supervised.add(supervised);
    await Promise.race([supervised, until(`a ${service} replica is ready`, () => replica.ready)]);
    return replica;
  }

  /** kill -9; another process takes its place. */
  kill(service: Service): void {
    for (const replica of this.replicas[service]) replica.signal('SIGKILL');
  }

  /** kill -9, and no other process until {@link restore}. */
  remove(service: Service): void {
    for (const replica of this.replicas[service]) {
      replica.retired = true;
      replica.signal('SIGKILL');
    }
  }

  async restore(service: Service): Promise<void> {
    const removed = this.replicas[service].splice(0).length;
    await Promise.all(Array.from({ length: removed }, () => this.add(service)));
  }

  async edit(poll: object): Promise<void> {
    await this.#deployment.edit({ ...this.#poll, ...poll });
  }

  get #app(): AppIdentity {
    return { namespace: 'default', name: this.round };
  }

  /** As {@link QueueServer.depths}. */
  async depths(): Promise<ReadonlyMap<string, number>> {
    return await this.#queue.depths(this.#app);
  }

  /** The queue of the app, as one more service has it. */
  async openQueue(): Promise<VoteQueue> {
    return await this.#queue.open(this.#app);
  }

  async isDrained(): Promise<boolean> {
    const depths = [...(await this.depths().catch(() => new Map([['', 1]]))).values()];
    if (depths.length === 0 || depths.some((messages) => messages > 0)) return false;
    const open = await runSql(this.servers.mysql, 'SELECT COUNT(*) FROM information_schema.innodb_trx').catch(
      () => '1',
    );
    return Number(open) === 0;
  }

  /** What every process of the service has logged. */
  logs(service: Service): string {
    return this.replicas[service].map(({ process }) => process?.log() ?? '').join('\n');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const replica of this.#all) replica.retired = true;
    // A process that is starting cannot be waited for: it is ended with the others.
    await this.#deployment.stop();
    await Promise.allSettled(this.#supervised);
    for (const proxy of this.proxies.values()) await proxy.stop();
  }

  async #supervise(service: Service, replica: Replica, rewrites: readonly Rewrite[]): Promise<void> {
    const proxy = this.proxies.get(service);
    const { rewrites: all = [], crashPoints = [], heapMiB } = this.#options;
    const environment = () => {
      const rewritten = rewriteEnvironment([...all, ...rewrites, ...(this.crashes() < CRASHES ? crashPoints : [])]);
      const heap = heapMiB === undefined ? '' : smallHeap(heapMiB);
      return {
        ...(service === 'vote' && { FRONT_URL: this.frontUrl }),
        ...(proxy !== undefined && this.#queue.by(proxy.port)),
        ...rewritten,
        NODE_OPTIONS: `${heap} ${rewritten['NODE_OPTIONS'] ?? ''}`,
      };
    };
    let failures = 0;
    while (!replica.retired) {
      try {
        replica.process = await this.#deployment.start(service, environment());
      } catch (error) {
        failures += 1;
        if (this.#stopping) return;
        if (failures > 20) throw error;
        continue;
      }
      const { process } = replica;
      if (this.#stopping) process.child.kill('SIGKILL');
      void until(`${service} is ready`, () => isReady(process)).then(
        () => (replica.ready = replica.process === process),
        () => {},
      );
      await process.exited;
      replica.ready = false;
      replica.process = null;
      if (!replica.expected && !this.#stopping) replica.crashes += 1;
      replica.expected = false;
    }
  }
}

function pollOf({ poll = {} }: DeployedOptions): object {
  return { options: [{ id: 'coca' }, { id: 'pepsi' }, { id: 'guarana' }], ...poll };
}

async function isReady({ url, child }: ServiceProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error('It has ended.');
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
  return response?.ok === true;
}

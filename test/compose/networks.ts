import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
// A program of this machine that ends when this process does, whatever ends it.
const OURS = ['setpriv', '--pdeathsig', 'KILL'] as const;
const HOLD = 'ip link set lo up && echo there && exec cat >/dev/null';

/** A network namespace that lasts until it is told to go, or this process ends. */
class Namespace {
  readonly path: string;
  readonly pid: number;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder;
    this.pid = pid;
    this.path = `/proc/${pid}/ns/net`;
  }

  static async create(): Promise<Namespace> {
    const [program, ...words] = [...OURS, 'unshare', '--net', 'sh', '-c', HOLD] as const;
    const holder = spawn(program, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit').then(() => Promise.reject(new Error('there is no network namespace here')));
    await Promise.race([once(holder.stdout, 'data'), ended]);
    ended.catch(() => {});
    const made = new Namespace(holder, holder.pid!);
    // Else what follows would be done to the machine's own network.
    if ((await readlink(made.path)) === (await readlink('/proc/self/ns/net')))
      throw new Error('the namespace is not new');
    return made;
  }

  async ip(...words: readonly string[]): Promise<void> {
    await run('nsenter', [`--net=${this.path}`, 'ip', ...words]);
  }

  async end(): Promise<void> {
    const ended = this.#holder.exitCode === null ? once(this.#holder, 'exit') : null;
    this.#holder.stdin?.end();
    await ended;
  }
}

/** A container's place in the networks. */
export interface Place {
  /** The file of its network namespace. */
  readonly path: string;
  /** Its address in each network. */
  readonly addresses: Readonly<Record<string, string>>;
  leave(): Promise<void>;
}

/** Networks of their own, of which the machine's know nothing: a bridge each, with containers on it. Needs root. */
export class Networks {
  readonly #host: Namespace;
  readonly #names: readonly string[];
  #joined = 0;

  private constructor(host: Namespace, names: readonly string[]) {
    this.#host = host;
    this.#names = names;
  }

  static async create(names: readonly string[]): Promise<Networks> {
    const host = await Namespace.create();
    for (const [at, name] of names.entries()) {
      await host.ip('link', 'add', `br-${name}`, 'type', 'bridge');
      await host.ip('address', 'add', `172.31.${at}.1/24`, 'dev', `br-${name}`);
      await host.ip('link', 'set', `br-${name}`, 'up');
    }
    return new Networks(host, names);
  }

  /** A place in some of the networks, with an address that no other has had. */
  async join(networks: readonly string[]): Promise<Place> {
    const namespace = await Namespace.create();
    this.#joined += 1;
    const number = this.#joined;
    const addresses: Record<string, string> = {};
    for (const [at, name] of this.#names.entries()) {
      if (!networks.includes(name)) continue;
      const [outside, inside] = [`v${number}-${at}`, `eth${at}`];
      const peer = ['peer', 'name', inside, 'netns', String(namespace.pid)];
      await this.#host.ip('link', 'add', outside, 'type', 'veth', ...peer);
      await this.#host.ip('link', 'set', outside, 'master', `br-${name}`, 'up');
      addresses[name] = `172.31.${at}.${number + 1}`;
      await namespace.ip('address', 'add', `${addresses[name]}/24`, 'dev', inside);
      await namespace.ip('link', 'set', inside, 'up');
    }
    return { path: namespace.path, addresses, leave: () => namespace.end() };
  }

  /** Runs Node.js code as a program of the machine that the networks are of; resolves with what it printed. */
  async node(code: string, ...args: readonly string[]): Promise<string> {
    const words = [`--net=${this.#host.path}`, process.execPath, '--input-type=module', '--eval', code, ...args];
    return (await run('nsenter', words)).stdout;
  }

  async end(): Promise<void> {
    await this.#host.end();
  }
}

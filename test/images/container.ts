import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CONTAINER = fileURLToPath(new URL('container.sh', import.meta.url));
// A program of the host that ends when this process does, whatever ends it.
const OURS = ['setpriv', '--pdeathsig', 'KILL'];
const NAMESPACES = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
// By its path: it is looked for before the root is entered, with the container's PATH.
const CHROOT = '/usr/sbin/chroot';
const OUTSIDE = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'];

interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[] | null;
  readonly Env: readonly string[];
  readonly User: string;
}

interface ContainerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the image's own. */
  readonly entrypoint?: readonly string[];
  /** In place of the image's command. */
  readonly args?: readonly string[];
  /** Files that it sees by their path, with their text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files and folders of this machine by the path that it sees them by. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  /** A network namespace, by its file, in place of one that has nothing but loopback. */
  readonly network?: string;
  /** Whether its first process passes signals on to the program, which then need not know what to do with them. */
  readonly init?: boolean;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Container {
  /** What it printed so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
  /** Runs a program beside it, as its user, and resolves with what it printed. Throws when it fails, or it has ended. */
  exec(command: readonly string[]): Promise<string>;
  /** To its first process, as a kubelet does. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended>;
}

/** An archive's files, unpacked, to start containers of. */
export interface UnpackedImage {
  readonly folder: string;
  readonly config: ImageConfig;
  remove(): Promise<void>;
}

/** A temporary folder, which goes when it is told to or when this process ends, whatever ends it. */
async function fleetingFolder(): Promise<Pick<UnpackedImage, 'folder' | 'remove'>> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-image-'));
  const script = 'cat; rm -rf -- "$0"';
  const remover = spawn('bash', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  const removed = once(remover, 'close');
  return {
    folder,
    async remove() {
      remover.stdin.end();
      await removed;
    },
  };
}

/** Unpacks an archive in docker's form for as long as this process lives. Its layers must remove nothing of each other. */
export async function unpackImage(archive: string): Promise<UnpackedImage> {
  const { folder, remove } = await fleetingFolder();
  await mkdir(join(folder, 'root'));
  const member = async (name: string) => JSON.parse((await run('tar', ['-xOf', archive, name])).stdout) as unknown;
  const [{ Config, Layers }] = (await member('manifest.json')) as [{ Config: string; Layers: string[] }];
  const unpack = 'tar -xOf "$0" "$2" | tar -x -C "$1"';
  for (const layer of Layers) await run('bash', ['-c', unpack, archive, join(folder, 'root'), layer]);
  const { config } = (await member(Config)) as { config: ImageConfig };
  return { folder, config, remove };
}

/** Volumes of its own, and containers that are started on them again and again. Needs root. */
export class Pod {
  readonly #folder: string;
  readonly #image: UnpackedImage;
  readonly #volumes: readonly string[];
  readonly #started: Container[] = [];

  private constructor(folder: string, image: UnpackedImage, volumes: readonly string[]) {
    this.#folder = folder;
    this.#image = image;
    this.#volumes = volumes;
  }

  /** `volumes` are the only paths that its containers may write to. */
  static async create(image: UnpackedImage, volumes: readonly string[]): Promise<Pod> {
    const pod = new Pod(await mkdtemp(join(image.folder, 'pod-')), image, volumes);
    for (const path of volumes) {
      await mkdir(join(pod.#root, path), { recursive: true });
      await mkdir(pod.volume(path), { recursive: true });
      // As fsGroup leaves them: not the user's own.
      await chown(pod.volume(path), 0, pod.#user);
      await chmod(pod.volume(path), 0o2775);
    }
    return pod;
  }

  get #root(): string {
    return join(this.#image.folder, 'root');
  }

  get #user(): number {
    return Number(this.#image.config.User.split(':')[0]);
  }

  /** Where a volume is on this machine. */
  volume(path: string): string {
    return join(this.#folder, 'volumes', path);
  }

  async start(options: ContainerOptions = {}): Promise<Container> {
    const root = this.#root;
    const { Entrypoint, Cmd, Env } = this.#image.config;
    const { env = {}, entrypoint = Entrypoint, args = Cmd ?? [], files = {} } = options;
    const { hostname = 'pod-0', network, init = false } = options;
    const mounts = { ...options.mounts };
    for (const [path, text] of Object.entries(files)) {
      const source = join(this.#folder, 'files', path);
      await mkdir(dirname(source), { recursive: true });
      await writeFile(source, text);
      mounts[path] = source;
    }
    for (const [path, source] of Object.entries(mounts)) {
      if ((await stat(source)).isDirectory()) {
        await mkdir(join(root, path), { recursive: true });
      } else {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), '', { flag: 'a' });
      }
    }
    for (const path of this.#volumes) mounts[path] = this.volume(path);
    const lines = Object.entries(mounts).map(([path, source]) => `${source} ${path}`);
    const user = String(this.#user);
    const environment = [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const inside = [CHROOT, `--userspec=${user}:${user}`, `--groups=${user}`, root];
    const command = ['env', '-i', ...environment, ...inside, ...entrypoint, ...args];
    const host = ['env', '-i', ...OUTSIDE, 'bash', CONTAINER, root, hostname, lines.join('\n'), String(init)];
    const namespaces =
      network === undefined
        ? ['unshare', '--net', ...NAMESPACES]
        : ['nsenter', `--net=${network}`, 'unshare', ...NAMESPACES];
    const [program, ...rest] = [...OURS, ...namespaces, ...host, ...command] as [string, ...string[]];
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream!.on('data', (text: Buffer) => (output += text.toString()));
    const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal }) as Ended);
    // A word when all is mounted, or its end.
    const prepared = Promise.race([once(child.stdio[3]!, 'data'), ended]);
    /** Its first process, as the host numbers it; null when it has ended. */
    async function first(): Promise<number | null> {
      await prepared;
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
      return children === '' ? null : Number(children);
    }
    const container: Container = {
      output: () => output,
      ended,
      async exec(words) {
        const pid = await first();
        if (pid === null) throw new Error(`The container has ended: ${output}`);
        const target = ['--target', String(pid), '--mount', '--pid', '--net', '--ipc', '--uts'];
        return (await run('nsenter', [...target, 'env', '-i', ...environment, ...inside, ...words])).stdout.trim();
      },
      async signal(signal) {
        const pid = await first();
        if (pid !== null) process.kill(pid, signal);
        return await ended;
      },
    };
    this.#started.push(container);
    return container;
  }

  /** Ends what still runs and removes all of it. */
  async remove(): Promise<void> {
    for (const container of this.#started) await container.signal('SIGKILL');
    await rm(this.#folder, { recursive: true });
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';

import { type Container, Pod, type UnpackedImage } from '../images/container.ts';
import { COMPOSE_FILE, type ComposeFile, type ComposeService, healthCommand, startOrder } from './compose-file.ts';
import type { Images } from './images.ts';
import { Networks, type Place } from './networks.ts';

const run = promisify(execFile);
const NAME_SERVER = fileURLToPath(new URL('name-server.ts', import.meta.url));
const HEALTHY_LIMIT_MS = 120_000;
const END_LIMIT_MS = 120_000;
/** Each check is a program more on cores that the services start on. */
const CHECKED_EACH_MS = 100;
const ASK = `
  const [url, body] = process.argv.slice(1);
  const post = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000), ...(body !== undefined && post) });
  console.log(JSON.stringify({ status: answer.status, text: await answer.text() }));
`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface UpOptions {
  /** In place of the one that it was made or last taken up with. */
  readonly file?: ComposeFile;
  /** How many containers of a service, where it is not one. */
  readonly scale?: Readonly<Record<string, number>>;
}

/** One container of a service. */
interface Replica {
  readonly service: string;
  /** What it was started by. */
  readonly definition: ComposeService;
  readonly pod: Pod;
  readonly container: Container;
  readonly place: Place;
  /** The file that it knows the others' names by, and who answers from it. */
  readonly hosts: string;
  readonly nameServer: ChildProcess;
}

/**
 * Runs a compose file without an engine: each service's image in namespaces of its own, with the environment, secrets,
 * volumes, networks and names that the file gives it, started in its order. Needs root.
 */
export class ComposeRun {
  readonly replicas: Replica[] = [];
  #file: ComposeFile;
  readonly #images: Images;
  readonly #folder: string;
  readonly #networks: Networks;
  /** Pods by service, which keep the volumes while no container runs. */
  readonly #pods = new Map<string, Pod[]>();
  #started = 0;

  private constructor(file: ComposeFile, images: Images, folder: string, networks: Networks) {
    this.#file = file;
    this.#images = images;
    this.#folder = folder;
    this.#networks = networks;
  }

  /** Copies the folder `compose` and makes its secrets, as the documentation says. The images outlive it. */
  static async create(file: ComposeFile, images: Images): Promise<ComposeRun> {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-compose-'));
    const compose = join(dirname(COMPOSE_FILE), 'compose');
    await cp(compose, join(folder, 'compose'), {
      recursive: true,
      filter: (path) => basename(path) !== 'secrets',
    });
    await run('sh', [join(folder, 'compose/make-secrets.sh')]);
    return new ComposeRun(file, images, folder, await Networks.create(Object.keys(file.networks)));
  }

  /** A file of the project as the containers see it. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /**
   * As `docker compose up --wait`: starts what is missing of one container for each service, or as many as `scale` says,
   * each when those that it waits for are healthy; resolves when all are. It ends those that are too many, and starts anew
   * those of which the file now says something else.
   */
  async up(profiles: readonly string[], { file = this.#file, scale = {} }: UpOptions = {}): Promise<void> {
    this.#file = file;
    const order = startOrder(file, profiles);
    const wanted = order.flatMap((name) => {
      const current = this.#replicasOf(name).filter(({ definition }) =>
        isDeepStrictEqual(definition, this.#service(name)),
      );
      return current.slice(0, scale[name] ?? 1);
    });
    for (const replica of this.replicas.toReversed()) if (!wanted.includes(replica)) await this.end(replica);
    const healthy = new Map<string, Promise<void>>();
    for (const name of order) {
      const before = Object.keys(this.#service(name).depends_on ?? {}).map((first) => healthy.get(first));
      healthy.set(name, this.#startAfter(before, name, scale[name] ?? 1));
    }
    // None is on its way any more when this fails.
    for (const result of await Promise.allSettled(healthy.values())) {
      if (result.status === 'rejected') throw result.reason;
    }
  }

  /** Starts one more container of a service; `program` is one to run in place of its own. */
  async start(name: string, program?: readonly string[]): Promise<Replica> {
    const service = this.#service(name);
    const entrypoint = program ?? service.entrypoint;
    const { unpacked, mounts } = await this.#images.of(name);
    const pod = await this.#freePod(name, unpacked);
    const place = await this.#networks.join(service.networks);
    this.#started += 1;
    const hostname = service.hostname ?? `${name}-${this.#started}`;
    const hosts = this.path(`hosts-${hostname}-${this.#started}`);
    writeOver(hosts, this.#namesFor(place));
    const nameServer = await startNameServer(place, hosts);
    const container = await pod.start({
      network: place.path,
      hostname,
      init: service.init ?? false,
      env: service.environment ?? {},
      ...(entrypoint !== undefined && { entrypoint, args: [] }),
      ...(service.command !== undefined && program === undefined && { args: service.command }),
      mounts: { ...mounts, ...this.#secrets(service), ...this.#bound(service), '/etc/hosts': hosts },
    });
    const replica = { service: name, definition: service, pod, container, place, nameServer, hosts };
    this.replicas.push(replica);
    this.#tellNames();
    return replica;
  }

  /** Ends a container and forgets its name. Throws where it had to be killed, for it would be kept waiting for in vain. */
  async end(replica: Replica, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    this.#tellNames();
    const ended = replica.container.signal(signal).then(() => true);
    const isEnded = await Promise.race([ended, pause(END_LIMIT_MS, false, { ref: false })]);
    if (!isEnded) await replica.container.signal('SIGKILL');
    replica.nameServer.stdin?.end();
    await replica.place.leave();
    for (const entry of this.#service(replica.service).tmpfs ?? []) {
      const folder = replica.pod.volume(entry.split(':')[0]!);
      for (const left of await readdir(folder)) await rm(join(folder, left), { recursive: true });
    }
    if (!isEnded) throw new Error(`${replica.service} does not end by ${signal}:\n${replica.container.output()}`);
  }

  /** Runs the service's health check in a container of it. */
  async isHealthy({ service, container }: Replica): Promise<boolean> {
    return await container.exec(healthCommand(this.#service(service))).then(
      () => true,
      () => false,
    );
  }

  /** Asks the proxy at a port of its container, as a program of this machine does at the published one. */
  async ask(port: number, path: string, body?: object): Promise<Answer> {
    const proxy = this.replicas.find(({ service }) => service === 'proxy');
    const url = `http://${proxy?.place.addresses['front']}:${port}${path}`;
    const text = await this.#networks.node(ASK, url, ...(body === undefined ? [] : [JSON.stringify(body)]));
    return JSON.parse(text) as Answer;
  }

  /** Ends and removes everything. */
  async remove(): Promise<void> {
    for (const replica of this.replicas.toReversed()) await this.end(replica, 'SIGKILL');
    for (const pods of this.#pods.values()) for (const pod of pods) await pod.remove();
    await this.#networks.end();
    await rm(this.#folder, { recursive: true });
  }

  #service(name: string): ComposeService {
    const service = this.#file.services[name];
    if (service === undefined) throw new Error(`the file has no service ${name}`);
    return service;
  }

  async #startAfter(before: readonly (Promise<void> | undefined)[], name: string, count: number): Promise<void> {
    // Unpacked while others start.
    await Promise.all([this.#images.of(name), ...before]);
    while (this.#replicasOf(name).length < count) await this.start(name);
    await this.#untilHealthy(name);
  }

  #replicasOf(name: string): Replica[] {
    return this.replicas.filter(({ service }) => service === name);
  }

  /** One whose container has ended, so that its volumes are found again, or a new one. */
  async #freePod(name: string, image: UnpackedImage): Promise<Pod> {
    const pods = this.#pods.get(name) ?? [];
    const free = pods.find((pod) => !this.replicas.some((replica) => replica.pod === pod));
    if (free !== undefined) return free;
    const { volumes = [], tmpfs = [] } = this.#service(name);
    const named = volumes.filter((volume) => !volume.startsWith('.')).map((volume) => volume.split(':')[1]!);
    const pod = await Pod.create(image, [...named, ...tmpfs.map((entry) => entry.split(':')[0]!)]);
    this.#pods.set(name, [...pods, pod]);
    return pod;
  }

  #secrets({ secrets = [] }: ComposeService): Record<string, string> {
    const mounts = secrets.map((secret) => {
      const { source, target } = typeof secret === 'string' ? { source: secret, target: secret } : secret;
      const file = this.#file.secrets[source]?.file;
      if (file === undefined) throw new Error(`the file has no secret ${source}`);
      return [target.startsWith('/') ? target : `/run/secrets/${target}`, this.path(file)];
    });
    return Object.fromEntries(mounts) as Record<string, string>;
  }

  #bound({ volumes = [] }: ComposeService): Record<string, string> {
    const bound = volumes.filter((volume) => volume.startsWith('.')).map((volume) => volume.split(':'));
    return Object.fromEntries(bound.map(([source, target]) => [target, this.path(source!)])) as Record<string, string>;
  }

  /** The addresses of those that share a network with this place. */
  #namesFor(place: Place): string {
    const known = this.replicas.flatMap(({ service, place: { addresses } }) => {
      const shared = Object.keys(addresses).find((network) => network in place.addresses);
      return shared === undefined ? [] : [`${addresses[shared]} ${service}`];
    });
    return ['127.0.0.1 localhost', ...known, ''].join('\n');
  }

  #tellNames(): void {
    for (const { place, hosts } of this.replicas) writeOver(hosts, this.#namesFor(place));
  }

  async #untilHealthy(name: string): Promise<void> {
    const limit = performance.now() + HEALTHY_LIMIT_MS;
    for (const replica of this.#replicasOf(name)) {
      while (!(await this.isHealthy(replica))) {
        if (performance.now() > limit) throw new Error(`${name} does not get healthy:\n${replica.container.output()}`);
        await pause(CHECKED_EACH_MS);
      }
    }
  }
}

/** Writes a text in the place of another: whoever reads the file meanwhile, by its mount, never finds it empty. */
function writeOver(path: string, text: string): void {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
  writeSync(file, text, 0);
  ftruncateSync(file, Buffer.byteLength(text));
  closeSync(file);
}

async function startNameServer({ path }: Place, hosts: string): Promise<ChildProcess> {
  const [program, ...words] = ['nsenter', `--net=${path}`, process.execPath, NAME_SERVER, hosts] as const;
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { type Container, Pod, unpackImage, type UnpackedImage } from '../images/container.ts';
import { COMPOSE_FILE, type ComposeFile, type ComposeService, healthCommand, startOrder } from './compose-file.ts';
import { imageFor } from './images.ts';
import { Networks, type Place } from './networks.ts';

const run = promisify(execFile);
const NAME_SERVER = fileURLToPath(new URL('name-server.ts', import.meta.url));
const HEALTHY_LIMIT_MS = 120_000;
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

interface Image {
  readonly unpacked: UnpackedImage;
  readonly mounts: Readonly<Record<string, string>>;
}

/** One container of a service. */
interface Replica {
  readonly service: string;
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
  readonly #file: ComposeFile;
  readonly #folder: string;
  readonly #networks: Networks;
  readonly #images = new Map<string, Image>();
  /** Pods by service, which keep the volumes while no container runs. */
  readonly #pods = new Map<string, Pod[]>();
  #started = 0;

  private constructor(file: ComposeFile, folder: string, networks: Networks) {
    this.#file = file;
    this.#folder = folder;
    this.#networks = networks;
  }

  /** Copies the folder `compose` and makes its secrets, as the documentation says. */
  static async create(file: ComposeFile): Promise<ComposeRun> {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-compose-'));
    const compose = join(dirname(COMPOSE_FILE), 'compose');
    await cp(compose, join(folder, 'compose'), {
      recursive: true,
      filter: (path) => basename(path) !== 'secrets',
    });
    await run('sh', [join(folder, 'compose/make-secrets.sh')]);
    return new ComposeRun(file, folder, await Networks.create(Object.keys(file.networks)));
  }

  /** A file of the project as the containers see it. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Starts every service in order, each when those that it waits for are healthy; resolves when all are. */
  async up(profiles: readonly string[] = []): Promise<void> {
    for (const name of startOrder(this.#file, profiles)) {
      for (const first of Object.keys(this.#service(name).depends_on ?? {})) await this.#untilHealthy(first);
      await this.start(name);
    }
    for (const { service } of this.replicas) await this.#untilHealthy(service);
  }

  /** Starts one more container of a service; `program` is one to run in place of its own. */
  async start(name: string, program?: readonly string[]): Promise<Replica> {
    const service = this.#service(name);
    const entrypoint = program ?? service.entrypoint;
    const { unpacked, mounts } = await this.#image(name);
    const pod = await this.#freePod(name, unpacked);
    const place = await this.#networks.join(service.networks);
    this.#started += 1;
    const hostname = service.hostname ?? `${name}-${this.#started}`;
    const hosts = this.path(`hosts-${hostname}-${this.#started}`);
    await writeFile(hosts, this.#namesFor(place));
    const nameServer = await startNameServer(place, hosts);
    const container = await pod.start({
      network: place.path,
      hostname,
      env: service.environment ?? {},
      ...(entrypoint !== undefined && { entrypoint, args: [] }),
      ...(service.command !== undefined && program === undefined && { args: service.command }),
      mounts: { ...mounts, ...this.#secrets(service), ...this.#bound(service), '/etc/hosts': hosts },
    });
    const replica = { service: name, pod, container, place, nameServer, hosts };
    this.replicas.push(replica);
    await this.#tellNames();
    return replica;
  }

  /** Ends a container and forgets its name. */
  async end(replica: Replica, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    await this.#tellNames();
    await replica.container.signal(signal);
    replica.nameServer.stdin?.end();
    await replica.place.leave();
    for (const entry of this.#service(replica.service).tmpfs ?? []) {
      const folder = replica.pod.volume(entry.split(':')[0]!);
      for (const left of await readdir(folder)) await rm(join(folder, left), { recursive: true });
    }
  }

  /** Ends every container, last started first, as `docker compose down` does; volumes stay. */
  async down(): Promise<void> {
    for (const replica of this.replicas.toReversed()) await this.end(replica);
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
    for (const { unpacked } of this.#images.values()) await unpacked.remove();
    await this.#networks.end();
    await rm(this.#folder, { recursive: true });
  }

  #service(name: string): ComposeService {
    const service = this.#file.services[name];
    if (service === undefined) throw new Error(`the file has no service ${name}`);
    return service;
  }

  async #image(name: string): Promise<Image> {
    const known = this.#images.get(name);
    if (known !== undefined) return known;
    const { archive, mounts } = await imageFor(name);
    const image = { unpacked: await unpackImage(archive), mounts };
    this.#images.set(name, image);
    return image;
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

  async #tellNames(): Promise<void> {
    for (const { place, hosts } of this.replicas) await writeFile(hosts, this.#namesFor(place));
  }

  async #untilHealthy(name: string): Promise<void> {
    const limit = performance.now() + HEALTHY_LIMIT_MS;
    for (const replica of this.replicas.filter(({ service }) => service === name)) {
      while (!(await this.isHealthy(replica))) {
        if (performance.now() > limit) throw new Error(`${name} does not get healthy:\n${replica.container.output()}`);
      }
    }
  }
}

async function startNameServer({ path }: Place, hosts: string): Promise<ChildProcess> {
  const [program, ...words] = ['nsenter', `--net=${path}`, process.execPath, NAME_SERVER, hosts] as const;
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

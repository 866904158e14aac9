import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { parse, parseAllDocuments, stringify } from 'yaml';

import type { KubeClient, KubeObject, ObjectRef } from '../cluster/client.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/conditions.ts';
import { Keeper, quoted } from '../cluster/keeper.ts';
import type { PlayedServices } from './played-services.ts';

const SOURCES = fileURLToPath(new URL('../../operator/src/main.ts', import.meta.url));
const MANIFEST = new URL('../../manifests/install.yaml', import.meta.url);
const NAME = 'voteapp-operator';
const NAMESPACE = 'voteapp-system';
const ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount' };
const LEASE: ObjectRef = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: NAMESPACE, name: NAME };
const START_LIMIT_MS = 30_000;
const LOOK_MS = 20;

/** The ClusterRole that manifests/install.yaml gives the operator. */
export const CLUSTER_ROLE: ObjectRef = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  name: NAME,
};

/** A line of a process's log. */
export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

async function until<T>(what: string, look: () => Promise<T | null>, limitMs = START_LIMIT_MS): Promise<T> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > limit) throw new Error(`${what} within ${limitMs / 1000} s: it did not`);
    await wait(LOOK_MS);
  }
}

/** The operator as a process of its own. */
export class OperatorProcess {
  readonly name: string;
  /** Whom the API server takes it for. */
  readonly user: string;
  readonly pid: number;
  readonly #keeper: Keeper;
  readonly #log: string;

  constructor(name: string, { pid, keeper }: { readonly pid: number; readonly keeper: Keeper }) {
    this.name = name;
    this.user = `system:serviceaccount:${NAMESPACE}:${name}`;
    this.pid = pid;
    this.#keeper = keeper;
    this.#log = join(keeper.folder, 'log', `${name}.log`);
  }

  async #text(): Promise<string> {
    return await readFile(this.#log, 'utf8').catch(() => '');
  }

  async lines(): Promise<Line[]> {
    const whole = (await this.#text()).split('\n').slice(0, -1);
    return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
  }

  /** Resolves with the first line that says so. Throws, with the log, when it ends or the time is over before. */
  async untilLogged(message: string, limitMs?: number): Promise<Line> {
    const look = async (): Promise<Line | null> => {
      const line = (await this.lines()).find(({ msg }) => msg === message);
      if (line === undefined && !(await this.isRunning())) throw new Error(`${this.name} ended: ${await this.#text()}`);
      return line ?? null;
    };
    return await until(`${this.name} was to log "${message}"`, look, limitMs);
  }

  async isRunning(): Promise<boolean> {
    return await access(`/proc/${this.pid}`).then(
      () => true,
      () => false,
    );
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Resolves with its exit code when it has gone; 128 and its number where a signal ended it. */
  async ended(): Promise<number> {
    await until(`${this.name} was to end`, async () => ((await this.isRunning()) ? null : true));
    return Number(await this.#keeper.tell(`wait ${this.pid}; echo $?`));
  }

  /**
   * Its resident memory in MiB: its own, and pages of files, which are the program's for the most part, shared by whoever
   * runs it, and given up before a container is out of memory.
   */
  async memory(): Promise<{ readonly own: number; readonly files: number }> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
    return { own: mebibytes('RssAnon'), files: mebibytes('RssFile') };
  }
}

/** Leads what is asked of services in the cluster to those that are played here, as an HTTP proxy does. */
function proxyTo({ fetch }: Pick<PlayedServices, 'fetch'>): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url = '', headers } = request;
    try {
      const played = await fetch(new URL(url, `http://${headers.host}`).href);
      response.writeHead(played.status, { 'content-type': 'application/json' }).end(await played.text());
    } catch {
      request.socket.destroy();
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  return server.on('connect', (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    server.emit('connection', socket);
  });
}

interface Starting {
  /** Environment variables besides, as LEASE_DURATION_SECONDS. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another file than the sources'. */
  readonly main?: string;
}

/**
 * Processes of the operator on a cluster, each by a ServiceAccount of its own that has the rights of the operator's in
 * manifests/install.yaml and no others. None outlives this process, whatever ends it.
 */
export class OperatorProcesses {
  readonly #cluster: Pick<Cluster, 'client' | 'kubeconfig'>;
  readonly #bindings: readonly KubeObject[];
  readonly #proxy: Server;
  readonly #keeper: Keeper;

  private constructor(
    cluster: Pick<Cluster, 'client' | 'kubeconfig'>,
    bindings: readonly KubeObject[],
    proxy: Server,
    keeper: Keeper,
  ) {
    this.#cluster = cluster;
    this.#bindings = bindings;
    this.#proxy = proxy;
    this.#keeper = keeper;
  }

  /** Installs what manifests/install.yaml has but the pods; the processes find the services of VotingApps played. */
  static async on(
    cluster: Pick<Cluster, 'client' | 'kubeconfig'>,
    services: Pick<PlayedServices, 'fetch'>,
  ): Promise<OperatorProcesses> {
    const documents = parseAllDocuments(await readFile(MANIFEST, 'utf8'));
    const objects = documents.flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
    for (const object of objects) {
      if (object.kind !== 'Deployment') await cluster.client.apply(object, { force: true });
    }
    const bindings = objects.filter(({ kind, subjects }) => kind.endsWith('RoleBinding') && names(subjects, NAME));
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-operator-'));
    const keeper = await Keeper.create({ folder, afterwards: ['rm', '-rf', '--', folder] });
    const proxy = proxyTo(services);
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    return new OperatorProcesses(cluster, bindings, proxy, keeper);
  }

  get #client(): KubeClient {
    return this.#cluster.client;
  }

  /** Makes an account with the operator's rights; resolves with the path of its kubeconfig. */
  async #account(name: string): Promise<string> {
    await this.#client.apply({ ...ACCOUNT, metadata: { namespace: NAMESPACE, name } });
    for (const binding of this.#bindings) {
      const metadata = { ...binding.metadata, name: `${binding.metadata.name}-${name}` };
      const subjects = [{ kind: ACCOUNT.kind, namespace: NAMESPACE, name }];
      await this.#client.apply({ ...binding, metadata, subjects });
    }
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${name}/token`;
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600 } };
    const { status } = (await this.#client.raw('POST', path, asked)) as { status: { token: string } };
    const admins = parse(await readFile(this.#cluster.kubeconfig, 'utf8')) as { clusters: readonly [object] };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ ...admins.clusters[0], name: 'test' }],
      users: [{ name, user: { token: status.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      'current-context': 'test',
    };
    const file = join(this.#keeper.folder, `${name}.kubeconfig`);
    await writeFile(file, stringify(config), { mode: 0o600 });
    return file;
  }

  /** Starts one under a name that none has had; resolves when it has a copy of the cluster and competes for the lead. */
  async start(name: string, { env = {}, main = SOURCES }: Starting = {}): Promise<OperatorProcess> {
    const variables = {
      PATH: process.env['PATH'] ?? '',
      KUBECONFIG: await this.#account(name),
      POD_NAME: name,
      POD_NAMESPACE: NAMESPACE,
      HOST: '127.0.0.1',
      PORT: '0',
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`,
      ...env,
    };
    const settings = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
    const command = ['env', '-i', ...settings, process.execPath, main];
    const pid = Number(await this.#keeper.tell(`run ${quoted([name, ...command])}`));
    const started = new OperatorProcess(name, { pid, keeper: this.#keeper });
    await started.untilLogged('Has a copy of the cluster');
    return started;
  }

  /** Resolves with the name of the process that leads, as soon as one leads that is accepted. */
  async untilLed(isIt: (name: string) => boolean = () => true): Promise<string> {
    const holder = ({ spec }: KubeObject) => (spec?.['holderIdentity'] ?? '') as string;
    const isLed = (lease: KubeObject) => holder(lease) !== '' && isIt(holder(lease));
    return holder(await waitFor(this.#client, LEASE, isLed, { what: 'led' }));
  }

  /** Kills those that run still. */
  async stop(): Promise<void> {
    await this.#keeper.stop();
    this.#proxy.closeAllConnections();
    await new Promise((closed) => this.#proxy.close(closed));
  }
}

function names(subjects: unknown, account: string): boolean {
  return (subjects as readonly { readonly name: string }[]).some(({ name }) => name === account);
}

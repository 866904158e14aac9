import { parseAllDocuments } from 'yaml';

import { Connection, type Impersonated, KubeError } from './connection.ts';
import { Discovery, type Kind, rootOf } from './discovery.ts';
import { execute, type ExecResult, type ForwardedPort, forwardPort } from './pod-streams.ts';

export { KubeError } from './connection.ts';
export type { Kind } from './discovery.ts';

/** The name of an object; where it needs a namespace and has none, it is `default`. */
export interface ObjectRef extends Kind {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface OwnerReference extends Kind {
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** An object as it is on the wire. */
export interface KubeObject extends Kind {
  readonly metadata: Metadata;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** The objects that there were at a version of the whole. */
export interface Listing {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

/** One change of an object, as the API server tells it. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** A `Status` where the type is ERROR. */
  readonly object: KubeObject;
}

export interface ApplyOptions {
  readonly fieldManager?: string;
  /** Takes fields over from other managers. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export interface RemoveOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  /** Removes the object only if it is this one still. */
  readonly uid?: string | undefined;
}

export interface ClientOptions {
  readonly as?: Impersonated;
  /** What every object without a namespace that this client makes is labelled with. */
  readonly clusterLabels?: Readonly<Record<string, string>>;
}

const MANAGER = 'voteapp-test';
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';

/** The name of an object that is at hand. */
export function refOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ObjectRef {
  return { apiVersion, kind, name, namespace };
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

/**
 * What tests say to an API server with, and ask it. It sends and returns objects as they are on the wire and shares no
 * code with the operator, which it judges. Every method throws `KubeError` when the server refuses.
 */
export class KubeClient {
  readonly kubeconfig: string;
  readonly options: ClientOptions;
  readonly #connection: Connection;
  readonly #discovery = new Discovery((path) => this.raw('GET', path));

  /** Throws when the file is no kubeconfig. */
  constructor(kubeconfig: string, options: ClientOptions = {}) {
    this.kubeconfig = kubeconfig;
    this.options = options;
    this.#connection = new Connection(kubeconfig);
  }

  /** The name of its cluster in the kubeconfig. */
  get cluster(): string {
    return this.#connection.config.getCurrentCluster()?.name ?? '';
  }

  /** A client that acts as somebody else; to be closed like this one. */
  as(user: string, groups: readonly string[] = []): KubeClient {
    return new KubeClient(this.kubeconfig, { ...this.options, as: { user, groups } });
  }

  #headers(extra: Readonly<Record<string, string>> = {}): Record<string, string | string[]> {
    const { as } = this.options;
    if (as === undefined) return { ...extra };
    const groups = as.groups === undefined || as.groups.length === 0 ? {} : { 'impersonate-group': [...as.groups] };
    return { 'impersonate-user': as.user, ...groups, ...extra };
  }

  /** Any request. Resolves with what JSON the answer is, or else with its text. */
  async raw(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const text = await this.#connection.text({ method, path, body, headers: this.#headers(headers) });
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }

  /** The path of a kind's objects, of every namespace unless one is named. */
  async #collection(kind: Kind, namespace: string | undefined): Promise<string> {
    const { name, namespaced } = await this.#discovery.resource(kind);
    return `${rootOf(kind.apiVersion)}${namespaced && namespace !== undefined ? `/namespaces/${namespace}` : ''}/${name}`;
  }

  async #path(ref: ObjectRef, subresource?: string): Promise<string> {
    const path = `${await this.#collection(ref, ref.namespace ?? 'default')}/${encodeURIComponent(ref.name)}`;
    return subresource === undefined ? path : `${path}/${subresource}`;
  }

  async #labelled(object: KubeObject): Promise<KubeObject> {
    const { clusterLabels } = this.options;
    if (clusterLabels === undefined || (await this.#discovery.resource(object)).namespaced) return object;
    return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...clusterLabels } } };
  }

  /** Server-side apply; a field that the schema does not know is refused. */
  async apply(
    object: KubeObject,
    { fieldManager = MANAGER, force = false, dryRun = false }: ApplyOptions = {},
  ): Promise<KubeObject> {
    const query = { fieldManager, force, fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined };
    const path = withQuery(await this.#path(refOf(object)), query);
    return (await this.raw('PATCH', path, await this.#labelled(object), { 'content-type': APPLY })) as KubeObject;
  }

  /** Applies every document of a YAML text in its order; `namespace` is of those that name none and need one. */
  async applyAll(
    text: string,
    { namespace, ...options }: ApplyOptions & { namespace?: string } = {},
  ): Promise<KubeObject[]> {
    const applied: KubeObject[] = [];
    for (const document of parseAllDocuments(text)) {
      if ('errors' in document && document.errors[0] !== undefined) throw document.errors[0];
      const object = (document as { toJS(): unknown }).toJS() as KubeObject | null;
      if (object === null) continue;
      const { namespaced } = await this.#discovery.resource(object);
      const metadata = namespaced && namespace !== undefined ? { namespace, ...object.metadata } : object.metadata;
      applied.push(await this.apply({ ...object, metadata }, options));
    }
    return applied;
  }

  async create(object: KubeObject): Promise<KubeObject> {
    const path = await this.#collection(object, object.metadata.namespace ?? 'default');
    const query = { fieldManager: MANAGER, fieldValidation: 'Strict' };
    return (await this.raw('POST', withQuery(path, query), await this.#labelled(object))) as KubeObject;
  }

  /** The object; null when there is none. */
  async get(ref: ObjectRef): Promise<KubeObject | null> {
    try {
      return (await this.raw('GET', await this.#path(ref))) as KubeObject;
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return null;
      throw error;
    }
  }

  /** The objects of a kind, of every namespace unless one is named, and the version of the whole. */
  async listing(kind: Kind, { namespace, ...selectors }: Selection = {}, signal?: AbortSignal): Promise<Listing> {
    const path = withQuery(await this.#collection(kind, namespace), selectors);
    const text = await this.#connection.text({ method: 'GET', path, headers: this.#headers(), signal });
    const { items, metadata } = JSON.parse(text) as { items: KubeObject[]; metadata: { resourceVersion: string } };
    // The items of a list do not say what they are.
    const { apiVersion, kind: name } = kind;
    return {
      items: items.map((item) => ({ ...item, apiVersion, kind: name })),
      resourceVersion: metadata.resourceVersion,
    };
  }

  /** The objects of a kind, of every namespace unless one is named. */
  async list(kind: Kind, options?: Selection): Promise<readonly KubeObject[]> {
    return (await this.listing(kind, options)).items;
  }

  /** What happens to objects of a kind after a version; it ends when the server closes the stream. */
  async *watch(
    kind: Kind,
    { namespace, ...selectors }: Selection,
    version: string,
    signal?: AbortSignal,
  ): AsyncGenerator<WatchEvent, void> {
    const path = await this.#collection(kind, namespace);
    const query = { ...selectors, watch: true, allowWatchBookmarks: true, resourceVersion: version };
    const lines = this.#connection.lines({
      method: 'GET',
      path: withQuery(path, query),
      headers: this.#headers(),
      signal,
    });
    for await (const line of lines) yield JSON.parse(line) as WatchEvent;
  }

  /** JSON merge patch (RFC 7386). */
  async merge(ref: ObjectRef, patch: object, { subresource }: { subresource?: string } = {}): Promise<KubeObject> {
    const query = { fieldManager: MANAGER, fieldValidation: 'Strict' };
    const path = withQuery(await this.#path(ref, subresource), query);
    return (await this.raw('PATCH', path, patch, { 'content-type': MERGE })) as KubeObject;
  }

  /** Asks for an object to be removed; content when it is not there. */
  async remove(
    ref: ObjectRef,
    { propagationPolicy = 'Background', gracePeriodSeconds, uid }: RemoveOptions = {},
  ): Promise<void> {
    const preconditions = uid === undefined ? undefined : { uid };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, gracePeriodSeconds, preconditions };
    try {
      await this.raw('DELETE', await this.#path(ref), body);
    } catch (error) {
      if (!(error instanceof KubeError && error.code === 404)) throw error;
    }
  }

  /** The server's release, as "1.34". */
  async release(): Promise<string> {
    const { major, minor } = (await this.raw('GET', '/version')) as { major: string; minor: string };
    // Some vendors say "34+".
    return `${major}.${minor.replace(/\D.*/, '')}`;
  }

  /** Whether the server takes objects of a kind. */
  async serves(kind: Kind): Promise<boolean> {
    return (await this.#discovery.find(kind)) !== null;
  }

  /** Every kind whose objects can be listed and removed, in its group's preferred version. */
  async kinds({ namespaced }: { namespaced: boolean }): Promise<Kind[]> {
    const kinds: Kind[] = [];
    for (const apiVersion of await this.#discovery.apiVersions()) {
      for (const resource of await this.#discovery.resources(apiVersion)) {
        const removable = resource.verbs.includes('list') && resource.verbs.includes('delete');
        if (resource.namespaced === namespaced && removable) kinds.push({ apiVersion, kind: resource.kind });
      }
    }
    return kinds;
  }

  /** What a pod's container printed so far; the container needs no name where it is the only one. */
  async logs(
    pod: { readonly namespace: string; readonly name: string },
    { container, previous }: { container?: string; previous?: boolean } = {},
  ): Promise<string> {
    const path = withQuery(`/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log`, { container, previous });
    return await this.#connection.text({ method: 'GET', path, headers: this.#headers() });
  }

  /** Runs a command in a pod's container, and resolves when it has ended, whatever its exit code. */
  async exec(
    pod: { readonly namespace: string; readonly name: string },
    command: readonly string[],
    { container = '' }: { container?: string } = {},
  ): Promise<ExecResult> {
    return await execute(this.#connection.config, pod, container, command);
  }

  /** Leads a loopback port here to a port of a pod. */
  async portForward(pod: { readonly namespace: string; readonly name: string }, port: number): Promise<ForwardedPort> {
    return await forwardPort(this.#connection.config, pod, port);
  }

  /** Ends its sockets, watches included. */
  async close(): Promise<void> {
    await this.#connection.close();
  }
}

import { ApiError, type ApiServer, errorOfStatus, type Request } from './api-server.ts';
import type { Kind, KubeObject, ObjectName } from './object.ts';

const PAGE = 500;
const MOST_BEGINNINGS = 3;
const APPLY = 'application/apply-patch+yaml';
const MERGE = 'application/merge-patch+json';
const METADATA_OF_ONE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_OF_ALL = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** What ends a request early, or keeps it from being sent. */
export type RequestLimits = Pick<Request, 'signal' | 'timeoutMs' | 'beforeSend'>;

/** Which objects of a kind. */
export interface ListOptions {
  /** Default: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects come with nothing but their metadata. */
  readonly metadataOnly?: boolean;
}

/** The objects that there were at a version of the whole. */
export interface Listing {
  readonly items: KubeObject[];
  readonly resourceVersion: string;
}

/** One change of an object; of a BOOKMARK's, only the kind and the version have a meaning. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

export interface WatchOptions extends ListOptions {
  readonly resourceVersion: string;
  /** After which the server ends the stream. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export interface ApplyOptions extends RequestLimits {
  readonly manager: string;
  /** Takes fields over from other managers. */
  readonly force?: boolean;
  readonly subresource?: 'status';
  readonly dryRun?: boolean;
}

export interface WriteOptions extends RequestLimits {
  readonly manager: string;
}

export interface CreateOptions extends WriteOptions {
  readonly dryRun?: boolean;
}

export interface RemoveOptions extends RequestLimits {
  /** Removes the object only if it is this one still. */
  readonly uid?: string | undefined;
  /** Removes the object only if nobody has changed it since. */
  readonly resourceVersion?: string | undefined;
  /** Default: Background. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

interface Page {
  readonly items: readonly KubeObject[] | null;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

function pathOfAll({ apiVersion, plural, namespaced }: Kind, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (!namespaced || namespace === undefined) return `${root}/${plural}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

function pathOfOne(kind: Kind, { namespace, name }: ObjectName): string {
  if (kind.namespaced && namespace === undefined) throw new Error(`${kind.kind} ${name} lacks its namespace`);
  return `${pathOfAll(kind, namespace)}/${encodeURIComponent(name)}`;
}

function selectorsOf({ labelSelector, fieldSelector }: ListOptions) {
  return { labelSelector, fieldSelector };
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.code === code;
}

/** Items of a list do not say what they are, and metadata alone says that it is metadata. */
function named({ apiVersion, kind }: Kind, object: KubeObject): KubeObject {
  return { ...object, apiVersion, kind };
}

/** What is said to an API server about objects. Every method throws as `ApiServer.request` does. */
export class Objects {
  readonly #server: ApiServer;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  async #one(request: Request): Promise<KubeObject> {
    return (await this.#server.request(request)) as KubeObject;
  }

  /** The object; null when there is none. */
  async get(kind: Kind, name: ObjectName, limits: RequestLimits = {}): Promise<KubeObject | null> {
    try {
      return await this.#one({ ...limits, method: 'GET', path: pathOfOne(kind, name) });
    } catch (error) {
      if (hasCode(error, 404)) return null;
      throw error;
    }
  }

  async #pages(kind: Kind, options: ListOptions & RequestLimits, items: KubeObject[]): Promise<string> {
    const { namespace, metadataOnly = false, signal, timeoutMs } = options;
    let from: string | undefined;
    for (;;) {
      const page = (await this.#server.request({
        method: 'GET',
        path: pathOfAll(kind, namespace),
        query: { ...selectorsOf(options), limit: PAGE, continue: from },
        accept: metadataOnly ? METADATA_OF_ALL : undefined,
        signal,
        timeoutMs,
      })) as Page;
      for (const item of page.items ?? []) items.push(named(kind, item));
      from = page.metadata.continue || undefined;
      if (from === undefined) return page.metadata.resourceVersion;
    }
  }

  /** The objects, asked for in pages; when the server forgets the version of the first page, that is begun anew. */
  async list(kind: Kind, options: ListOptions & RequestLimits = {}): Promise<Listing> {
    for (let beginning = 1; ; beginning += 1) {
      const items: KubeObject[] = [];
      try {
        const resourceVersion = await this.#pages(kind, options, items);
        return { items, resourceVersion };
      } catch (error) {
        if (!hasCode(error, 410) || beginning === MOST_BEGINNINGS) throw error;
      }
    }
  }

  /** What happens to objects after a version; ends when the server ends it. An error within throws `ApiError`. */
  async *watch(kind: Kind, options: WatchOptions): AsyncGenerator<WatchEvent, void> {
    const { namespace, metadataOnly = false, resourceVersion, timeoutSeconds, signal } = options;
    const path = pathOfAll(kind, namespace);
    const lines = this.#server.lines({
      method: 'GET',
      path,
      query: { ...selectorsOf(options), watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds },
      accept: metadataOnly ? METADATA_OF_ONE : undefined,
      signal,
    });
    for await (const line of lines) {
      if (line === '') continue;
      const { type, object } = JSON.parse(line) as { type: WatchEvent['type'] | 'ERROR'; object: KubeObject };
      if (type === 'ERROR') throw errorOfStatus(`GET ${path}`, object);
      yield { type, object: named(kind, object) };
    }
  }

  /** Server-side apply; a field that the schema does not know is refused. */
  async apply(kind: Kind, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { manager, force, subresource, dryRun = false, ...limits } = options;
    const path = pathOfOne(kind, object.metadata);
    return await this.#one({
      ...limits,
      method: 'PATCH',
      path: subresource === undefined ? path : `${path}/${subresource}`,
      query: { fieldManager: manager, force, fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined },
      body: object,
      contentType: APPLY,
    });
  }

  /** JSON merge patch (RFC 7386): null takes a field away. */
  async merge(kind: Kind, name: ObjectName, patch: object, { manager, ...limits }: WriteOptions): Promise<KubeObject> {
    const query = { fieldManager: manager, fieldValidation: 'Strict' };
    const path = pathOfOne(kind, name);
    return await this.#one({ ...limits, method: 'PATCH', path, query, body: patch, contentType: MERGE });
  }

  /** Throws `ApiError` 409 when there is such an object. */
  async create(kind: Kind, object: KubeObject, options: CreateOptions): Promise<KubeObject> {
    const { manager, dryRun = false, ...limits } = options;
    const { namespace, name } = object.metadata;
    if (kind.namespaced && namespace === undefined) throw new Error(`${kind.kind} ${name} lacks its namespace`);
    const query = { fieldManager: manager, fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined };
    return await this.#one({ ...limits, method: 'POST', path: pathOfAll(kind, namespace), query, body: object });
  }

  /** Throws `ApiError` 409 when the object has another version than `object` by now. */
  async replace(kind: Kind, object: KubeObject, { manager, ...limits }: WriteOptions): Promise<KubeObject> {
    const query = { fieldManager: manager, fieldValidation: 'Strict' };
    return await this.#one({ ...limits, method: 'PUT', path: pathOfOne(kind, object.metadata), query, body: object });
  }

  /** Content when there is no such object; throws `ApiError` 409 when it is not the one that was meant. */
  async remove(kind: Kind, name: ObjectName, options: RemoveOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagationPolicy = 'Background', ...limits } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions };
    try {
      await this.#server.request({ ...limits, method: 'DELETE', path: pathOfOne(kind, name), body });
    } catch (error) {
      if (!hasCode(error, 404)) throw error;
    }
  }
}

import type { Logger } from '@voteapp/kit/log';

import { ApiError, NoAnswer } from './api-server.ts';
import { Backoff, type BackoffMs, wait as waitByTimer, type Wait } from './backoff.ts';
import { keyOf, keyOfName, type Kind, type KubeObject } from './object.ts';
import type { ListOptions, Objects, WatchEvent } from './objects.ts';

const BACKOFF_MS: BackoffMs = { first: 800, longest: 30_000 };
// Streams of many clients that ended at one moment would begin at one moment.
const SHORTEST_STREAM_S = 290;
const LONGEST_STREAM_S = 590;
// Beyond it, a server's advice would leave the copy stale for longer than anybody expects.
const LONGEST_RETRY_AFTER_MS = 60_000;

export interface ReflectorOptions {
  readonly objects: Pick<Objects, 'list' | 'watch'>;
  readonly kind: Kind;
  readonly select?: ListOptions;
  readonly log: Logger;
  /** `before` is what it was told last, null of an object that is new to it. What it throws at is told again later. */
  readonly onChange: (object: KubeObject, before: KubeObject | null, isDeleted: boolean) => void;
  /** What to keep of an object; must not throw. Default: all but `managedFields`, which are never kept. */
  readonly transform?: (object: KubeObject) => KubeObject;
  readonly random?: () => number;
  /** Pauses after a failure. Default: 0.8 s to 30 s. */
  readonly backoffMs?: BackoffMs;
  /** Told how many changes a new list showed that the stream had not. */
  readonly onMissed?: (count: number) => void;
  /** A clock that never goes back, in ms. */
  readonly now?: () => number;
  readonly wait?: Wait;
}

/** What a handler threw at. */
interface Untold {
  readonly before: KubeObject | null;
  /** What there was last. */
  readonly object: KubeObject;
}

interface Change {
  readonly object: KubeObject;
  readonly before: KubeObject | null;
  readonly isDeleted: boolean;
}

function withoutManagers(object: KubeObject): KubeObject {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Whether the stream may go on from where it was: nothing is known to be wrong with the version. */
function keepsVersion(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof ApiError && (error.code === 429 || error.code === 503));
}

/**
 * A copy of the objects of a kind that follows the server's: a list, then a stream of changes, again and again until it
 * is stopped. Whatever goes wrong is logged and tried again after a pause.
 */
export class Reflector {
  readonly kind: Kind;
  /** Resolves when the first list has been told. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions;
  readonly #select: ListOptions;
  readonly #now: () => number;
  readonly #wait: Wait;
  readonly #backoff: Backoff;
  readonly #untold = new Map<string, Untold>();
  readonly #sync: () => void;
  #objects = new Map<string, KubeObject>();
  #version: string | null = null;
  #isSynced = false;
  /** Whether there has been a stream since the start, so that a list can show what it did not tell. */
  #hasStreamed = false;
  #failure: string | null = null;
  #lastHeardMs: number;
  /** Of the run that counts; every other one is ending. */
  #current: AbortController | null = null;
  #run: Promise<void> = Promise.resolve();

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.#select = options.select ?? {};
    this.#now = options.now ?? (() => performance.now());
    this.#wait = options.wait ?? waitByTimer;
    this.#backoff = new Backoff(options.backoffMs ?? BACKOFF_MS, options.random);
    this.#lastHeardMs = this.#now();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#sync = resolve;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** When the server was heard last, by the clock `now`; of a healthy one, bookmarks come about once a minute. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(keyOfName({ namespace, name }));
  }

  /** The objects of a namespace; of all where none is named. */
  list(namespace?: string): readonly KubeObject[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  start(): void {
    if (this.#current !== null) return;
    const current = new AbortController();
    this.#current = current;
    // A run that was stopped may be ending still, and two would write to one copy.
    this.#run = this.#run.then(() => this.#follow(current.signal));
  }

  /** Resolves once nothing more is told or asked. The copy stays as it is. */
  async stop(): Promise<void> {
    this.#current?.abort();
    this.#current = null;
    await this.#run;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#version = null;
    this.#hasStreamed = false;
    while (!signal.aborted) {
      const from = this.#now();
      const asked = await this.#turn(signal);
      if (signal.aborted) return;
      // A server that ends or fails at once must not be asked at once, time and again.
      const isOld = this.#isOld(from);
      if (isOld) this.#backoff.reset();
      if (isOld && asked === null) continue;
      await this.#wait(Math.max(this.#backoff.next(), asked ?? 0), signal);
    }
  }

  /** One list where it is needed, and one stream. Resolves with null, or what pause a failure asks for in ms. */
  async #turn(signal: AbortSignal): Promise<number | null> {
    try {
      this.#version ??= await this.#relist(signal);
      await this.#stream(this.#version, signal);
      return null;
    } catch (error) {
      if (signal.aborted) return null;
      if (!keepsVersion(error)) this.#version = null;
      this.#report(error);
      return error instanceof ApiError ? Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS) : 0;
    }
  }

  #report(error: unknown): void {
    const { log, kind } = this.#options;
    // The server forgets versions as a matter of course.
    const isUsual = error instanceof ApiError && error.code === 410;
    const message = error instanceof Error ? error.message : String(error);
    const level = isUsual || message === this.#failure ? 'debug' : 'warn';
    log[level]({ kind: kind.kind, err: error }, 'Watch failed, will be tried again');
    if (!isUsual) this.#failure = message;
  }

  /** Whether it lasted long enough to call it working. */
  #isOld(from: number): boolean {
    return this.#now() - from >= (this.#options.backoffMs ?? BACKOFF_MS).longest;
  }

  #heard(from: number): void {
    this.#lastHeardMs = this.#now();
    if (this.#failure === null || !this.#isOld(from)) return;
    this.#failure = null;
    this.#options.log.info({ kind: this.kind.kind }, 'Watch works again');
  }

  #prepared(object: KubeObject): KubeObject {
    const slim = withoutManagers(object);
    return this.#options.transform?.(slim) ?? slim;
  }

  async #relist(signal: AbortSignal): Promise<string> {
    const { items, resourceVersion } = await this.#options.objects.list(this.kind, { ...this.#select, signal });
    signal.throwIfAborted();
    this.#lastHeardMs = this.#now();
    const former = this.#objects;
    this.#objects = new Map(items.map((item) => [keyOf(item), this.#prepared(item)]));
    const changes = this.#changes(former);
    const missed = changes.filter(({ object }) => !this.#untold.has(keyOf(object))).length;
    if (this.#hasStreamed && missed > 0) this.#options.onMissed?.(missed);
    for (const change of changes) this.#tell(change);
    this.#isSynced = true;
    this.#sync();
    return resourceVersion;
  }

  /** What is to be told of a new list: what differs from the former, and what the handler threw at. */
  #changes(former: ReadonlyMap<string, KubeObject>): Change[] {
    const changes: Change[] = [];
    for (const [key, object] of this.#objects) {
      const known = former.get(key) ?? null;
      const untold = this.#untold.get(key);
      if (untold !== undefined) changes.push({ object, before: untold.before, isDeleted: false });
      else if (known?.metadata.resourceVersion !== object.metadata.resourceVersion) {
        changes.push({ object, before: known, isDeleted: false });
      }
    }
    for (const [key, object] of former) {
      if (!this.#objects.has(key) && !this.#untold.has(key)) changes.push({ object, before: object, isDeleted: true });
    }
    for (const [key, { object, before }] of this.#untold) {
      if (!this.#objects.has(key)) changes.push({ object, before, isDeleted: true });
    }
    return changes;
  }

  #tell({ object, before, isDeleted }: Change): void {
    const key = keyOf(object);
    try {
      this.#options.onChange(object, before, isDeleted);
      this.#untold.delete(key);
    } catch (error) {
      this.#untold.set(key, { before, object });
      this.#options.log.error({ kind: this.kind.kind, object: key, err: error }, 'Handler of a change failed');
    }
  }

  async #stream(version: string, signal: AbortSignal): Promise<void> {
    const { objects, random = Math.random } = this.#options;
    const seconds = SHORTEST_STREAM_S + Math.floor(random() * (LONGEST_STREAM_S - SHORTEST_STREAM_S + 1));
    this.#hasStreamed = true;
    const from = this.#now();
    const events = objects.watch(this.kind, {
      ...this.#select,
      resourceVersion: version,
      timeoutSeconds: seconds,
      signal,
    });
    for await (const event of events) {
      if (signal.aborted) return;
      this.#heard(from);
      this.#accept(event);
    }
    this.#heard(from);
  }

  #accept({ type, object: told }: WatchEvent): void {
    this.#version = told.metadata.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    const object = this.#prepared(told);
    const key = keyOf(object);
    const untold = this.#untold.get(key);
    const before = untold === undefined ? (this.#objects.get(key) ?? null) : untold.before;
    const isDeleted = type === 'DELETED';
    if (isDeleted) this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#tell({ object, before, isDeleted });
  }
}

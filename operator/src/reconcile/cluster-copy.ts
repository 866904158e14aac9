import { FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';
import type { Logger } from '@voteapp/kit/log';

import { ApiError, type ApiServer } from '../runtime/api-server.ts';
import type { Kind, KubeObject } from '../runtime/object.ts';
import type { ListOptions, Objects } from '../runtime/objects.ts';
import { Reflector } from '../runtime/reflector.ts';
import { CHILD_KINDS, CLAIM, OPTIONAL_KINDS, POD, SECRET, VOTING_APP } from './kinds.ts';

const OURS: ListOptions = { labelSelector: `${LABELS.managedBy}=${FIELD_MANAGERS.objects}` };
/** How long an answer to whether a kind is served holds, in ms. */
const SERVED_MS = 30_000;

export interface ClusterCopyOptions {
  readonly server: ApiServer;
  readonly objects: Objects;
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[];
  readonly log: Logger;
  readonly onChange: (object: KubeObject, before: KubeObject | null, isDeleted: boolean) => void;
  readonly onMissed?: (kind: Kind, count: number) => void;
  /** A clock that never goes back, in ms. */
  readonly now?: () => number;
}

/** What a pod is needed for here, which is a small part of it. */
function slimPod({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata, status };
}

function selectionOf(kind: Kind): Pick<ConstructorParameters<typeof Reflector>[0], 'select' | 'transform'> {
  switch (kind) {
    case VOTING_APP:
      return {};
    case SECRET:
      // Of all of them, for a resource may name any; but never what is in them.
      return { select: { metadataOnly: true } };
    case POD:
      return { select: OURS, transform: slimPod };
    default:
      return { select: OURS };
  }
}

/** A copy of what the operator watches, in the namespaces that it watches. */
export class ClusterCopy {
  readonly #options: ClusterCopyOptions;
  readonly #reflectors = new Map<string, readonly Reflector[]>();
  readonly #asked = new Map<string, number>();
  readonly #now: () => number;
  #isRunning = false;

  constructor(options: ClusterCopyOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  #follow(kind: Kind): readonly Reflector[] {
    const { objects, namespaces, log, onChange, onMissed } = this.#options;
    const { select, transform } = selectionOf(kind);
    const reflectors = (namespaces.length === 0 ? [undefined] : namespaces).map(
      (namespace) =>
        new Reflector({
          objects,
          kind,
          select: { ...select, namespace },
          log,
          onChange,
          ...(transform === undefined ? {} : { transform }),
          onMissed: (count) => onMissed?.(kind, count),
        }),
    );
    this.#reflectors.set(kind.kind, reflectors);
    for (const reflector of reflectors) reflector.start();
    return reflectors;
  }

  /** Resolves when all that is watched has been listed once. */
  async start(): Promise<void> {
    this.#isRunning = true;
    const always = [VOTING_APP, SECRET, POD, CLAIM, ...CHILD_KINDS].flatMap((kind) => this.#follow(kind));
    await Promise.all(always.map(({ synced }) => synced));
    await Promise.all(OPTIONAL_KINDS.map((kind) => this.serves(kind)));
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all([...this.#reflectors.values()].flat().map((reflector) => reflector.stop()));
  }

  get isSynced(): boolean {
    const reflectors = [...this.#reflectors.values()].flat();
    return reflectors.length > 0 && reflectors.every(({ isSynced }) => isSynced);
  }

  /** Whether the server has objects of an optional kind; once it has, they are followed. Throws what the server throws. */
  async serves(kind: Kind): Promise<boolean> {
    const followed = this.#reflectors.get(kind.kind);
    if (followed !== undefined) {
      await Promise.all(followed.map(({ synced }) => synced));
      return true;
    }
    const asked = this.#asked.get(kind.kind);
    if (asked !== undefined && this.#now() - asked < SERVED_MS) return false;
    if (!(await this.#isServed(kind))) {
      this.#asked.set(kind.kind, this.#now());
      return false;
    }
    if (!this.#isRunning) return false;
    // Somebody else may have begun meanwhile.
    const reflectors = this.#reflectors.get(kind.kind) ?? this.#follow(kind);
    await Promise.all(reflectors.map(({ synced }) => synced));
    return true;
  }

  async #isServed({ apiVersion, plural }: Kind): Promise<boolean> {
    try {
      const path = `/apis/${apiVersion}`;
      const { resources } = (await this.#options.server.request({ method: 'GET', path })) as {
        resources: readonly { readonly name: string }[];
      };
      return resources.some(({ name }) => name === plural);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return false;
      throw error;
    }
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    for (const reflector of this.#reflectors.get(kind.kind) ?? []) {
      const object = reflector.get(namespace, name);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  list(kind: Kind, namespace?: string): KubeObject[] {
    return (this.#reflectors.get(kind.kind) ?? []).flatMap((reflector) => [...reflector.list(namespace)]);
  }

  /** What the operator has made of a VotingApp, and what belongs to that: of one kind. */
  listOf(kind: Kind, namespace: string, app: string): KubeObject[] {
    return this.list(kind, namespace).filter(
      ({ metadata: { labels } }) =>
        labels?.[LABELS.instance] === app && labels[LABELS.managedBy] === FIELD_MANAGERS.objects,
    );
  }
}

import { APP_LABEL, LABELS } from '@voteapp/contracts/cluster-objects';
import { CHILD_KINDS, CLAIM, DEPLOYMENT, OPTIONAL_KINDS, POD, SECRET } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { Kind, KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { findOperators } from '../cluster/operators.ts';
import type { StoredApp } from '../cluster/voting-apps.ts';

/** Something that goes into the archive, as it was read. */
export type Collected =
  | { readonly path: string; readonly object: KubeObject }
  | { readonly path: string; readonly value: unknown }
  | { readonly path: string; readonly text: string };

/** What was read, and why the rest could not be. */
export interface Collection {
  readonly files: Collected[];
  readonly missing: string[];
}

const EVENT: Kind = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true };
const LEASE: Kind = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true };
const REPLICA_SET: Kind = { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true };
/** Of one log: the last of it. */
const LOG_LINES = 20_000;
const LOG_BYTES = 8 * 1024 * 1024;

interface PodFields {
  readonly spec?: { readonly containers?: readonly Named[]; readonly initContainers?: readonly Named[] };
  readonly status?: { readonly containerStatuses?: readonly (Named & { readonly restartCount?: number })[] };
}

interface Named {
  readonly name: string;
}

/** Reads what it can of a cluster; what is refused or not there is missing, and stops nothing. */
export class Collector {
  readonly #cluster: Cluster;
  readonly #signal: AbortSignal;
  readonly collection: Collection = { files: [], missing: [] };

  constructor(cluster: Cluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#signal = signal;
  }

  /** What is asked for, under its path; a failure is written down. */
  async attempt<T>(what: string, ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      this.#signal.throwIfAborted();
      this.collection.missing.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  add(file: Collected): void {
    this.collection.files.push(file);
  }

  async #list(kind: Kind, namespace: string, labelSelector?: string): Promise<KubeObject[]> {
    const limits = { namespace, signal: this.#signal, ...(labelSelector !== undefined && { labelSelector }) };
    const list = async (): Promise<KubeObject[]> => {
      try {
        return (await this.#cluster.objects.list(kind, limits)).items;
      } catch (error) {
        // A kind that nobody has installed.
        if (error instanceof ApiError && error.code === 404) return [];
        throw error;
      }
    };
    return (await this.attempt(`${kind.plural} in ${namespace}`, list)) ?? [];
  }

  async #objects(
    folder: string,
    kinds: readonly Kind[],
    namespace: string,
    labelSelector: string,
  ): Promise<KubeObject[]> {
    const lists = await Promise.all(kinds.map((kind) => this.#list(kind, namespace, labelSelector)));
    const found = lists.flat();
    for (const object of found) {
      this.add({ path: `${folder}/${object.kind.toLowerCase()}-${object.metadata.name}.yaml`, object });
    }
    return found;
  }

  async #log(folder: string, pod: KubeObject, container: string, previous: boolean): Promise<void> {
    const { namespace = '', name } = pod.metadata;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
    const which = previous ? 'previous' : 'log';
    const text = await this.attempt(`${which} of ${name}/${container}`, async () =>
      this.#cluster.server.request({
        method: 'GET',
        path,
        query: {
          container,
          previous: previous || undefined,
          tailLines: LOG_LINES,
          limitBytes: LOG_BYTES,
          timestamps: true,
        },
        // A log is text whatever it says of itself.
        accept: 'text/plain, */*',
        signal: this.#signal,
      }),
    );
    if (text === null) return;
    const content = typeof text === 'string' ? text : JSON.stringify(text);
    this.add({ path: `${folder}/logs/${name}/${container}.${previous ? 'previous.log' : 'log'}`, text: content });
  }

  /** The logs of pods, and of what ran in them before their last restart. */
  async #logs(folder: string, pods: readonly KubeObject[]): Promise<void> {
    for (const pod of pods) {
      const { spec, status } = pod as PodFields & KubeObject;
      const { containers = [], initContainers = [] } = spec ?? {};
      for (const { name } of [...initContainers, ...containers]) {
        await this.#log(folder, pod, name, false);
        const ran = status?.containerStatuses?.find((each) => each.name === name);
        if ((ran?.restartCount ?? 0) > 0) await this.#log(folder, pod, name, true);
      }
    }
  }

  async #events(folder: string, namespace: string, isOf: (name: string) => boolean): Promise<void> {
    const events = (await this.#list(EVENT, namespace)).filter(({ regarding }) =>
      isOf((regarding as Named | undefined)?.name ?? ''),
    );
    for (const event of events) this.add({ path: `${folder}/events/${event.metadata.name}.yaml`, object: event });
  }

  /** A VotingApp with all that was made of it. */
  async app(app: StoredApp): Promise<void> {
    const { namespace = this.#cluster.namespace, name } = app.metadata;
    const folder = `voting-apps/${namespace}/${name}`;
    this.add({ path: `${folder}/votingapp.yaml`, object: app });
    const selector = `${LABELS.name}=${APP_LABEL},${LABELS.instance}=${name}`;
    const kinds = [...CHILD_KINDS, ...OPTIONAL_KINDS, SECRET, CLAIM, REPLICA_SET];
    await this.#objects(folder, kinds, namespace, selector);
    const pods = await this.#objects(folder, [POD], namespace, selector);
    await this.#logs(folder, pods);
    await this.#events(folder, namespace, (of) => of === name || of.startsWith(`${name}-`) || of.includes(`-${name}-`));
  }

  /** The operators, as far as the user may look. */
  async operators(): Promise<void> {
    const { namespace } = this.#cluster;
    const found = (await this.attempt('operators', () => findOperators(this.#cluster, namespace))) ?? [];
    for (const operator of found) {
      const folder = `operators/${operator.namespace}`;
      const selector = `${LABELS.name}=${operator.deployment.metadata.labels?.[LABELS.name] ?? ''}`;
      await this.#objects(folder, [DEPLOYMENT, REPLICA_SET], operator.namespace, selector);
      await this.#logs(folder, await this.#objects(folder, [POD], operator.namespace, selector));
      for (const lease of await this.#list(LEASE, operator.namespace)) {
        this.add({ path: `${folder}/lease-${lease.metadata.name}.yaml`, object: lease });
      }
      await this.#events(folder, operator.namespace, (of) => of.startsWith(operator.name));
    }
  }
}

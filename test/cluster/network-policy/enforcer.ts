import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

import type { Kind, KubeClient, KubeObject } from '../client.ts';
import { follow, keyOf, type Seen } from '../follow.ts';
import { nftablesScript } from './nftables.ts';
import type { ClusterObjects } from './objects.ts';
import { rulesOf } from './rules.ts';

const PAUSE_MS = 20;

const KINDS: Readonly<Record<keyof ClusterObjects, Kind>> = {
  policies: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  pods: { apiVersion: 'v1', kind: 'Pod' },
  namespaces: { apiVersion: 'v1', kind: 'Namespace' },
};
const FOLLOWED = Object.entries(KINDS);

/** NetworkPolicies that a kernel follows. */
export interface Enforcement {
  /** Resolves when all that the API server had at the call is in the kernel. Throws what keeps it out. */
  settled(): Promise<void>;
  /** Leaves the kernel's rules as they are. */
  stop(): Promise<void>;
}

function isSame(listed: readonly KubeObject[], seen: Seen): boolean {
  const version = (object: KubeObject | undefined) => object?.metadata.resourceVersion;
  return listed.length === seen.size && listed.every((object) => version(object) === version(seen.get(keyOf(object))));
}

/**
 * Keeps the rules of a node what the cluster's NetworkPolicies, pods and namespaces ask for. `apply` gives a script to
 * `nft -f -` in the node's network; it is called for one script at a time, and for none twice in a row. `report` is told
 * what goes wrong, once until it goes well again; the next change is the next try.
 */
export function enforcePolicies(
  client: KubeClient,
  apply: (script: string) => Promise<void>,
  report: (error: unknown) => void,
): Enforcement {
  const stopping = new AbortController();
  const seen = new Map<string, Seen>();
  let enforced = '';
  let enforcing: Promise<void> | null = null;
  let failing = false;

  function script(): string {
    const objects = FOLLOWED.map(([name]) => [name, [...(seen.get(name)?.values() ?? [])]] as const);
    return nftablesScript(rulesOf(Object.fromEntries(objects) as unknown as ClusterObjects));
  }
  function fail(error: unknown): void {
    if (!failing) report(error);
    failing = true;
  }
  async function catchUp(): Promise<void> {
    try {
      // Changes that come together go together.
      await turn();
      for (let wanted = script(); wanted !== enforced; wanted = script()) {
        await apply(wanted);
        enforced = wanted;
      }
      failing = false;
    } catch (error) {
      fail(error);
      throw error;
    } finally {
      enforcing = null;
    }
  }
  function enforce(): Promise<void> {
    enforcing ??= catchUp();
    return enforcing;
  }
  async function followAll(): Promise<void> {
    const works = FOLLOWED.map(([name, kind]) => {
      const changed = (objects: Seen) => {
        seen.set(name, objects);
        if (seen.size === FOLLOWED.length) enforce().catch(() => {});
      };
      return follow(client, kind, {}, changed, stopping.signal);
    });
    try {
      await Promise.all(works);
    } catch (error) {
      stopping.abort();
      fail(error);
      throw error;
    }
  }
  async function knowsAll(): Promise<boolean> {
    const lists = await Promise.all(FOLLOWED.map(([, kind]) => client.list(kind)));
    return FOLLOWED.every(([name], index) => isSame(lists[index] ?? [], seen.get(name) ?? new Map()));
  }

  const work = followAll();
  // Told by `settled` too.
  work.catch(() => {});
  return {
    async settled() {
      while (!stopping.signal.aborted) {
        if (await knowsAll()) return await enforce();
        await wait(PAUSE_MS);
      }
      await work;
      throw new Error('Network policies are enforced no more');
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled([work, enforcing]);
    },
  };
}

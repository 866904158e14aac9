import { inject } from 'vitest';

import type { Image } from '../../scripts/images/images.ts';
import { askFor } from '../tools/started-once.ts';
import { type ClientOptions, KubeClient } from './client.ts';
import type { Cluster, Level } from './cluster.ts';
import { createNamespace } from './namespace.ts';

declare module 'vitest' {
  interface ProvidedContext {
    sharedClustersPort: number;
  }
}

/** What crosses from the process that holds a cluster to a suite's. */
export interface ClusterData extends Pick<Cluster, 'level' | 'source' | 'version' | 'kubeconfig' | 'kubectl'> {
  readonly ingressUrl: string | undefined;
  readonly auditLog: string | undefined;
  readonly options: ClientOptions;
}

/** A cluster that all suites of the run share, each in namespaces of its own. */
export type SharedCluster = Omit<Cluster, 'parts' | 'stop'> & {
  /** Ends this suite's connections to it, and what it runs on a node. */
  leave(): Promise<void>;
};

type ImageName = 'vote' | 'worker' | 'front' | 'operator';

/** The images of the services and the operator as their sources are, built once for the run. */
export async function serviceImages(): Promise<Record<ImageName, Image>> {
  const images = await askFor<Record<ImageName, Image>>(inject('sharedClustersPort'), '["images"]');
  if (images === null) throw new Error('There are no images');
  return images;
}

/** The time that a first start may take on a machine where nothing is built yet. */
export const FIRST_START_MS = 30 * 60_000;

/** The cluster of a level that all suites of the run share; null where there is none. */
export async function sharedCluster(level: Level): Promise<SharedCluster | null> {
  const port = inject('sharedClustersPort');
  const data = await askFor<ClusterData>(port, JSON.stringify([level]));
  if (data === null) return null;
  const { options, ...rest } = data;
  const client = new KubeClient(data.kubeconfig, options);
  const namespaces: string[] = [];
  return {
    ...rest,
    client,
    async createNamespace(labels) {
      const name = await createNamespace(client, 'test', labels);
      namespaces.push(name);
      return name;
    },
    loadImage: async (archive) => void (await askFor(port, JSON.stringify([level, archive]))),
    async leave() {
      // What runs on a node would take its cores until the end of the run. Pods that are played end with who plays them.
      const used = level === 'node' ? namespaces : [];
      await Promise.all(used.map((name) => client.remove({ apiVersion: 'v1', kind: 'Namespace', name })));
      await client.close();
    },
  };
}

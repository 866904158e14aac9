import { startApiLevel } from './api-level.ts';
import type { KubeClient } from './client.ts';
import type { ControlPlaneParts } from './control-plane.ts';
import { startDockerCluster } from './docker-cluster.ts';
import { useExistingCluster } from './existing.ts';
import { kubernetesPrograms } from './go-programs.ts';
import { ClusterMissing, had } from './missing.ts';
import { startNodeLevel } from './node/node-level.ts';
import { findSource, type Source } from './source.ts';

/** `api`: a control plane without nodes. `node`: one real node as well. */
export type Level = 'api' | 'node';

/** A Kubernetes to test against. */
export interface Cluster {
  readonly level: Level;
  readonly source: Source;
  /** As "1.34". */
  readonly version: string;
  /** The path of a kubeconfig file with every right. */
  readonly kubeconfig: string;
  readonly client: KubeClient;
  /** A kubectl of its version; absent where there is none but perhaps on PATH. */
  readonly kubectl?: string | undefined;
  /** Where Ingresses and HTTPRoutes are served, by HTTP; absent where the cluster is not known to serve any. */
  readonly ingressUrl?: string | undefined;
  /** The API server's audit log; absent where it cannot be read. */
  readonly auditLog?: string | undefined;
  /** The processes of its control plane; absent where they are not ours to maltreat. */
  readonly parts?: ControlPlaneParts;
  /** Makes a namespace that no other test has and returns its name; it goes with the cluster. */
  createNamespace(labels?: Readonly<Record<string, string>>): Promise<string>;
  /** Makes the images of an archive (docker's or OCI's) known to the nodes. */
  loadImage(archive: string): Promise<void>;
  /** Ends it and removes whatever it made. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster, or uses the one that VOTEAPP_TEST_KUBECONFIG names. It never outlives this process, whatever ends it.
 * Throws ClusterMissing where this machine can have none.
 */
export async function startCluster({ level }: { readonly level: Level }): Promise<Cluster> {
  const choice = await findSource(level);
  if ('missing' in choice) throw new ClusterMissing(choice.missing);
  switch (choice.source) {
    case 'existing':
      return await useExistingCluster(choice.kubeconfig, level);
    case 'kind':
    case 'k3d':
      return await startDockerCluster(choice.source, level, choice.release);
    case 'kubebuilder':
      return await startApiLevel(choice.source, choice.folder);
    case 'built': {
      const programs = await had(kubernetesPrograms(choice.release));
      return level === 'api' ? await startApiLevel(choice.source, programs) : await startNodeLevel(programs);
    }
  }
}

import type { TestProject } from 'vitest/node';

import { projectImages } from '../../scripts/images/images.ts';
import { isRequired } from '../tools/programs.ts';
import { startOnce } from '../tools/started-once.ts';
import { type Cluster, type Level, startCluster } from './cluster.ts';
import { ClusterMissing } from './missing.ts';
import type { ClusterData } from './shared.ts';

/** Starts a cluster, or tells why there is none: where VOTEAPP_TEST_REQUIRE names it, by throwing. */
async function clusterUnlessMissing(level: Level): Promise<Cluster | null> {
  try {
    return await startCluster({ level });
  } catch (error) {
    if (!(error instanceof ClusterMissing)) throw error;
    if (isRequired(`k8s-${level}`)) throw new Error(`The tests need Kubernetes: ${error.message}`, { cause: error });
    process.stderr.write(`Tests with Kubernetes (k8s-${level}) are skipped: ${error.message}.\n`);
    return null;
  }
}

/**
 * Starts each level, and builds the images, when a suite first asks for it (`shared.ts`), once for the run, and ends all
 * with the run.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const clusters = new Map<Level, Cluster>();
  const starter = await startOnce(async (question) => {
    const [level, archive] = JSON.parse(question) as [Level | 'images', string?];
    if (level === 'images') return await projectImages(['vote', 'worker', 'front', 'operator']);
    if (archive !== undefined) {
      await clusters.get(level)?.loadImage(archive);
      return {};
    }
    const cluster = await clusterUnlessMissing(level);
    if (cluster === null) return null;
    clusters.set(level, cluster);
    const { source, version, kubeconfig, kubectl, ingressUrl, auditLog, client } = cluster;
    const { options } = client;
    const data: ClusterData = { level, source, version, kubeconfig, kubectl, ingressUrl, auditLog, options };
    return { ...data, stop: () => cluster.stop() };
  });
  project.provide('sharedClustersPort', starter.port);
  return () => starter.stop();
}

import type { TestProject } from 'vitest/node';

import { projectImages } from '../../scripts/images/images.ts';
import { startOnce } from '../tools/started-once.ts';
import type { Cluster, Level } from './cluster.ts';
import { clusterUnlessMissing } from './cluster-unless-missing.ts';
import type { ClusterData } from './shared.ts';

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

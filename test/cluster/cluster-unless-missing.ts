import { isRequired } from '../tools/programs.ts';
import { type Cluster, type Level, startCluster } from './cluster.ts';
import { ClusterMissing } from './missing.ts';

/** Starts a cluster, or tells why there is none: where VOTEAPP_TEST_REQUIRE names it, by throwing. */
export async function clusterUnlessMissing(level: Level): Promise<Cluster | null> {
  try {
    return await startCluster({ level });
  } catch (error) {
    if (!(error instanceof ClusterMissing)) throw error;
    if (isRequired(`k8s-${level}`)) throw new Error(`The tests need Kubernetes: ${error.message}`, { cause: error });
    process.stderr.write(`Tests with Kubernetes (k8s-${level}) are skipped: ${error.message}.\n`);
    return null;
  }
}

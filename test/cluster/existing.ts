import { type Kind, KubeClient, refOf } from './client.ts';
import type { Cluster, Level } from './cluster.ts';
import { waitUntilGone } from './conditions.ts';
import { createNamespace } from './namespace.ts';

const PREFIX = 'voteapp-test';
/** On whatever tests made in a cluster that was there before them; its value is the namespace that is each user's own. */
const OWNER = 'voteapp.dev/test-cluster';
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'votingapps.voteapp.dev',
} as const;
const NAMESPACE: Kind = { apiVersion: 'v1', kind: 'Namespace' };
const GONE = { timeoutMs: 180_000 };

async function refuseForeignDefinition(client: KubeClient): Promise<void> {
  const definition = await client.get(DEFINITION);
  if (definition === null || definition.metadata.labels?.[OWNER] !== undefined) return;
  const where = client.cluster;
  throw new Error(
    `${where} has a definition of VotingApp that no test made, and tests would change it: name another cluster`,
  );
}

async function removeAll(client: KubeClient, kind: Kind, labelSelector: string): Promise<void> {
  const found = (await client.list(kind, { labelSelector })).map(refOf);
  for (const ref of found) await client.remove(ref, { propagationPolicy: 'Foreground' });
  for (const ref of found) await waitUntilGone(client, ref, GONE);
}

/**
 * Uses a cluster that is there already, beside whatever is in it and beside others who do the same. What tests make goes
 * with them: their namespaces and, where their client made them, objects that have none; of these the definitions only
 * with the last user, for all share them. Throws where the cluster has a VotingApp definition of somebody else's.
 */
export async function useExistingCluster(kubeconfig: string, level: Level): Promise<Cluster> {
  const cleaner = new KubeClient(kubeconfig);
  let own: string;
  try {
    await refuseForeignDefinition(cleaner);
    own = await createNamespace(cleaner, PREFIX);
    // Its own name is its label, as every other namespace of this user has it.
    await cleaner.merge({ ...NAMESPACE, name: own }, { metadata: { labels: { [OWNER]: own } } });
  } catch (error) {
    await cleaner.close();
    throw error;
  }
  const client = new KubeClient(kubeconfig, { clusterLabels: { [OWNER]: own } });

  async function clean(): Promise<void> {
    await removeAll(cleaner, NAMESPACE, `${OWNER}=${own}`);
    const last = (await cleaner.list(NAMESPACE, { labelSelector: OWNER })).length === 0;
    for (const kind of await cleaner.kinds({ namespaced: false })) {
      if (last) await removeAll(cleaner, kind, OWNER);
      else if (kind.kind !== DEFINITION.kind) await removeAll(cleaner, kind, `${OWNER}=${own}`);
    }
  }
  return {
    level,
    source: 'existing',
    version: await client.release(),
    kubeconfig,
    client,
    createNamespace: (labels) => createNamespace(client, own, labels),
    async loadImage() {
      throw new Error('The nodes of an existing cluster take images from their registries only');
    },
    async stop() {
      await client.close();
      try {
        await clean();
      } finally {
        await cleaner.close();
      }
    },
  };
}

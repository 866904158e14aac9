import { FIELD_MANAGERS, LABELS, OPERATOR_LABEL } from '@voteapp/contracts/cluster-objects';
import { CLAIM, DEPLOYMENT, SECRET, STATEFUL_SET, VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { Kind, KubeObject } from '@voteapp/operator/runtime/object';
import type { ListOptions } from '@voteapp/operator/runtime/objects';

import type { Cluster } from '../cluster/cluster.ts';

/** A VotingApp, as far as it matters to whoever removes it. */
export interface Poll extends KubeObject {
  readonly spec?: { readonly deletionPolicy?: string };
}

async function listed({ objects }: Cluster, kind: Kind, options: ListOptions): Promise<KubeObject[]> {
  try {
    return (await objects.list(kind, options)).items;
  } catch (error) {
    // The type is not installed, and so there is none.
    if (error instanceof ApiError && error.code === 404) return [];
    throw error;
  }
}

async function inEach(
  cluster: Cluster,
  kind: Kind,
  namespaces: readonly string[],
  selector: ListOptions = {},
): Promise<KubeObject[]> {
  if (namespaces.length === 0) return await listed(cluster, kind, selector);
  const all = namespaces.map(async (namespace) => listed(cluster, kind, { namespace, ...selector }));
  return (await Promise.all(all)).flat();
}

/** The VotingApps of the namespaces, or of all where none is named. */
export async function pollsIn(cluster: Cluster, namespaces: readonly string[]): Promise<Poll[]> {
  return await inEach(cluster, VOTING_APP, namespaces);
}

/** What the operator has stored for polls and keeps when they go: volumes and passwords. */
export async function dataIn(
  cluster: Cluster,
  namespaces: readonly string[],
): Promise<{ readonly claims: readonly KubeObject[]; readonly secrets: readonly KubeObject[] }> {
  const selector = { labelSelector: `${LABELS.managedBy}=${FIELD_MANAGERS.objects}`, metadataOnly: true };
  const [claims, secrets] = await Promise.all(
    [CLAIM, SECRET].map(async (kind) => inEach(cluster, kind, namespaces, selector)),
  );
  return { claims: claims ?? [], secrets: secrets ?? [] };
}

const CONFIG_MAP: Kind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** What else somebody keeps in a namespace; what the cluster puts into every one does not count. */
export async function othersIn(cluster: Cluster, namespace: string): Promise<KubeObject[]> {
  const kinds = [VOTING_APP, CLAIM, SECRET, DEPLOYMENT, STATEFUL_SET, CONFIG_MAP];
  const found = await Promise.all(kinds.map(async (kind) => listed(cluster, kind, { namespace, metadataOnly: true })));
  return found
    .flat()
    .filter(({ kind, metadata }) => kind !== CONFIG_MAP.kind || !metadata.name.endsWith('-ca.crt'))
    .filter(({ metadata }) => metadata.labels?.[LABELS.name] !== OPERATOR_LABEL);
}

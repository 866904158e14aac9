import { LABELS, OPERATOR_LABEL } from '@voteapp/contracts/cluster-objects';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { Kind, KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { helmRelease } from '../cluster/helm.ts';
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING } from './manifest.ts';

interface Binding extends KubeObject {
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly namespace?: string }[];
}

const OPERATORS = `${LABELS.name}=${OPERATOR_LABEL}`;

function bindsTo({ subjects = [] }: Binding, namespace: string): boolean {
  return subjects.some((subject) => subject.namespace === namespace);
}

/** Bindings of the cluster; of the namespace where the user may not look further. */
async function listed({ objects }: Cluster, binding: Kind, namespace: string): Promise<readonly KubeObject[]> {
  const labelSelector = OPERATORS;
  try {
    return (await objects.list(binding, { labelSelector })).items;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    return binding.namespaced ? (await objects.list(binding, { namespace, labelSelector })).items : [];
  }
}

async function found(cluster: Cluster, binding: Kind, role: Kind, namespace: string): Promise<KubeObject[]> {
  const items = await listed(cluster, binding, namespace);
  const bindings = (items as Binding[]).filter((one) => bindsTo(one, namespace) && helmRelease(one) === null);
  const roles = bindings.map(async ({ metadata, roleRef }) =>
    cluster.objects.get(role, { namespace: metadata.namespace, name: roleRef?.name ?? metadata.name }),
  );
  return [...bindings, ...(await Promise.all(roles)).filter((one) => one !== null)];
}

/**
 * The roles and bindings that give rights to the operator of a namespace, wherever they are: which of them there are, its
 * settings of another day decided. Bindings come first.
 */
export async function rightsGiven(cluster: Cluster, namespace: string): Promise<KubeObject[]> {
  return [
    ...(await found(cluster, CLUSTER_ROLE_BINDING, CLUSTER_ROLE, namespace)),
    ...(await found(cluster, ROLE_BINDING, ROLE, namespace)),
  ];
}

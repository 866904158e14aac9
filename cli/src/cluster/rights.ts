import type { Kind } from '@voteapp/operator/runtime/object';

import type { Cluster } from './cluster.ts';

/** Something that a user may do, or not. */
export interface Right {
  readonly verb: string;
  readonly kind: Pick<Kind, 'apiVersion' | 'plural'>;
  /** As "portforward". */
  readonly subresource?: string;
  /** Without it, in all namespaces. */
  readonly namespace?: string | undefined;
}

function groupOf({ apiVersion }: Pick<Kind, 'apiVersion'>): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** As "create clusterroles.rbac.authorization.k8s.io". */
export function nameOfRight({ verb, kind, subresource, namespace }: Right): string {
  const group = groupOf(kind);
  const what = [kind.plural, subresource].filter(Boolean).join('/') + (group === '' ? '' : `.${group}`);
  return `${verb} ${what}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

async function isGranted({ server }: Cluster, { verb, kind, subresource, namespace }: Right): Promise<boolean> {
  const resourceAttributes = { verb, group: groupOf(kind), resource: kind.plural, subresource, namespace };
  const answer = (await server.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
  })) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
}

/** Those of the rights that the cluster's user has not, in their order. */
export async function missingRights(cluster: Cluster, rights: readonly Right[]): Promise<Right[]> {
  const granted = await Promise.all(rights.map(async (right) => isGranted(cluster, right)));
  return rights.filter((_, at) => granted[at] !== true);
}

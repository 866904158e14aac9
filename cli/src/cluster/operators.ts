import { LABELS, OPERATOR_LABEL } from '@voteapp/contracts/cluster-objects';
import { DEPLOYMENT } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from './cluster.ts';

/** An operator that is installed, by whatever tool. */
export interface InstalledOperator {
  readonly namespace: string;
  readonly name: string;
  /** Its release; null where nobody has written it down. */
  readonly version: string | null;
  /** Namespaces that it watches; none: all. */
  readonly watches: readonly string[];
  readonly deployment: KubeObject;
}

interface Container {
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

const WATCH_FLAG = '--watch-namespace=';
const SELECTOR = `${LABELS.name}=${OPERATOR_LABEL}`;

function watchedBy(deployment: KubeObject): string[] {
  const { template } = (deployment['spec'] ?? {}) as { template?: { spec?: { containers?: readonly Container[] } } };
  const { args = [], env = [] } = template?.spec?.containers?.[0] ?? {};
  const flag = args.find((argument) => argument.startsWith(WATCH_FLAG))?.slice(WATCH_FLAG.length);
  const list = flag ?? env.find(({ name }) => name === 'WATCH_NAMESPACE')?.value ?? '';
  return list.split(',').filter((name) => name !== '');
}

/** The operator of a Deployment. */
export function operatorOf(deployment: KubeObject): InstalledOperator {
  const { namespace = '', name, labels = {} } = deployment.metadata;
  return { namespace, name, version: labels[LABELS.version] ?? null, watches: watchedBy(deployment), deployment };
}

/** The operators of the cluster; of one namespace where the user may not look at all of them. */
export async function findOperators({ objects }: Cluster, namespace: string): Promise<InstalledOperator[]> {
  try {
    const { items } = await objects.list(DEPLOYMENT, { labelSelector: SELECTOR });
    return items.map(operatorOf);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    const { items } = await objects.list(DEPLOYMENT, { namespace, labelSelector: SELECTOR });
    return items.map(operatorOf);
  }
}

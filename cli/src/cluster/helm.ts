import { LABELS } from '@voteapp/contracts/cluster-objects';
import { SECRET } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from './cluster.ts';

/** A release of Helm's. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
}

const RELEASE_NAME = 'meta.helm.sh/release-name';
const RELEASE_NAMESPACE = 'meta.helm.sh/release-namespace';
const KEEP = 'helm.sh/resource-policy';

/** As a merge patch: takes from an object whatever makes it Helm's. */
export const WITHOUT_HELM = {
  metadata: {
    labels: { [LABELS.managedBy]: null, 'helm.sh/chart': null },
    annotations: { [RELEASE_NAME]: null, [RELEASE_NAMESPACE]: null, [KEEP]: null },
  },
} as const;

/** The release that an object says it is of; null where it says nothing of Helm. */
export function helmRelease({ metadata }: KubeObject): HelmRelease | null {
  const { annotations = {}, labels = {}, namespace = '' } = metadata;
  const name = annotations[RELEASE_NAME];
  if (name === undefined && labels[LABELS.managedBy] !== 'Helm') return null;
  return { name: name ?? '', namespace: annotations[RELEASE_NAMESPACE] ?? namespace };
}

/**
 * Whether Helm still knows the release: what it keeps when it uninstalls bears the release's name for ever. Taken as true
 * where the user may not look.
 */
export async function isInstalled({ objects }: Cluster, { name, namespace }: HelmRelease): Promise<boolean> {
  if (name === '' || namespace === '') return true;
  try {
    const labelSelector = `owner=helm,name=${name}`;
    const { items } = await objects.list(SECRET, { namespace, labelSelector, metadataOnly: true });
    return items.length > 0;
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return true;
    throw error;
  }
}

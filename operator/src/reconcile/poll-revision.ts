import { ANNOTATIONS, FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { revisionOf } from '../desired/poll-config-map.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import { isRefusal } from './apply.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { difference } from './difference.ts';
import { kindOf, POD } from './kinds.ts';

/**
 * Has an edit of the poll reach the workers at once: a kubelet brings a mounted ConfigMap up to date within a minute or
 * so, and at once when the pod changes.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#mounted-configmaps-are-updated-automatically
 */
export async function hastenDefinition(
  { objects, copy }: { readonly objects: Pick<Objects, 'apply'>; readonly copy: Pick<ClusterCopy, 'get' | 'listOf'> },
  app: VotingApp,
  configMap: KubeObject,
): Promise<void> {
  const { namespace = '', name } = app.metadata;
  const there = copy.get(kindOf(configMap), namespace, configMap.metadata.name);
  // A kubelet that looks before the ConfigMap has come looks again in a minute.
  if (there === undefined || difference(configMap['data'], there['data']) !== null) return;
  const revision = String(revisionOf(app));
  for (const { metadata } of copy.listOf(POD, namespace, name)) {
    const isWorker = metadata.labels?.[LABELS.component] === 'worker';
    if (!isWorker || metadata.deletionTimestamp !== undefined) continue;
    if (metadata.annotations?.[ANNOTATIONS.pollRevision] === revision) continue;
    const { uid = '' } = metadata;
    const annotations = { [ANNOTATIONS.pollRevision]: revision };
    const pod = {
      apiVersion: POD.apiVersion,
      kind: POD.kind,
      metadata: { name: metadata.name, namespace, uid, annotations },
    };
    try {
      await objects.apply(POD, pod, { manager: FIELD_MANAGERS.objects, force: true });
    } catch (error) {
      // A pod that has just gone, or whose change somebody forbids: the kubelet comes round to it anyway.
      if (!isRefusal(error)) throw error;
    }
  }
}

import { mkdir, rm } from 'node:fs/promises';

import { type KubeClient, type KubeObject, refOf } from './client.ts';
import { followEach } from './follow.ts';

const PROVISIONER = 'voteapp.dev/test-volumes';
const CLASS = 'standard';
const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const VOLUME = { apiVersion: 'v1', kind: 'PersistentVolume' };
const MADE_BY = 'pv.kubernetes.io/provisioned-by';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** The folders that volumes are. */
export interface VolumeFolders {
  /** The folder of a volume by its name, as the node sees it. */
  path(volume: string): string;
  make(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** For clusters whose pods run nowhere. */
const NO_FOLDERS: VolumeFolders = {
  path: (volume) => `/nowhere/${volume}`,
  make: async () => {},
  remove: async () => {},
};

/** Folders in one that the node sees by the same path. */
export function foldersIn(parent: string): VolumeFolders {
  return {
    path: (volume) => `${parent}/${volume}`,
    make: async (path) => void (await mkdir(path, { recursive: true })),
    remove: (path) => rm(path, { recursive: true, force: true }),
  };
}

const STORAGE_CLASS: KubeObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

/** The node that a claim's volume is to be on; null where there is nothing to do. */
function nodeFor({ metadata, spec, status }: KubeObject): string | null {
  const waits = status?.['phase'] === 'Pending' && metadata.deletionTimestamp === undefined;
  if (!waits || spec?.['storageClassName'] !== CLASS) return null;
  return metadata.annotations?.[SELECTED_NODE] ?? null;
}

function volumeFor(claim: KubeObject, node: string, name: string, path: string): KubeObject {
  const { accessModes, volumeMode, resources } = claim.spec as {
    readonly accessModes: readonly string[];
    readonly volumeMode: string;
    readonly resources: { readonly requests: Readonly<Record<string, string>> };
  };
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  return {
    ...VOLUME,
    metadata: { name, annotations: { [MADE_BY]: PROVISIONER } },
    spec: {
      capacity: resources.requests,
      accessModes,
      volumeMode,
      storageClassName: CLASS,
      persistentVolumeReclaimPolicy: 'Delete',
      // Such a volume is given to the pod's group; one by `hostPath` is not.
      local: { path },
      claimRef: { ...refOf(claim), uid: claim.metadata.uid },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  };
}

/**
 * Makes the default StorageClass "standard" and, for each claim of it that a scheduled pod uses, a volume on that pod's
 * node, which goes with the claim. Works until it is stopped, and then throws what kept it from working.
 */
export async function provisionVolumes(
  client: KubeClient,
  folders: VolumeFolders = NO_FOLDERS,
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();

  async function provision(claim: KubeObject): Promise<void> {
    const node = nodeFor(claim);
    if (node === null) return;
    const name = `pvc-${claim.metadata.uid}`;
    const path = folders.path(name);
    await folders.make(path);
    await client.apply(volumeFor(claim, node, name, path));
  }
  async function reclaim(volume: KubeObject): Promise<void> {
    const { metadata, spec, status } = volume;
    const ours = metadata.annotations?.[MADE_BY] === PROVISIONER;
    if (!ours || status?.['phase'] !== 'Released' || spec?.['persistentVolumeReclaimPolicy'] !== 'Delete') return;
    await client.remove(refOf(volume));
    await folders.remove((spec['local'] as { path: string }).path);
  }
  await client.apply(STORAGE_CLASS);
  const work = Promise.all([
    followEach(client, CLAIM, {}, provision, stopping.signal),
    followEach(client, VOLUME, {}, reclaim, stopping.signal),
  ]);
  // Told by `stop`.
  work.catch(() => {});
  return {
    async stop() {
      stopping.abort();
      await work;
    },
  };
}

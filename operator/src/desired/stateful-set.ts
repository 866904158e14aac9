import type { V1Container, V1StatefulSetSpec, V1Volume } from '@kubernetes/client-node';
import { DEFAULT_STORAGE_SIZE } from '@voteapp/contracts/resource/storage';

import { type Context, declare, type Fields, labelsOf, selectorOf } from './context.ts';
import { podTemplate } from './pod.ts';
import { replicasOf } from './replicas.ts';

/** Time to close cleanly: a database or a broker that is killed has to recover at its next start. */
const GRACE_SECONDS = 60;

interface Server {
  readonly part: 'mysql' | 'rabbitmq';
  readonly storage: { readonly size?: string | undefined; readonly storageClassName?: string | undefined } | undefined;
  readonly container: Fields<V1Container>;
  readonly dataFolder: string;
  /** Folders that it writes to and that may be lost, by the name of their volume. */
  readonly scratch: Readonly<Record<string, string>>;
  /** Volumes that `container` mounts itself. */
  readonly volumes?: readonly Fields<V1Volume>[];
  readonly configuration?: string;
}

/** A server with a volume per pod. Nothing of it that Kubernetes never lets change depends on the resource but its size. */
export function declareStatefulSet(context: Context, server: Server): void {
  const { app, names } = context;
  const { part, storage, container, scratch, volumes = [], configuration } = server;
  const data = { name: 'data', mountPath: server.dataFolder };
  const mounts = Object.entries(scratch).map(([name, mountPath]) => ({ name, mountPath }));
  const spec: Fields<V1StatefulSetSpec> = {
    replicas: replicasOf(context, part).min,
    serviceName: names.nodes(part),
    // Nodes of a broker that start one by one would wait for each other.
    podManagementPolicy: 'Parallel',
    revisionHistoryLimit: 3,
    selector: { matchLabels: selectorOf(context, part) },
    updateStrategy: { type: 'RollingUpdate' },
    persistentVolumeClaimRetentionPolicy: {
      whenDeleted: app.spec.deletionPolicy ?? 'Retain',
      whenScaled: 'Retain',
    },
    template: podTemplate(context, {
      part,
      graceSeconds: GRACE_SECONDS,
      ownsVolumes: true,
      configuration,
      container: { ...container, volumeMounts: [data, ...mounts, ...(container.volumeMounts ?? [])] },
      volumes: [...mounts.map(({ name }) => ({ name, emptyDir: {} })), ...volumes],
    }),
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: data.name, labels: labelsOf(context, part) },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: storage?.storageClassName,
          resources: { requests: { storage: storage?.size ?? DEFAULT_STORAGE_SIZE } },
        },
      },
    ],
  };
  declare(context, { apiVersion: 'apps/v1', kind: 'StatefulSet', name: names.workload(part), part, spec });
}

/** A variable of a container, out of the Secret that the operator made. */
export function secretVariable({ names }: Context, name: string, key: string) {
  return { name, valueFrom: { secretKeyRef: { name: names.secret, key } } };
}

import type { V1Deployment, V1Volume } from '@kubernetes/client-node';
import type { ServiceName } from '@voteapp/contracts/cluster-objects';
import type { KubeObject } from '@voteapp/operator/runtime/object';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What is in each Secret, by its name. */
type SecretContents = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface PodEnvironmentOptions {
  /** What the operator makes of a VotingApp. */
  readonly objects: readonly KubeObject[];
  readonly secrets: SecretContents;
  /** Where the files of its volumes are written. */
  readonly folder: string;
}

/** The variables of the pods of a service, whose files are in a folder of this machine. Throws where something is missing. */
export async function podEnvironment(
  service: ServiceName,
  { objects, secrets, folder }: PodEnvironmentOptions,
): Promise<Record<string, string>> {
  const deployment = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(`-${service}-server`),
  );
  const { volumes = [], containers = [] } = (deployment as unknown as V1Deployment).spec?.template.spec ?? {};
  const { env = [], volumeMounts = [] } = containers[0] ?? {};

  function contentOf({ projected, configMap }: V1Volume): [path: string, text: string][] {
    const settings = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap?.name);
    const items = (projected?.sources ?? []).flatMap(({ secret }) =>
      (secret?.items ?? []).map(({ key, path }): [string, string] => {
        const text = secrets[secret?.name ?? '']?.[key];
        if (text === undefined) throw new Error(`There is no ${key} in the Secret ${secret?.name}`);
        return [path, text];
      }),
    );
    return [...items, ...Object.entries((settings?.['data'] ?? {}) as Readonly<Record<string, string>>)];
  }

  const mounted = volumeMounts.flatMap(({ name, mountPath }) =>
    volumes
      .filter((volume) => volume.name === name)
      .flatMap(contentOf)
      .map(([path, text]) => [join(mountPath, path), text] as const),
  );
  const files = new Map<string, string>();
  for (const [path, text] of mounted) {
    const file = join(folder, service, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    files.set(path, file);
  }
  const { namespace = 'default' } = deployment?.metadata ?? {};
  return Object.fromEntries(
    env.map(({ name, value = '', valueFrom }) => [
      name,
      valueFrom?.fieldRef?.fieldPath === 'metadata.namespace' ? namespace : (files.get(value) ?? value),
    ]),
  );
}

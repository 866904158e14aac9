import type { Image } from '../../../scripts/images/images.ts';
import { FIRST_START_MS, serviceImages, type SharedCluster, sharedCluster } from '../../cluster/shared.ts';
import { serverImage } from '../../images/server-images.ts';
import { installOperator } from '../installation.ts';

export { FIRST_START_MS };

type ImageName = 'vote' | 'worker' | 'front' | 'operator' | 'mysql' | 'mariadb' | 'rabbitmq';

/** References of the images that the cluster has. */
export type References = Readonly<Record<ImageName, string>>;

/**
 * The run's cluster of a node, if it is one whose images, ingress and network policies are known; null where there is
 * none.
 */
export async function knownNode(): Promise<SharedCluster | null> {
  const cluster = await sharedCluster('node');
  return cluster?.source === 'built' ? cluster : null;
}

/** Gives a cluster every image that polls run, and the operator by its install manifest. */
export async function installWithImages(cluster: SharedCluster): Promise<References> {
  const images: Record<ImageName, Image> = {
    ...(await serviceImages()),
    mysql: await serverImage('mysql'),
    mariadb: await serverImage('mariadb'),
    rabbitmq: await serverImage('rabbitmq'),
  };
  for (const { archive } of Object.values(images)) await cluster.loadImage(archive);
  const named = Object.entries(images).map(([name, { reference }]): [string, string] => [name, reference]);
  const references = Object.fromEntries(named) as Record<ImageName, string>;
  await installOperator(cluster.client, references);
  return references;
}

/** A namespace that admits restricted pods alone, as careful administrators make them. */
export async function restrictedNamespace(cluster: SharedCluster): Promise<string> {
  return await cluster.createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
}

import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { Kind, KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { missingRights } from '../cluster/rights.ts';
import { customised } from '../install/customised.ts';
import { neededRights } from '../install/hindrances.ts';
import { readManifest } from '../install/manifest.ts';
import type { Category } from './check-output.ts';
import * as judge from './judgements.ts';

function classes(apiVersion: string, kind: string, plural: string): Kind {
  return { apiVersion, kind, plural, namespaced: false };
}

const STORAGE = classes('storage.k8s.io/v1', 'StorageClass', 'storageclasses');
const INGRESS = classes('networking.k8s.io/v1', 'IngressClass', 'ingressclasses');
const GATEWAY = classes('gateway.networking.k8s.io/v1', 'GatewayClass', 'gatewayclasses');
const DEFAULTS = ['storageclass.kubernetes.io/is-default-class', 'ingressclass.kubernetes.io/is-default-class'];

const OPTIONAL = [
  { name: 'cert-manager', group: 'cert-manager.io', use: 'certificates for spec.expose by an annotation' },
  { name: 'the RabbitMQ cluster operator', group: 'rabbitmq.com', use: 'spec.queue.type RabbitmqCluster' },
  { name: 'the Prometheus operator', group: 'monitoring.coreos.com', use: 'spec.monitoring' },
] as const;

/** Groups of kinds that the API server serves. */
async function servedGroups({ server }: Cluster): Promise<ReadonlySet<string>> {
  const { groups = [] } = (await server.request({ method: 'GET', path: '/apis' })) as {
    readonly groups?: readonly { readonly name: string }[];
  };
  return new Set(groups.map(({ name }) => name));
}

async function isServed({ server }: Cluster, groupVersion: string): Promise<boolean> {
  try {
    await server.request({ method: 'GET', path: `/apis/${groupVersion}` });
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

function offered({ metadata: { name, annotations = {} } }: KubeObject): judge.OfferedClass {
  return { name, isDefault: DEFAULTS.some((key) => annotations[key] === 'true') };
}

/** The classes of a kind; null where the user may not list them, or there is no such kind. */
async function offeredClasses({ objects }: Cluster, kind: Kind): Promise<judge.OfferedClass[] | null> {
  try {
    return (await objects.list(kind, { metadataOnly: true })).items.map(offered);
  } catch (error) {
    if (error instanceof ApiError && (error.code === 403 || error.code === 404)) return null;
    throw error;
  }
}

async function cluster(asked: Cluster): Promise<Category> {
  const version = (await asked.server.request({ method: 'GET', path: '/version' })) as judge.ServerVersion;
  return { name: `Cluster ${asked.context}`, checks: [judge.judgeVersion(version)] };
}

async function surroundings(asked: Cluster): Promise<Category> {
  const [storage, ingress, gateway, hasMetrics] = await Promise.all([
    offeredClasses(asked, STORAGE),
    offeredClasses(asked, INGRESS),
    offeredClasses(asked, GATEWAY),
    isServed(asked, 'metrics.k8s.io/v1beta1'),
  ]);
  const groups = await servedGroups(asked);
  return {
    name: 'Surroundings',
    checks: [
      judge.judgeStorage(storage),
      judge.judgeEntrances(ingress, gateway),
      judge.judgeMetrics(hasMetrics),
      ...OPTIONAL.map(({ name, group, use }) => judge.describeOptional(name, groups.has(group), use)),
    ],
  };
}

/** Whether the cluster's user could install. */
async function rightsToInstall(asked: Cluster, namespace: string): Promise<Category> {
  const objects = customised(await readManifest(), { namespace, watchNamespaces: [], replicas: 1 });
  const missing = await missingRights(asked, neededRights(objects));
  return { name: 'Rights', checks: judge.judgeRights('install the operator', missing) };
}

/** What an installation needs of a cluster. */
export async function beforeInstall(asked: Cluster, namespace: string): Promise<Category[]> {
  return [await cluster(asked), await rightsToInstall(asked, namespace), await surroundings(asked)];
}

/** What polls need of a cluster, whether or not the operator is there. */
export async function aroundPolls(asked: Cluster): Promise<Category[]> {
  return [await cluster(asked), await surroundings(asked)];
}

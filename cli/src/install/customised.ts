import type { KubeObject } from '@voteapp/operator/runtime/object';

import { inRegistry } from './in-registry.ts';

/** How an installation differs from the manifest's. */
export interface Customisation {
  readonly namespace: string;
  /** Namespaces that the operator watches; none: all of them. */
  readonly watchNamespaces: readonly string[];
  readonly replicas: number;
  /** Of the operator, by tag or digest; without it the manifest's. */
  readonly image?: string | undefined;
  /** Where every image is, those that polls run included; without it each where the manifest has it. */
  readonly imageRegistry?: string | undefined;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

interface Container {
  readonly image: string;
  readonly env: readonly Variable[];
  readonly [field: string]: unknown;
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly [field: string]: unknown;
}

interface DeploymentSpec {
  readonly selector: { readonly matchLabels: object };
  readonly template: { readonly spec: PodSpec; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const AGGREGATED = 'rbac.authorization.k8s.io/aggregate-to-';
const RELATED_IMAGE = 'RELATED_IMAGE_';
const SPREAD_OVER = ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'];

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if (object.kind === 'Namespace') return { ...object, metadata: { ...object.metadata, name: namespace } };
  if (object.metadata.namespace === undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** The bindings' account is where the operator is. */
function withSubjects(object: KubeObject, namespace: string): KubeObject {
  const subjects = object['subjects'] as readonly Subject[] | undefined;
  return subjects === undefined ? object : { ...object, subjects: subjects.map((one) => ({ ...one, namespace })) };
}

/** A container whose image, and those that it makes pods of, are in the registry. */
function movedTo(registry: string, container: Container): Container {
  const env = container.env.map(({ name, value, ...rest }) => ({
    name,
    ...rest,
    ...(value !== undefined && { value: name.startsWith(RELATED_IMAGE) ? inRegistry(value, registry) : value }),
  }));
  return { ...container, image: inRegistry(container.image, registry), env };
}

function withPods(object: KubeObject, wanted: Customisation): KubeObject {
  const { replicas, image, imageRegistry, watchNamespaces } = wanted;
  if (object.kind !== 'Deployment') return object;
  const spec = object['spec'] as DeploymentSpec;
  const { matchLabels } = spec.selector;
  const containers = spec.template.spec.containers.map((container) => ({
    ...(imageRegistry === undefined ? container : movedTo(imageRegistry, container)),
    ...(image !== undefined && { image }),
    ...(watchNamespaces.length > 0 && { args: [`--watch-namespace=${watchNamespaces.join(',')}`] }),
  }));
  const spread = SPREAD_OVER.map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels },
    matchLabelKeys: ['pod-template-hash'],
  }));
  const pod = { ...spec.template.spec, ...(replicas > 1 && { topologySpreadConstraints: spread }), containers };
  return { ...object, spec: { ...spec, replicas, template: { ...spec.template, spec: pod } } };
}

/** Keeps a drain of nodes from taking several pods at once; a single one it would only hold back. */
function disruptionBudget({ metadata, ...deployment }: KubeObject): KubeObject {
  const { selector } = deployment['spec'] as DeploymentSpec;
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { maxUnavailable: 1, selector } };
}

/** A ClusterRole or its binding, as a Role or a RoleBinding of one namespace. */
function narrowed(object: KubeObject, namespace: string): KubeObject {
  const { roleRef } = object as { readonly roleRef?: object };
  return {
    ...object,
    kind: object.kind.replace(/^Cluster/, ''),
    metadata: { ...object.metadata, namespace },
    ...(roleRef !== undefined && { roleRef: { ...roleRef, kind: 'Role' } }),
  };
}

function inWatched(object: KubeObject, namespaces: readonly string[]): KubeObject[] {
  if (!object.kind.startsWith('Cluster') || namespaces.length === 0) return [object];
  // What people may do everywhere is not for one who watches some namespaces to say.
  if (Object.keys(object.metadata.labels ?? {}).some((label) => label.startsWith(AGGREGATED))) return [];
  return namespaces.map((namespace) => narrowed(object, namespace));
}

/** The manifest's objects, as an installation is to have them: as the chart makes them of the same values. */
export function customised(manifest: readonly KubeObject[], wanted: Customisation): KubeObject[] {
  const { namespace, watchNamespaces, replicas } = wanted;
  return manifest
    .map((object) => withPods(withSubjects(inNamespace(object, namespace), namespace), wanted))
    .flatMap((object) => inWatched(object, watchNamespaces))
    .flatMap((object) =>
      object.kind === 'Deployment' && replicas > 1 ? [disruptionBudget(object), object] : [object],
    );
}

/** Whatever an installation can have in a namespace and over the cluster, whatever its settings were. */
export function anySettings(manifest: readonly KubeObject[], namespace: string): KubeObject[] {
  return customised(manifest, { namespace, watchNamespaces: [], replicas: 2 });
}

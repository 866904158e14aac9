import { type KubeClient, type KubeObject, refOf } from '../cluster/client.ts';
import { waitUntilServed } from '../cluster/conditions.ts';

/** Kinds that others install and an operator uses where they are: as they are called there, taking whatever it is given. */
const DEFINITIONS = [
  { group: 'gateway.networking.k8s.io', version: 'v1', kind: 'HTTPRoute', plural: 'httproutes' },
  { group: 'monitoring.coreos.com', version: 'v1', kind: 'PodMonitor', plural: 'podmonitors' },
  { group: 'rabbitmq.com', version: 'v1beta1', kind: 'RabbitmqCluster', plural: 'rabbitmqclusters' },
] as const;

export type OptionalKind = (typeof DEFINITIONS)[number]['kind'];

function definition({ group, version, kind, plural }: (typeof DEFINITIONS)[number]): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      // Groups of Kubernetes' own are refused without: https://github.com/kubernetes/enhancements/pull/1111
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

/**
 * Installs kinds that are not Kubernetes' own; they stay. Suites that share the API server count on them once they have
 * installed them, so one that needs a server without them, or removes them, starts a cluster of its own.
 */
export async function installOptionalKinds(
  client: KubeClient,
  kinds: readonly OptionalKind[] = DEFINITIONS.map(({ kind }) => kind),
): Promise<void> {
  for (const each of DEFINITIONS.filter(({ kind }) => kinds.includes(kind))) {
    await waitUntilServed(client, refOf(await client.apply(definition(each))));
  }
}

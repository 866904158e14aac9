import { readFile } from 'node:fs/promises';

import type { Kind, KubeObject } from '@voteapp/operator/runtime/object';
import { parseAllDocuments, stringify } from 'yaml';

const MANIFEST = new URL('../../../manifests/install.yaml', import.meta.url);

function kind(apiVersion: string, kind: string, plural: string, namespaced = true): Kind {
  return { apiVersion, kind, plural, namespaced };
}

const RBAC = 'rbac.authorization.k8s.io/v1';
export const NAMESPACE = kind('v1', 'Namespace', 'namespaces', false);
export const DEFINITION = kind(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);
export const ROLE = kind(RBAC, 'Role', 'roles');
export const ROLE_BINDING = kind(RBAC, 'RoleBinding', 'rolebindings');
export const CLUSTER_ROLE = kind(RBAC, 'ClusterRole', 'clusterroles', false);
export const CLUSTER_ROLE_BINDING = kind(RBAC, 'ClusterRoleBinding', 'clusterrolebindings', false);

const KINDS: readonly Kind[] = [
  NAMESPACE,
  DEFINITION,
  ROLE,
  ROLE_BINDING,
  CLUSTER_ROLE,
  CLUSTER_ROLE_BINDING,
  kind('apps/v1', 'Deployment', 'deployments'),
  kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  kind('v1', 'ServiceAccount', 'serviceaccounts'),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
];

/** Names of what the manifest makes. */
export const OPERATOR_NAME = 'voteapp-operator';
export const DEFAULT_NAMESPACE = 'voteapp-system';
export const DEFINITION_NAME = 'votingapps.voteapp.dev';

/** The kind of an object of an installation. */
export function kindOf({ kind }: { readonly kind: string }): Kind {
  const found = KINDS.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`No installation has a ${kind}`);
  return found;
}

/** The objects of manifests/install.yaml, in the order in which they are applied. */
export async function readManifest(): Promise<KubeObject[]> {
  const text = await readFile(MANIFEST, 'utf8');
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
}

/** Objects as a file for `kubectl apply --server-side -f`. */
export function asYaml(objects: readonly KubeObject[]): string {
  const text = (object: KubeObject): string =>
    stringify(object, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false });
  return objects.map(text).join('---\n').trimEnd();
}

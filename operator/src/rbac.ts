/** One rule of a Role or ClusterRole (rbac.authorization.k8s.io/v1). */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const OWNED = ['create', 'delete', 'get', 'list', 'patch', 'watch'];

function rule(apiGroup: string, resources: readonly string[], verbs: readonly string[]): PolicyRule {
  return { apiGroups: [apiGroup], resources, verbs };
}

/**
 * What the operator does in each namespace that it watches. A test runs it under exactly these rules, and fails when one
 * is missing or was needed by nobody.
 */
export const WATCHED_RULES: readonly PolicyRule[] = [
  rule('voteapp.dev', ['votingapps'], ['get', 'list', 'watch']),
  rule('voteapp.dev', ['votingapps/status'], ['patch']),
  // An owner that blocks its own deletion is named only by who may hold that deletion back
  // (the admission plugin OwnerReferencesPermissionEnforcement, on in OpenShift).
  rule('voteapp.dev', ['votingapps/finalizers'], ['update']),
  rule('', ['configmaps', 'serviceaccounts', 'services'], OWNED),
  rule('apps', ['deployments', 'statefulsets'], OWNED),
  rule('autoscaling', ['horizontalpodautoscalers'], OWNED),
  rule('gateway.networking.k8s.io', ['httproutes'], OWNED),
  rule('monitoring.coreos.com', ['podmonitors'], OWNED),
  rule('networking.k8s.io', ['ingresses', 'networkpolicies'], OWNED),
  rule('policy', ['poddisruptionbudgets'], OWNED),
  // None is ever deleted: that plugin lets nobody give an object an owner who may not delete it.
  rule('', ['secrets'], OWNED),
  rule('', ['pods', 'persistentvolumeclaims'], ['list', 'patch', 'watch']),
  rule('rabbitmq.com', ['rabbitmqclusters'], ['get']),
  rule('events.k8s.io', ['events'], ['create', 'patch']),
];

/** What it does in its own namespace: it competes for the lead. */
export const OWN_RULES: readonly PolicyRule[] = [rule('coordination.k8s.io', ['leases'], ['create', 'get', 'update'])];

/** Names, labels and keys of what the operator makes of a VotingApp: read by the operator, the CLI and whoever looks. */

export const SERVICES = ['vote', 'worker', 'front'] as const;
export const PARTS = [...SERVICES, 'mysql', 'rabbitmq'] as const;

/** A service of ours. */
export type ServiceName = (typeof SERVICES)[number];
/** Something that runs as pods; `mysql` whichever engine it is. */
export type Part = (typeof PARTS)[number];

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export const LABELS = {
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  version: 'app.kubernetes.io/version',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** `app.kubernetes.io/name` of the pods of a poll, and of the operator's own. */
export const APP_LABEL = 'voteapp';
export const OPERATOR_LABEL = 'voteapp-operator';

export const ANNOTATIONS = {
  /** `disabled` on a VotingApp: nothing but its status is written. */
  reconcile: 'voteapp.dev/reconcile',
  /** `true` on an object that is not the operator's: it may become so. */
  adopt: 'voteapp.dev/adopt',
  /** On whatever is applied: what of, as a hash. */
  applied: 'voteapp.dev/applied',
  /** On pods: hash of the configuration and Secrets that they read at their start. */
  configuration: 'voteapp.dev/configuration',
  /** On pods of the worker: revision of the definition that is to reach their file. */
  pollRevision: 'voteapp.dev/poll-revision',
  /** On pods: `kubectl.kubernetes.io/restartedAt` of the VotingApp. */
  restartedAt: 'voteapp.dev/restarted-at',
} as const;

/** Set on a VotingApp, as `kubectl rollout restart` does on a Deployment, it restarts the services. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

export const FIELD_MANAGERS = {
  objects: 'voteapp-operator',
  status: 'voteapp-operator-status',
  /** Holds the number of pods while it goes over to an autoscaler. */
  handOver: 'voteapp-operator-hand-over',
} as const;

/** Keys of the Secret that the operator makes once, with passwords of letters and digits and 32-byte keys in base64. */
export const SECRET_KEYS = [
  'mysql_root_password',
  'mysql_password',
  'rabbitmq_password',
  'rabbitmq_erlang_cookie',
  'session_key',
  'round_key',
  'panel_password',
] as const;

export type SecretKey = (typeof SECRET_KEYS)[number];

/** User of the services in a managed database and broker. */
export const MANAGED_USER = 'voteapp';

/** Names of the objects of the VotingApp `app`. */
export function objectNames(app: string) {
  return {
    /** Deployment, StatefulSet and whatever belongs to it one to one: its ServiceAccount, budget, policy, autoscaler. */
    workload: (part: Part): string =>
      part === 'mysql' || part === 'rabbitmq' ? `${app}-${part}` : `${app}-${part}-server`,
    service: (part: Part): string => `${app}-${part}-service`,
    /** The headless Service that gives each pod of a StatefulSet its name. */
    nodes: (part: 'mysql' | 'rabbitmq'): string => `${app}-${part}-nodes`,
    ingress: (service: ServiceName): string => `${app}-${service}-ingress`,
    httpRoute: (service: ServiceName): string => `${app}-${service}-route`,
    certificate: (service: ServiceName): string => `${app}-${service}-tls`,
    poll: `${app}-poll`,
    rabbitmqSettings: `${app}-rabbitmq-settings`,
    denyAll: `${app}-default-deny`,
    podMonitor: `${app}-voteapp`,
    secret: `${app}-voteapp-secret`,
    /** The claim of a pod of a StatefulSet. */
    claim: (part: 'mysql' | 'rabbitmq', ordinal: number): string => `data-${app}-${part}-${ordinal}`,
  };
}

export type ObjectNames = ReturnType<typeof objectNames>;

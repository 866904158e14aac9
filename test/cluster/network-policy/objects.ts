type Labels = Readonly<Record<string, string>>;

/** As the API server sends it; so are all of these, cut down to what policies depend on. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export interface PolicyPort {
  readonly protocol?: Protocol;
  /** A number, or the name of a pod's port. */
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface PolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface IngressRule {
  readonly from?: readonly PolicyPeer[];
  readonly ports?: readonly PolicyPort[];
}

interface EgressRule {
  readonly to?: readonly PolicyPeer[];
  readonly ports?: readonly PolicyPort[];
}

export type PolicyType = 'Ingress' | 'Egress';

interface InNamespace {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Labels;
}

export interface NetworkPolicy {
  readonly metadata: InNamespace;
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly PolicyType[];
    readonly ingress?: readonly IngressRule[];
    readonly egress?: readonly EgressRule[];
  };
}

interface Container {
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: Protocol }[];
}

export interface Pod {
  readonly metadata: InNamespace & { readonly creationTimestamp?: string };
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
  };
}

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

/** All that decides which connections pods may make and take. */
export interface ClusterObjects {
  readonly policies: readonly NetworkPolicy[];
  readonly pods: readonly Pod[];
  readonly namespaces: readonly Namespace[];
}

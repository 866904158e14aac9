/** A kind of object, and where the API server serves it. */
export interface Kind {
  /** As "apps/v1"; of the core group, "v1". */
  readonly apiVersion: string;
  readonly kind: string;
  /** Its name in paths, as "deployments". */
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
export interface ManagedFields {
  readonly manager?: string;
  /** By names of fields as "f:spec". */
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  /** Who declared which fields; never in a reflector's copy. */
  readonly managedFields?: readonly ManagedFields[];
}

/** An object as it is on the wire. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

/** Which object of a kind. */
export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** "namespace/name"; "name" of an object that no namespace holds. */
export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return keyOfName({ namespace, name });
}

/** As {@link keyOf}. */
export function keyOfName({ namespace, name }: ObjectName): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** What {@link keyOf} was made of: neither part can hold a slash. */
export function nameOfKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

import {
  APP_LABEL,
  FIELD_MANAGERS,
  LABELS,
  objectNames,
  type ObjectNames,
  type Part,
} from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import { ApiObject, App, Chart } from 'cdk8s';

import type { Facts } from './facts.ts';

/** What every object is made from. */
export interface Context {
  readonly app: VotingApp;
  readonly facts: Facts;
  readonly names: ObjectNames;
  readonly chart: Chart;
}

/** The fields of a type of client-node's, all of which may be left out; times are text, as on the wire. */
export type Fields<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Fields<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]?: Fields<T[Name]> | undefined }
      : T;

interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent: it is of the whole. */
  readonly part?: Part | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The rest of the object. */
  readonly [field: string]: unknown;
}

export function createContext(app: VotingApp, facts: Facts): Context {
  const { name, namespace } = app.metadata;
  // An App keeps what was ever in it: each call needs one of its own.
  const chart = new Chart(new App(), name, {
    ...(namespace === undefined ? {} : { namespace }),
    disableResourceNameHashes: true,
  });
  return { app, facts, names: objectNames(name), chart };
}

/** The release that the services are of. */
export function versionOf({ app, facts }: Pick<Context, 'app' | 'facts'>): string {
  return app.spec.version ?? facts.release.version;
}

/** What the pods of a part are told by; it never changes. */
export function selectorOf({ app }: Context, part: Part): Record<string, string> {
  return { [LABELS.name]: APP_LABEL, [LABELS.instance]: app.metadata.name, [LABELS.component]: part };
}

/** Labels of whatever belongs to a VotingApp, pods included: no release among them, which would roll the pods. */
export function labelsOf({ app }: Context, part: Part | undefined): Record<string, string> {
  return {
    [LABELS.name]: APP_LABEL,
    [LABELS.instance]: app.metadata.name,
    ...(part !== undefined && { [LABELS.component]: part }),
    [LABELS.partOf]: APP_LABEL,
    [LABELS.managedBy]: FIELD_MANAGERS.objects,
  };
}

/** Who owns the objects; none before the VotingApp is on a cluster. */
export function ownersOf({ apiVersion, kind, metadata: { name, uid } }: VotingApp) {
  if (uid === undefined) return [];
  return [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

/** Adds an object to the chart. */
export function declare(context: Context, { apiVersion, kind, name, part, annotations, ...rest }: Identity): ApiObject {
  return new ApiObject(context.chart, `${kind}-${name}`, {
    apiVersion,
    kind,
    metadata: {
      name,
      labels: { ...labelsOf(context, part), [LABELS.version]: versionOf(context) },
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(context.app.metadata.uid === undefined ? {} : { ownerReferences: ownersOf(context.app) }),
    },
    ...rest,
  });
}

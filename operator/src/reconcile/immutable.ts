import type { KubeObject } from '../runtime/object.ts';
import { difference } from './difference.ts';
import { nameOf } from './ownership.ts';
import type { Problem } from './outcome.ts';

type Spec = Readonly<Record<string, unknown>>;

/** Fields of `spec` that an API server never lets change, of those that the operator sets. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['selector'],
  StatefulSet: ['podManagementPolicy', 'selector', 'serviceName', 'volumeClaimTemplates'],
};

interface ClaimTemplate {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly resources: { readonly requests: { readonly storage: string } };
    readonly [field: string]: unknown;
  };
}

function specOf(object: KubeObject): Spec {
  return (object['spec'] ?? {}) as Spec;
}

function claimTemplates(object: KubeObject): readonly ClaimTemplate[] {
  return (specOf(object)['volumeClaimTemplates'] ?? []) as readonly ClaimTemplate[];
}

/** The size that each claim of a StatefulSet is to have. */
export function claimSizes(object: KubeObject): { readonly template: string; readonly size: string }[] {
  return claimTemplates(object).map(({ metadata, spec }) => ({
    template: metadata.name,
    size: spec.resources.requests.storage,
  }));
}

/**
 * The object with the sizes of its claim templates as they are: those never change, the claims made from them do. Labels
 * of a template are as they are too, so that a release with others can still be applied.
 */
export function withLiveClaimTemplates(wanted: KubeObject, live: KubeObject): KubeObject {
  const sizes = new Map(claimTemplates(live).map((template) => [template.metadata.name, template]));
  const templates = claimTemplates(wanted);
  if (templates.length === 0) return wanted;
  const kept = templates.map((template) => {
    const there = sizes.get(template.metadata.name);
    if (there === undefined) return template;
    const { storage } = there.spec.resources.requests;
    return { ...template, metadata: there.metadata, spec: { ...template.spec, resources: { requests: { storage } } } };
  });
  return { ...wanted, spec: { ...specOf(wanted), volumeClaimTemplates: kept } };
}

/** What would have to change of an object that never changes; null where nothing would. */
export function immutableProblem(wanted: KubeObject, live: KubeObject): Problem | null {
  for (const field of FIELDS[wanted.kind] ?? []) {
    const path = difference(specOf(wanted)[field], specOf(live)[field], `spec.${field}`);
    if (path === null) continue;
    const remedy = `delete it with --cascade=orphan and it is made anew around its pods`;
    return {
      reason: 'ImmutableFieldChanged',
      message: `${nameOf(wanted)} would need another ${path}, which never changes: ${remedy}.`,
    };
  }
  return null;
}

import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { helmRelease, type HelmRelease, isInstalled } from '../cluster/helm.ts';
import { findOperators, type InstalledOperator } from '../cluster/operators.ts';
import { nameOfRight, type Right } from '../cluster/rights.ts';
import { EXIT, Failure } from '../exit-codes.ts';
import { titleOf } from './apply.ts';
import type { Customisation } from './customised.ts';
import { kindOf, NAMESPACE } from './manifest.ts';

const VERBS = ['get', 'create', 'patch'];

/** What whoever applies the objects must be allowed to. */
export function neededRights(objects: readonly KubeObject[]): Right[] {
  const rights = objects.flatMap((object) =>
    VERBS.map((verb): Right => ({ verb, kind: kindOf(object), namespace: object.metadata.namespace })),
  );
  return [...new Map(rights.map((right) => [nameOfRight(right), right])).values()];
}

/** The releases of Helm's that the objects are of, and that Helm still knows; objects that it has left behind. */
export async function helmsPart(
  cluster: Cluster,
  objects: readonly KubeObject[],
): Promise<{ readonly managed: [KubeObject, HelmRelease] | null; readonly leftBehind: readonly KubeObject[] }> {
  const leftBehind: KubeObject[] = [];
  for (const object of objects) {
    const release = helmRelease(object);
    if (release === null) continue;
    if (await isInstalled(cluster, release)) return { managed: [object, release], leftBehind };
    leftBehind.push(object);
  }
  return { managed: null, leftBehind };
}

/** The sentence that sends people to Helm. */
export function helmsOwn(object: KubeObject, { name, namespace }: HelmRelease, verb: 'upgrade' | 'uninstall'): Failure {
  const release = name || 'RELEASE';
  const command = verb === 'upgrade' ? `helm upgrade ${release} CHART` : `helm uninstall ${release}`;
  const place = namespace === '' ? '' : ` -n ${namespace}`;
  return new Failure(
    EXIT.failed,
    `Helm manages ${titleOf(object, namespace)}${name === '' ? '' : ` (release ${name})`}: use \`${command}${place}\`.`,
  );
}

function watched({ watches }: Pick<InstalledOperator, 'watches'>): string {
  return watches.length === 0 ? 'all namespaces' : watches.join(', ');
}

/** The other operator that would watch a namespace that this one is to watch. */
export function rivalOf(
  { namespace, watchNamespaces }: Pick<Customisation, 'namespace' | 'watchNamespaces'>,
  operators: readonly InstalledOperator[],
): InstalledOperator | undefined {
  return operators
    .filter((other) => other.namespace !== namespace)
    .find(
      ({ watches }) =>
        watches.length === 0 || watchNamespaces.length === 0 || watches.some((name) => watchNamespaces.includes(name)),
    );
}

/** Throws `Failure` where another operator would work on the same polls. */
export async function refuseBesideRival(cluster: Cluster, wanted: Customisation): Promise<void> {
  const rival = rivalOf(wanted, await findOperators(cluster, wanted.namespace));
  if (rival === undefined) return;
  const where = `${rival.namespace}/${rival.name} watches ${watched(rival)}`;
  throw new Failure(
    EXIT.failed,
    `There is an operator already: ${where}. Upgrade it with \`voteapp install --namespace ${rival.namespace}\`, or let each watch namespaces of its own with --watch-namespace.`,
  );
}

/** True too of one that the user may not look at: what he lacks there is told by his rights. */
async function isThere({ objects }: Cluster, name: string): Promise<boolean> {
  try {
    return (await objects.get(NAMESPACE, { name })) !== null;
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return true;
    throw error;
  }
}

/** Throws `Failure` where a namespace that is to be watched is not there. */
export async function refuseWithoutNamespaces(cluster: Cluster, wanted: Customisation): Promise<void> {
  for (const name of wanted.watchNamespaces.filter((name) => name !== wanted.namespace)) {
    if (await isThere(cluster, name)) continue;
    throw new Failure(EXIT.notFound, `There is no namespace ${name} to watch: create it first.`);
  }
}

/** Throws `Failure` where something of that name is on its way out. */
export function refuseWhileDeleted(objects: readonly KubeObject[]): void {
  const leaving = objects.find(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (leaving === undefined) return;
  throw new Failure(EXIT.failed, `${titleOf(leaving, '')} is being deleted: try again when it is gone.`);
}

import { operatorEnv, releaseOf } from '@voteapp/operator/config';
import type { Release } from '@voteapp/operator/desired/facts';

import type { Cluster } from '../cluster/cluster.ts';
import { findOperators, type InstalledOperator } from '../cluster/operators.ts';
import { EXIT, Failure, UsageError } from '../exit-codes.ts';
import { inRegistry } from '../install/in-registry.ts';

/** An operator, as far as the objects of a VotingApp depend on it. */
export interface RenderingOperator {
  readonly namespace: string;
  readonly release: Release;
}

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** An operator of this release by its defaults, in the namespace; with every image in the registry, if there is one. */
export function plainOperator(namespace: string | undefined, imageRegistry?: string): RenderingOperator {
  const config = operatorEnv.parse(namespace === undefined ? {} : { POD_NAMESPACE: namespace });
  const { version, images } = releaseOf(config);
  const moved = Object.entries(images).map(([name, image]) => [
    name,
    imageRegistry === undefined ? image : inRegistry(image, imageRegistry),
  ]);
  return {
    namespace: config.POD_NAMESPACE,
    release: { version, images: Object.fromEntries(moved) as Release['images'] },
  };
}

/** An operator as its Deployment has it; the release is the one that wrote its label. */
export function operatorOfDeployment({ namespace, version, deployment }: InstalledOperator): RenderingOperator {
  const { template } = deployment['spec'] as { template: { spec: { containers: readonly Container[] } } };
  const variables = template.spec.containers.flatMap(({ env = [] }) => env);
  const given = variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  const release = releaseOf(operatorEnv.parse({ ...Object.fromEntries(given), POD_NAMESPACE: namespace }));
  return { namespace, release: { ...release, version: version ?? release.version } };
}

/** The operator that sees to a namespace; of several, the one in `chosen`. Throws `Failure` and `UsageError`. */
export async function operatorFor(
  cluster: Cluster,
  namespace: string,
  chosen: string | undefined,
): Promise<RenderingOperator> {
  const found = await findOperators(cluster, chosen ?? plainOperator(undefined).namespace);
  const watching = found
    .filter(({ watches }) => watches.length === 0 || watches.includes(namespace))
    .filter((operator) => chosen === undefined || operator.namespace === chosen);
  const [only, ...more] = watching;
  if (only === undefined) {
    const where = chosen === undefined ? '' : ` in namespace ${chosen}`;
    const message = `No operator${where} watches namespace ${namespace}: install one with \`voteapp install\`.`;
    throw new Failure(EXIT.notFound, message);
  }
  if (more.length > 0) {
    const names = watching.map((operator) => operator.namespace).join(', ');
    const message = `Operators in ${names} watch namespace ${namespace}: choose one with --operator-namespace.`;
    throw new UsageError(message);
  }
  return operatorOfDeployment(only);
}

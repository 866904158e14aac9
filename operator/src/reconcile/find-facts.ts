import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { Facts, RabbitmqClusterBinding, Release } from '../desired/facts.ts';
import type { Objects } from '../runtime/objects.ts';
import { isProblem, type Problem } from './outcome.ts';
import { isPrimeTime } from './prime-time.ts';
import { findRabbitmqCluster } from './rabbitmq-cluster.ts';

/** The operator that asks, or is asked about. */
export interface FactsDeps {
  readonly objects: Pick<Objects, 'get'>;
  readonly release: Release;
  /** Releases of the services that it runs besides. */
  readonly earlierVersions: readonly string[];
  readonly operatorNamespace: string;
  /** In ms since the epoch. */
  readonly now: () => number;
}

/**
 * What the objects of a VotingApp depend on, or what keeps them from being made; and what `secrets` found, which is asked
 * last and may make the operator's own. Throws what the server throws.
 */
export async function findFacts<Found extends { readonly hash: string }>(
  { objects, release, earlierVersions, operatorNamespace, now }: FactsDeps,
  app: VotingApp,
  { isHibernated, isFinal }: { readonly isHibernated: boolean; readonly isFinal: boolean },
  secrets: (binding: RabbitmqClusterBinding | null) => Promise<Found | Problem>,
): Promise<Problem | { readonly facts: Facts; readonly secrets: Found }> {
  const pinned = app.spec.version;
  const versions = [release.version, ...earlierVersions];
  if (pinned !== undefined && !versions.includes(pinned)) {
    const message = `spec.version is ${pinned}; this operator runs ${versions.join(' and ')}.`;
    return { reason: 'UnsupportedVersion', message };
  }
  const rabbitmqCluster: RabbitmqClusterBinding | Problem | null = await findRabbitmqCluster(objects, app);
  if (rabbitmqCluster !== null && isProblem(rabbitmqCluster)) return rabbitmqCluster;
  const found = await secrets(rabbitmqCluster);
  if (isProblem(found)) return found;
  const facts: Facts = {
    release,
    operatorNamespace,
    isPrimeTime: isPrimeTime(app, now(), isFinal),
    isHibernated,
    secretsHash: found.hash,
    rabbitmqCluster,
  };
  return { facts, secrets: found };
}

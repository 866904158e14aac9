import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import { EXIT, Failure, UsageError } from '../exit-codes.ts';
import type { Cluster } from './cluster.ts';

/** A VotingApp as a cluster has it: its spec may be of another release, and is not judged here. */
export type StoredApp = Pick<VotingApp, 'metadata' | 'status'> & KubeObject & { readonly spec: VotingApp['spec'] };

const NOT_INSTALLED = 'This cluster knows no VotingApps: install the operator with `voteapp install`.';

// Of an object that is not there the server names the object; of a type of a group that it serves, nothing; of a type of
// any other group it says what every web server says.
const UNKNOWN_TYPE = /could not find the requested|404 page not found/;

/** Says that the resource type is missing, where that is why nothing is found. */
function isUnknownType(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404 && UNKNOWN_TYPE.test(error.message);
}

/** What a request about VotingApps gives. Throws `Failure` where the cluster has no such type. */
export async function askingForVotingApps<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isUnknownType(error)) throw new Failure(EXIT.notFound, NOT_INSTALLED, error);
    throw error;
  }
}

async function all(cluster: Cluster, namespace: string | undefined): Promise<StoredApp[]> {
  const { items } = await askingForVotingApps(() => cluster.objects.list(VOTING_APP, { namespace }));
  return items as unknown as StoredApp[];
}

/** The VotingApps of the cluster's namespace, or of all of them. Throws `Failure` where the type is not installed. */
export async function listVotingApps(
  cluster: Cluster,
  { allNamespaces = false }: { readonly allNamespaces?: boolean } = {},
): Promise<readonly StoredApp[]> {
  return await all(cluster, allNamespaces ? undefined : cluster.namespace);
}

/**
 * The VotingApp of the name, or the only one of the namespace. Throws `Failure` when there is none, and `UsageError` when
 * there are several and none is named.
 */
export async function findVotingApp(cluster: Cluster, name: string | undefined): Promise<StoredApp> {
  const apps = await all(cluster, cluster.namespace);
  const names = apps.map(({ metadata }) => metadata.name);
  if (name !== undefined) {
    const found = apps.find(({ metadata }) => metadata.name === name);
    if (found !== undefined) return found;
    const others = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new Failure(EXIT.notFound, `There is no VotingApp ${name} in namespace ${cluster.namespace}; ${others}.`);
  }
  const [only, ...more] = apps;
  if (only === undefined) {
    const advice = 'create one with `voteapp create`, or name another namespace with -n';
    throw new Failure(EXIT.notFound, `There is no VotingApp in namespace ${cluster.namespace}: ${advice}.`);
  }
  if (more.length > 0) {
    throw new UsageError(`Namespace ${cluster.namespace} has ${names.join(', ')}: say which one.`);
  }
  return only;
}

import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';

import { VERSION } from '@voteapp/operator/release';
import { ApiServer } from '@voteapp/operator/runtime/api-server';
import { Objects } from '@voteapp/operator/runtime/objects';
import { KubeConfig } from '@kubernetes/client-node';

import type { ClusterOptions } from '../command.ts';
import { Failure, UsageError } from '../exit-codes.ts';
import { explained } from './refusals.ts';

/** A cluster as a kubeconfig's user sees it. */
export interface Cluster {
  readonly config: KubeConfig;
  readonly server: ApiServer;
  readonly objects: Objects;
  /** The one that is asked about where none is named. */
  readonly namespace: string;
  /** Name of the context; of a pod's own account, `in-cluster`. */
  readonly context: string;
  /** Address of the API server. */
  readonly url: string;
}

const NOWHERE = 'http://localhost:8080';
const NO_CLUSTER =
  'There is no cluster: set KUBECONFIG, name a file with --kubeconfig, or run a poll on this machine with `voteapp up`.';
/** What the library calls the context of a pod's own account. */
const IN_CLUSTER = { library: 'inClusterContext', ours: 'in-cluster' } as const;

/** As kubectl does with several files: of what two of them name, the first one's is taken; what is missing is left out. */
function loadAll(config: KubeConfig, files: readonly string[]): void {
  const loaded = files.map((file) => {
    const one = new KubeConfig();
    if (files.length === 1 || existsSync(file)) one.loadFromFile(file);
    return one;
  });
  const firstOf = <T extends { readonly name: string }>(named: readonly T[]): T[] => [
    ...new Map(named.toReversed().map((each) => [each.name, each])).values(),
  ];
  config.loadFromOptions({
    clusters: firstOf(loaded.flatMap(({ clusters }) => clusters)),
    contexts: firstOf(loaded.flatMap(({ contexts }) => contexts)),
    users: firstOf(loaded.flatMap(({ users }) => users)),
    currentContext: loaded.map(({ currentContext }) => currentContext).find(Boolean) ?? '',
  });
}

function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  const named = kubeconfig ?? process.env['KUBECONFIG'] ?? '';
  const files = kubeconfig === undefined ? named.split(delimiter).filter(Boolean) : [kubeconfig];
  try {
    if (files.length > 0) loadAll(config, files);
    else config.loadFromDefault();
    return config;
  } catch (error) {
    const from = named === '' ? '~/.kube/config' : named;
    // The library's way to say that it is something else: it reads a field of what is no object.
    const why = error instanceof TypeError ? 'it is no kubeconfig' : ((error as Error).message.split('\n')[0] ?? '');
    throw new UsageError(`The kubeconfig ${from} cannot be read: ${why.replace(/\.$/, '')}.`, { cause: error });
  }
}

/** Names of the contexts of the kubeconfig that the options choose. Throws `UsageError` where it cannot be read. */
export function contextNames({ kubeconfig }: Pick<ClusterOptions, 'kubeconfig'>): string[] {
  return load(kubeconfig)
    .getContexts()
    .map(({ name }) => name);
}

function readConfig({ kubeconfig, context, as }: ClusterOptions): KubeConfig {
  const config = load(kubeconfig);
  const names = config.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!names.includes(context)) {
      throw new UsageError(`There is no context ${context} in the kubeconfig; it has ${names.join(', ') || 'none'}.`);
    }
    config.setCurrentContext(context);
  }
  const { currentContext } = config;
  const server = config.getCurrentCluster()?.server;
  // What the library makes up where it finds nothing.
  if (names.length === 0 || server === NOWHERE) throw new UsageError(NO_CLUSTER);
  if (!currentContext) {
    throw new UsageError(`The kubeconfig has no current context: choose one of ${names.join(', ')} with --context.`);
  }
  if (server === undefined) {
    throw new UsageError(
      `Context ${currentContext} leads to no cluster of the kubeconfig: choose another with --context.`,
    );
  }
  if (!URL.canParse(server)) throw new UsageError(`Context ${currentContext} leads to ${server}, which is no address.`);
  return as === undefined ? config : impersonating(config, as);
}

function impersonating(config: KubeConfig, as: string): KubeConfig {
  const user = config.getCurrentUser();
  if (user === null) throw new UsageError('The context names no user that could act as another.');
  const users = config.users.map((each) => (each.name === user.name ? { ...each, impersonateUser: as } : each));
  config.loadFromOptions({
    clusters: config.clusters,
    contexts: config.contexts,
    users,
    currentContext: config.currentContext,
  });
  return config;
}

/**
 * Opens the cluster that the options choose, and closes it when the work is done, or at once when the signal aborts.
 * Throws `UsageError` where there is none, a `Failure` that says what to do where the server refuses or does not answer,
 * and the signal's reason.
 */
export async function withCluster<T>(
  options: ClusterOptions,
  work: (cluster: Cluster) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const config = readConfig(options);
  const context = config.getContextObject(config.currentContext);
  const server = new ApiServer({
    config,
    userAgent: `voteapp/${VERSION}`,
    timeoutMs: options.requestTimeout,
  });
  const cluster: Cluster = {
    config,
    server,
    objects: new Objects(server),
    namespace: options.namespace ?? context?.namespace ?? 'default',
    context: config.currentContext === IN_CLUSTER.library ? IN_CLUSTER.ours : config.currentContext,
    url: config.getCurrentCluster()?.server ?? '',
  };
  const onAbort = (): void => void server.close();
  signal?.addEventListener('abort', onAbort);
  try {
    return await work(cluster);
  } catch (error) {
    if (!(error instanceof Failure)) signal?.throwIfAborted();
    throw explained(error, cluster);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await server.close();
  }
}

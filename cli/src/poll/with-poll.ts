import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { findVotingApp, type StoredApp } from '../cluster/voting-apps.ts';
import type { PollOptions } from '../command.ts';
import { EXIT, Failure, UsageError } from '../exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { asPoll } from './cluster-poll.ts';
import { localPoll, runningPolls } from './local-poll.ts';
import type { Poll } from './poll.ts';

/** What is done with a poll, wherever it is found. */
export interface WorkWhereFound<T> {
  readonly onCluster: (cluster: Cluster, app: StoredApp) => Promise<T>;
  readonly onThisMachine: (poll: Poll) => Promise<T>;
}

/**
 * The poll of this machine that stands in where a cluster has none, and none was chosen; null where there is none, or
 * several. `error` is why the cluster has none.
 */
export async function localInstead(
  name: string | undefined,
  { context, kubeconfig, namespace, data }: PollOptions,
  error: unknown,
  { tell }: Pick<Terminal, 'tell'>,
): Promise<Poll | null> {
  const isChosen = [context, kubeconfig, namespace].some((choice) => choice !== undefined);
  const isAbsent = error instanceof UsageError || (error instanceof Failure && error.exitCode === EXIT.notFound);
  const local = isChosen || !isAbsent ? [] : await runningPolls(data);
  const [only, ...more] = local.filter((poll) => name === undefined || poll.name === name);
  if (only === undefined || more.length > 0) return null;
  tell(`Of the poll ${only.name} of this machine.`);
  return only;
}

/**
 * Finds the poll that the options and the name choose: one of this machine where that is asked for, or where there is no
 * other. Throws `Failure` and `UsageError` that say what to do.
 */
export async function whereFound<T>(
  name: string | undefined,
  options: PollOptions,
  terminal: Pick<Terminal, 'signal' | 'tell'>,
  { onCluster, onThisMachine }: WorkWhereFound<T>,
): Promise<T> {
  if (options.local === true) return await onThisMachine(await localPoll(options.data, name));
  let isFound = false;
  const find = async (cluster: Cluster): Promise<T> => {
    const app = await findVotingApp(cluster, name);
    isFound = true;
    return await onCluster(cluster, app);
  };
  try {
    return await withCluster(options, find, terminal.signal);
  } catch (error) {
    if (isFound) throw error;
    const only = await localInstead(name, options, error, terminal);
    if (only === null) throw error;
    return await onThisMachine(only);
  }
}

/** Opens the poll that the options and the name choose, and closes it when the work is done. Throws as `whereFound`. */
export async function withPoll<T>(
  name: string | undefined,
  options: PollOptions,
  terminal: Terminal,
  work: (poll: Poll) => Promise<T>,
): Promise<T> {
  return await whereFound(name, options, terminal, {
    onCluster: (cluster, app) => asPoll(cluster, app, options, terminal, work),
    onThisMachine: work,
  });
}

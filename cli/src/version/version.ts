import { VERSION } from '@voteapp/operator/release';
import { ApiError } from '@voteapp/operator/runtime/api-server';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { findOperators } from '../cluster/operators.ts';
import { skewProblem } from '../cluster/skew.ts';
import { listVotingApps, type StoredApp } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure, UsageError } from '../exit-codes.ts';
import { DEFAULT_NAMESPACE } from '../install/manifest.ts';
import { formatted } from '../terminal/format.ts';
import { table } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type VersionOutput, versionOutput } from './version-output.ts';

export interface VersionOptions extends ClusterOptions {
  readonly client?: boolean;
  readonly output: 'text' | 'json' | 'yaml';
}

const ALONE: VersionOutput = { client: { version: VERSION }, operators: null, polls: null, warnings: [] };

/** `voteapp version`: the releases of this tool, of the operators and of what they run. */
export async function version(options: VersionOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.client === true) {
    show(ALONE, options, terminal);
    return EXIT.ok;
  }
  try {
    show(await withCluster(options, ofCluster, terminal.signal), options, terminal);
    return EXIT.ok;
  } catch (error) {
    if (terminal.signal.aborted) throw error;
    const isAsked = options.context !== undefined || options.kubeconfig !== undefined;
    // Without a cluster, the tool is all that there is.
    const isFine = error instanceof UsageError && !isAsked;
    if (!isFine && !(error instanceof Failure)) throw error;
    show(ALONE, options, terminal);
    if (!isFine) throw error;
    return EXIT.ok;
  }
}

/** The VotingApps of the cluster; null where the user may not look at all of them. */
async function visibleApps(cluster: Cluster): Promise<readonly StoredApp[] | null> {
  try {
    return await listVotingApps(cluster, { allNamespaces: true });
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.notFound) return [];
    if (error instanceof ApiError && error.code === 403) return null;
    throw error;
  }
}

function byVersion(apps: readonly StoredApp[]): NonNullable<VersionOutput['polls']> {
  const groups = Map.groupBy(apps, ({ status }) => status?.version ?? null);
  return [...groups].map(([version, each]) => ({ version, count: each.length }));
}

async function ofCluster(cluster: Cluster): Promise<VersionOutput> {
  const operators = await findOperators(cluster, DEFAULT_NAMESPACE);
  const apps = await visibleApps(cluster);
  return {
    client: { version: VERSION },
    operators: operators.map(({ namespace, name, version, watches }) => ({
      namespace,
      name,
      version,
      watches: [...watches],
    })),
    polls: apps === null ? null : byVersion(apps),
    warnings: operators.flatMap(({ version }) => skewProblem(VERSION, version) ?? []),
  };
}

function rows({ client, operators, polls }: VersionOutput): string[][] {
  return [
    ['client', client.version, 'this tool'],
    ...(operators ?? []).map(({ namespace, version }) => ['operator', version ?? '?', `namespace ${namespace}`]),
    ...(operators?.length === 0 ? [['operator', '-', 'not installed']] : []),
    ...(polls ?? []).map(({ version, count }) => [
      'polls',
      version ?? '-',
      count === 1 ? '1 VotingApp' : `${count} VotingApps`,
    ]),
  ];
}

/** Shows the releases, in the form that is asked for. */
export function show(answer: VersionOutput, { output }: Pick<VersionOptions, 'output'>, terminal: Terminal): void {
  if (output !== 'text') {
    terminal.print(formatted(versionOutput.parse(answer), output));
    return;
  }
  const titles = ['PART', 'RELEASE', 'WHERE'].map((title) => ({ title }));
  for (const line of table(titles, rows(answer))) terminal.print(line);
  for (const warning of answer.warnings) terminal.tell(warning);
}

import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import type { Condition, ConditionType } from '@voteapp/contracts/resource/conditions';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { until } from '../cluster/until.ts';
import { findVotingApp, type StoredApp } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CLI_MANAGER } from '../poll/cluster-poll.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type ActOutput, actOutput } from './act-output.ts';

/** Options of what changes a VotingApp and may wait for the operator. */
export interface ChangeOptions extends ClusterOptions {
  readonly wait?: boolean;
  /** In ms. */
  readonly timeout: number;
  readonly output: 'text' | 'json' | 'yaml';
}

/** What is done to a VotingApp, and how it is told. */
export interface Change {
  readonly act: ActOutput['act'];
  /** JSON merge patch; null: it is so already. Throws `Failure` where it must not be. */
  readonly patch: (app: StoredApp) => object | null;
  /** The answer, as "lunch is paused." */
  readonly done: string;
  /** What is still to come of it; resolves when it has. */
  readonly settled: (cluster: Cluster, app: StoredApp) => Promise<void>;
}

/** A condition that a VotingApp reports; undefined where it reports none, or one of an earlier generation. */
export function conditionOf({ metadata, status }: StoredApp, type: ConditionType): Condition | undefined {
  const condition = status?.conditions?.find((each) => each.type === type);
  const isOfNow = (condition?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return isOfNow ? (condition as Condition | undefined) : undefined;
}

/** Looks at a VotingApp until something is found. Throws a timeout `Failure`. */
export async function untilApp(
  cluster: Cluster,
  { metadata: { name } }: StoredApp,
  look: (app: StoredApp) => true | null,
  waiting: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly late: () => string },
): Promise<void> {
  await until(async () => look(await findVotingApp(cluster, name)), waiting);
}

/** Changes a VotingApp, says so, and waits for what comes of it where that is wished. */
export async function change(
  name: string,
  { act, patch, done, settled }: Change,
  options: ChangeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const work = async (cluster: Cluster): Promise<ExitCode> => {
    const app = await findVotingApp(cluster, name);
    const { namespace = cluster.namespace } = app.metadata;
    const changes = patch(app);
    const changed =
      changes === null
        ? app
        : await cluster.objects.merge(VOTING_APP, { namespace, name }, changes, { manager: CLI_MANAGER });
    if (changes === null) terminal.tell(`Nothing had to be changed of ${name}.`);
    const isWaited = options.wait === true;
    if (isWaited) await settled(cluster, changed as unknown as StoredApp);
    const answer = { name, namespace, act, changed: changes !== null, settled: isWaited, message: done };
    terminal.print(options.output === 'text' ? done : formatted(actOutput.parse(answer), options.output));
    return EXIT.ok;
  };
  return await withCluster(options, work, terminal.signal);
}

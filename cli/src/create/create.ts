import type { VotingAppInput } from '@voteapp/contracts/resource/voting-app';
import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { askingForVotingApps } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import { CLI_MANAGER } from '../poll/cluster-poll.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { remarksOn, requestedApp, type Wishes } from './requested-app.ts';
import { untilReady } from './until-ready.ts';

export interface CreateOptions extends Omit<ClusterOptions, 'namespace'>, Wishes {
  readonly dryRun?: 'client' | 'server';
  readonly output?: 'yaml' | 'json' | 'name';
  readonly wait?: boolean;
  /** In ms. */
  readonly timeout: number;
}

const RESOURCE = 'votingapp.voteapp.dev';

function show(terminal: Terminal, { dryRun, output }: CreateOptions, app: object, name: string): void {
  if (output === 'yaml' || output === 'json') terminal.print(formatted(app, output));
  else if (output === 'name') terminal.print(`${RESOURCE}/${name}`);
  else terminal.print(`${RESOURCE}/${name} created${dryRun === undefined ? '' : ` (${dryRun} dry run)`}`);
}

/** An object as its author would keep it: without what only a server knows. */
function asWritten({ apiVersion, kind, metadata, spec }: KubeObject): object {
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

async function send(cluster: Cluster, app: VotingAppInput, dryRun: boolean): Promise<KubeObject> {
  const { name, namespace = cluster.namespace } = app.metadata;
  const object = { ...app, metadata: { name, namespace } } as unknown as KubeObject;
  try {
    return await askingForVotingApps(() =>
      cluster.objects.create(VOTING_APP, object, { manager: CLI_MANAGER, dryRun }),
    );
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    const advice = `change it with \`kubectl edit votingapp ${name}\`, or open and close it with \`voteapp poll\``;
    const message = `There is a VotingApp ${name} in namespace ${namespace} already, and it is left as it is: ${advice}.`;
    throw new Failure(EXIT.failed, message, error);
  }
}

/** Makes a VotingApp of what the command line says, or shows what it would make. */
export async function create(name: string, options: CreateOptions, terminal: Terminal): Promise<ExitCode> {
  const app = requestedApp(name, options);
  for (const remark of remarksOn(options, app, terminal.now())) terminal.tell(remark);
  if (options.dryRun === 'client') {
    show(terminal, options, app, name);
    return EXIT.ok;
  }
  const work = async (cluster: Cluster): Promise<ExitCode> => {
    const isDryRun = options.dryRun === 'server';
    const made = await send(cluster, app, isDryRun);
    show(terminal, options, asWritten(made), name);
    if (isDryRun) return EXIT.ok;
    if (options.wait === true) await untilReady(cluster, made, options.timeout, terminal);
    else terminal.tell(`\`voteapp status ${name}\` shows how it comes up.`);
    return EXIT.ok;
  };
  return await withCluster(options, work, terminal.signal);
}

import { isDeepStrictEqual } from 'node:util';

import { resourceSchema, type VotingApp } from '@voteapp/contracts/resource/voting-app';
import { desired } from '@voteapp/operator/desired/desired';
import type { Facts } from '@voteapp/operator/desired/facts';
import { asApplied } from '@voteapp/operator/reconcile/apply';
import { kindOf, STATEFUL_SET } from '@voteapp/operator/reconcile/kinds';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { findVotingApp } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure, UsageError } from '../exit-codes.ts';
import { formattedObjects } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { shownFile } from '../voting-app-file/source.ts';
import { readVotingApps } from '../voting-app-file/voting-apps-in-file.ts';
import { liveFacts } from './live-facts.ts';
import { operatorFor, plainOperator, type RenderingOperator } from './operator.ts';

export interface RenderOptions extends ClusterOptions {
  readonly file?: string;
  /** True, or the name of a VotingApp. */
  readonly fromCluster?: true | string;
  readonly operatorNamespace?: string;
  readonly imageRegistry?: string;
  readonly output: 'yaml' | 'json';
}

/** Stands for the uid that a cluster gives. */
const NO_UID = '00000000-0000-0000-0000-000000000000';

/** What an operator makes of a VotingApp that no cluster has. */
export function renderOffline(app: VotingApp, { namespace, release }: RenderingOperator): KubeObject[] {
  const facts: Facts = {
    release,
    operatorNamespace: namespace,
    isPrimeTime: false,
    isHibernated: app.spec.hibernate === true,
    secretsHash: null,
    rabbitmqCluster: null,
  };
  const { namespace: own = 'default' } = app.metadata;
  return desired({ ...app, metadata: { uid: NO_UID, ...app.metadata, namespace: own } }, facts);
}

/** An edit of a VotingApp, as the cluster would have it once it is taken. */
export function asEdited(live: VotingApp, edited: VotingApp): VotingApp {
  const { uid, generation = 1, namespace } = live.metadata;
  const isSame = isDeepStrictEqual(live.spec, edited.spec);
  // Whatever somebody else has noted on it stays, as the time of a restart.
  const annotations = { ...live.metadata.annotations, ...edited.metadata.annotations };
  const numbers = { namespace, uid, generation: isSame ? generation : generation + 1 };
  const metadata = { ...edited.metadata, ...numbers, annotations };
  return { ...edited, metadata, status: live.status };
}

/** A VotingApp of a cluster. Throws `Failure` where its operator could not read it either. */
async function storedApp(cluster: Cluster, name: string | undefined): Promise<VotingApp> {
  const stored = await findVotingApp(cluster, name);
  const parsed = resourceSchema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const analyze = `voteapp analyze ${stored.metadata.name}`;
  const message = `VotingApp ${stored.metadata.name} is not valid by this release: see \`${analyze}\`.`;
  throw new Failure(EXIT.failed, message);
}

async function renderLive(
  cluster: Cluster,
  { fromCluster, operatorNamespace }: RenderOptions,
  edited: VotingApp | undefined,
  now: () => number,
): Promise<KubeObject[]> {
  const name = edited?.metadata.name ?? (fromCluster === true ? undefined : fromCluster);
  const live = await storedApp(cluster, name);
  const app = edited === undefined ? live : asEdited(live, edited);
  const { namespace = cluster.namespace } = app.metadata;
  const operator = await operatorFor(cluster, namespace, operatorNamespace);
  const wanted = desired(app, await liveFacts(cluster, app, operator, now));
  return await Promise.all(
    wanted.map(async (object) => {
      // Of all kinds, only claim templates are sent as they are there rather than as they are wanted.
      const isThere = object.kind === STATEFUL_SET.kind;
      const there = isThere ? await cluster.objects.get(kindOf(object), { ...object.metadata, namespace }) : null;
      return asApplied(object, there ?? undefined);
    }),
  );
}

async function onlyApp(options: RenderOptions, file: string): Promise<VotingApp> {
  const [app, ...more] = await readApps(options, file);
  if (app !== undefined && more.length === 0) return app;
  throw new UsageError(`${shownFile(file)} has several VotingApps: with --from-cluster give one.`);
}

/** The VotingApps of a file, each in the namespace that it or the command line names. */
async function readApps({ namespace }: RenderOptions, file: string): Promise<VotingApp[]> {
  return (await readVotingApps(file)).map((app) => {
    const { metadata } = app;
    if (namespace === undefined) return app;
    if ((metadata.namespace ?? namespace) === namespace) return { ...app, metadata: { ...metadata, namespace } };
    const message = `${shownFile(file)} puts ${metadata.name} in namespace ${metadata.namespace}, -n in ${namespace}`;
    throw new UsageError(`${message}: leave one of them out.`);
  });
}

async function objectsByCluster(options: RenderOptions, { now, signal }: Terminal): Promise<KubeObject[]> {
  const { file, fromCluster, imageRegistry } = options;
  if (file !== undefined && fromCluster !== true) {
    throw new UsageError('The file names the VotingApp: give --from-cluster without a name, or no -f.');
  }
  if (imageRegistry !== undefined) {
    throw new UsageError('--image-registry is for files alone: with --from-cluster the operator names its images.');
  }
  const edited = file === undefined ? undefined : await onlyApp(options, file);
  const { namespace = edited?.metadata.namespace, ...access } = options;
  const asked = { ...access, ...(namespace !== undefined && { namespace }) };
  return await withCluster(asked, (cluster) => renderLive(cluster, options, edited, now), signal);
}

async function objectsOfFile(options: RenderOptions): Promise<KubeObject[]> {
  const { file, operatorNamespace, imageRegistry } = options;
  if (file === undefined) throw new UsageError('Name a VotingApp file with -f, or ask a cluster with --from-cluster.');
  const operator = plainOperator(operatorNamespace, imageRegistry);
  const apps = await readApps(options, file);
  return apps.flatMap((app) => renderOffline(app, operator));
}

/** Prints every object that the operator makes of VotingApps, the Secret with its passwords aside. */
export async function render(options: RenderOptions, terminal: Terminal): Promise<ExitCode> {
  const isLive = options.fromCluster !== undefined;
  const objects = isLive ? await objectsByCluster(options, terminal) : await objectsOfFile(options);
  terminal.print(formattedObjects(objects, options.output));
  return EXIT.ok;
}

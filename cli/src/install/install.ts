import { LABELS } from '@voteapp/contracts/cluster-objects';
import { DEPLOYMENT } from '@voteapp/operator/reconcile/kinds';
import { VERSION } from '@voteapp/operator/release';
import { keyOf, type KubeObject } from '@voteapp/operator/runtime/object';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { WITHOUT_HELM } from '../cluster/helm.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import { CLI_MANAGER } from '../poll/cluster-poll.ts';
import { formattedObjects } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { applied } from './apply.ts';
import { Changes } from './changes.ts';
import { anySettings, customised, type Customisation } from './customised.ts';
import { helmsOwn, helmsPart, refuseBesideRival, refuseWhileDeleted, refuseWithoutNamespaces } from './hindrances.ts';
import { asYaml, DEFAULT_NAMESPACE, kindOf, readManifest } from './manifest.ts';
import { planned } from './planned.ts';
import { rightsGiven } from './rights-given.ts';
import { rolledOut } from './rollout.ts';

export interface InstallOptions extends ClusterOptions {
  readonly namespace: string;
  readonly watchNamespace?: readonly string[];
  readonly replicas: number;
  readonly image?: string;
  readonly imageRegistry?: string;
  readonly generate?: boolean;
  readonly dryRun?: 'client' | 'server';
  readonly wait?: boolean;
  /** In ms. */
  readonly timeout: number;
  readonly output: 'text' | 'json' | 'yaml';
}

function wantedOf(options: InstallOptions): Customisation {
  const { namespace, watchNamespace: watchNamespaces = [], replicas, image, imageRegistry } = options;
  return { namespace, watchNamespaces: [...new Set(watchNamespaces)], replicas, image, imageRegistry };
}

/** `voteapp install`: makes the operator of this release what the cluster runs. */
export async function install(options: InstallOptions, terminal: Terminal): Promise<ExitCode> {
  const wanted = wantedOf(options);
  const objects = customised(await readManifest(), wanted);
  if (options.generate === true) {
    terminal.print(options.output === 'json' ? formattedObjects(objects, 'json') : asYaml(objects));
    return EXIT.ok;
  }
  if (options.dryRun === 'client') {
    const { namespace } = wanted;
    const changes = new Changes({ namespace, context: null, dryRun: 'client' }, options.output, terminal);
    for (const object of objects) changes.add('would apply', object);
    changes.end();
    terminal.tell('Nothing was asked of a cluster, and nothing was changed.');
    return EXIT.ok;
  }
  return await withCluster(
    options,
    async (cluster) => installInto(cluster, { objects, wanted, options }, terminal),
    terminal.signal,
  );
}

interface Installation {
  readonly objects: readonly KubeObject[];
  readonly wanted: Customisation;
  readonly options: InstallOptions;
}

async function installInto(cluster: Cluster, installation: Installation, terminal: Terminal): Promise<ExitCode> {
  const { objects, wanted, options } = installation;
  const plans = await planned(cluster, objects);
  await refuseWithoutNamespaces(cluster, wanted);
  await refuseBesideRival(cluster, wanted);
  const present = plans.flatMap(({ before }) => before ?? []);
  refuseWhileDeleted(present);
  const { managed, leftBehind } = await helmsPart(cluster, present);
  if (managed !== null) throw helmsOwn(...managed, 'upgrade');

  const isTrial = options.dryRun === 'server';
  const from = releaseBefore(present);
  terminal.tell(introduction(cluster, wanted, from, isTrial));
  if (!isTrial) await takeOver(cluster, leftBehind);
  const about = { namespace: wanted.namespace, context: cluster.context, dryRun: options.dryRun ?? null };
  const changes = new Changes(about, options.output, terminal);
  try {
    const limits = { dryRun: isTrial, signal: terminal.signal };
    for (const { wanted: object, before, isWritten } of plans) {
      terminal.signal.throwIfAborted();
      changes.add(isWritten ? await applied(cluster, object, before, limits) : 'unchanged', object);
    }
    for (const object of await former(cluster, installation)) {
      if (!isTrial) await cluster.objects.remove(kindOf(object), object.metadata);
      changes.add('removed', object);
    }
    if (options.wait === true) await waitForOperator(cluster, options, changes, terminal);
  } finally {
    changes.end();
  }
  terminal.tell(isTrial ? 'Nothing was changed.' : conclusion(options));
  return EXIT.ok;
}

function releaseBefore(present: readonly KubeObject[]): string | null {
  const deployment = present.find(({ kind }) => kind === DEPLOYMENT.kind);
  return deployment?.metadata.labels?.[LABELS.version] ?? null;
}

function introduction({ context }: Cluster, { namespace }: Customisation, from: string | null, isTrial: boolean) {
  const step = from === null || from === VERSION ? VERSION : `${from} → ${VERSION}`;
  return `Operator ${step}, namespace ${namespace}, context ${context}${isTrial ? ' (dry run)' : ''}.`;
}

/** What Helm left behind when it uninstalled would be its release's still, and be refused by the next. */
async function takeOver(cluster: Cluster, leftBehind: readonly KubeObject[]): Promise<void> {
  for (const object of leftBehind) {
    await cluster.objects.merge(kindOf(object), object.metadata, WITHOUT_HELM, { manager: CLI_MANAGER });
  }
}

/** What the operator had by other settings, and has no use of any more: rights in the first place. */
async function former(cluster: Cluster, { objects, wanted }: Installation): Promise<KubeObject[]> {
  const title = (object: KubeObject): string => `${object.kind} ${keyOf(object)}`;
  const kept = new Set(objects.map(title));
  const possible = anySettings(await readManifest(), wanted.namespace)
    .filter((object) => object.metadata.namespace !== undefined && !kept.has(title(object)))
    .map(async (object) => cluster.objects.get(kindOf(object), object.metadata));
  const present = [...(await Promise.all(possible)), ...(await rightsGiven(cluster, wanted.namespace))];
  return present.filter((object) => object !== null).filter((object) => !kept.has(title(object)));
}

async function waitForOperator(
  cluster: Cluster,
  options: InstallOptions,
  changes: Changes,
  terminal: Terminal,
): Promise<void> {
  const { namespace, timeout } = options;
  changes.ready = false;
  try {
    await rolledOut(cluster, namespace, timeout, terminal);
    changes.ready = true;
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
    const message = 'Interrupted. The operator is installed and starts by itself; `voteapp uninstall` removes it.';
    throw new Failure(EXIT.interrupted, message, error);
  }
}

function conclusion({ wait, namespace }: InstallOptions): string {
  if (wait === true) return 'The operator is ready. Next: `voteapp create`.';
  const place = namespace === DEFAULT_NAMESPACE ? '' : ` -n ${namespace}`;
  return `The operator starts now: \`voteapp check${place}\` tells when it is ready.`;
}

import { CLAIM, SECRET, VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { type Kind, keyOf, type KubeObject } from '@voteapp/operator/runtime/object';
import { LEASE } from '@voteapp/operator/runtime/leader-election';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { findOperators, type InstalledOperator } from '../cluster/operators.ts';
import { until } from '../cluster/until.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure, UsageError } from '../exit-codes.ts';
import { ask, canAsk } from '../terminal/ask.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { isOurs, titleOf } from './apply.ts';
import { Changes } from './changes.ts';
import { anySettings } from './customised.ts';
import { helmsOwn, helmsPart } from './hindrances.ts';
import { DEFINITION, kindOf, NAMESPACE, OPERATOR_NAME, readManifest } from './manifest.ts';
import { visible } from './planned.ts';
import { dataIn, othersIn, type Poll, pollsIn } from './remains.ts';
import { rightsGiven } from './rights-given.ts';

export interface UninstallOptions extends ClusterOptions {
  readonly namespace: string;
  readonly keepPolls?: boolean;
  readonly deletePolls?: boolean;
  readonly deleteData?: boolean;
  readonly yes?: boolean;
  /** In ms. */
  readonly timeout: number;
  readonly output: 'text' | 'json' | 'yaml';
}

/** All that there is of an installation, before anything of it goes. */
interface Found {
  readonly polls: readonly Poll[];
  readonly claims: readonly KubeObject[];
  readonly secrets: readonly KubeObject[];
  /** Of the operator alone, in the order in which they go. */
  readonly own: readonly KubeObject[];
  readonly definition: KubeObject | null;
  readonly namespace: KubeObject | null;
  /** Operators of other namespaces, which need the definition still. */
  readonly others: readonly InstalledOperator[];
}

/** `voteapp uninstall`: removes the operator, and what it is told to besides. */
export async function uninstall(options: UninstallOptions, terminal: Terminal): Promise<ExitCode> {
  return await withCluster(options, async (cluster) => uninstallFrom(cluster, options, terminal), terminal.signal);
}

async function uninstallFrom(cluster: Cluster, options: UninstallOptions, terminal: Terminal): Promise<ExitCode> {
  const found = await find(cluster, options.namespace);
  await refuseWhatHelmManages(cluster, found);
  refuseWithPolls(found.polls, options);
  await confirm(cluster, found, options, terminal);

  const about = { namespace: options.namespace, context: cluster.context, dryRun: null };
  const changes = new Changes(about, options.output, terminal);
  try {
    changes.stays = staying(found, options, await removeAll(cluster, found, changes, options, terminal));
  } finally {
    changes.end();
  }
  if (changes.count === 0) terminal.tell(`There is no operator in namespace ${options.namespace}.`);
  for (const line of changes.stays) terminal.tell(`Stays: ${line}.`);
  if (options.deleteData !== true && hasMore(found)) {
    terminal.tell('`voteapp uninstall --delete-data` removes the type and the data too.');
  }
  return EXIT.ok;
}

/** Removes what is to go; says why the namespace stays, where it does. */
async function removeAll(
  cluster: Cluster,
  found: Found,
  changes: Changes,
  options: UninstallOptions,
  terminal: Terminal,
): Promise<string | null> {
  const removal = new Removal(cluster, changes, options, terminal);
  if (options.deletePolls === true) await removal.remove(found.polls, () => VOTING_APP);
  await removal.remove(found.own, kindOfOwn);
  if (options.deleteData === true) {
    await removal.remove(found.claims, () => CLAIM);
    await removal.remove(found.secrets, () => SECRET);
  }
  // Before the definition: a namespace goes slowly while a type goes that may be in it.
  const remaining = await removal.removeNamespace(found.namespace);
  if (options.deleteData === true && found.definition !== null && found.others.length === 0) {
    await removal.remove([found.definition], () => DEFINITION);
  }
  return remaining;
}

function kindOfOwn(object: KubeObject): Kind {
  return object.kind === LEASE.kind ? LEASE : kindOf(object);
}

async function find(cluster: Cluster, namespace: string): Promise<Found> {
  const operators = await findOperators(cluster, namespace);
  const others = operators.filter((each) => each.namespace !== namespace);
  const watches = operators.find((each) => each.namespace === namespace)?.watches ?? [];
  const objects = anySettings(await readManifest(), namespace);
  const get = async (object: KubeObject) => visible(cluster, object);
  const scoped = objects.filter(({ metadata }) => metadata.namespace !== undefined);
  const given = await rightsGiven(cluster, namespace);
  // What people may do with polls belongs to the definition more than to an operator.
  const roles = others.length > 0 ? [] : objects.filter(({ metadata }) => metadata.name.startsWith('votingapp-'));
  const live = await Promise.all([...scoped.toReversed(), ...roles].map(get));
  const lease = await cluster.objects.get(LEASE, { namespace, name: OPERATOR_NAME });
  const own = [...live, ...given, lease].filter((object) => object !== null);
  const only = async (kind: string) => {
    const object = objects.find((each) => each.kind === kind);
    return object === undefined ? null : await get(object);
  };
  // Another operator's polls are none of this one's, whatever is left of it.
  const isNobodyElses = ({ metadata }: KubeObject): boolean =>
    !others.some((other) => other.watches.length === 0 || other.watches.includes(metadata.namespace ?? ''));
  const { claims, secrets } = await dataIn(cluster, watches);
  return {
    polls: (await pollsIn(cluster, watches)).filter(isNobodyElses),
    claims: claims.filter(isNobodyElses),
    secrets: secrets.filter(isNobodyElses),
    own: [...new Map(own.map((object) => [`${object.kind} ${keyOf(object)}`, object])).values()],
    definition: await only(DEFINITION.kind),
    namespace: await only(NAMESPACE.kind),
    others,
  };
}

async function refuseWhatHelmManages(cluster: Cluster, { own }: Found): Promise<void> {
  const { managed } = await helmsPart(cluster, own);
  if (managed !== null) throw helmsOwn(...managed, 'uninstall');
}

function named(objects: readonly KubeObject[]): string {
  const most = 5;
  const names = objects.slice(0, most).map(keyOf).join(', ');
  return objects.length > most ? `${names} and ${objects.length - most} more` : names;
}

/** Throws `Failure` while there are polls and nobody has said what is to become of them. */
export function refuseWithPolls(
  polls: readonly KubeObject[],
  { keepPolls, deletePolls, deleteData }: Pick<UninstallOptions, 'keepPolls' | 'deletePolls' | 'deleteData'>,
): void {
  if (polls.length === 0 || keepPolls === true || deletePolls === true) return;
  const choice =
    deleteData === true
      ? 'add --delete-polls to delete them with their data'
      : '--delete-polls stops and deletes them, --keep-polls leaves them running without an operator';
  throw new Failure(
    EXIT.failed,
    `Nothing was removed, for there are VotingApps: ${named(polls)}. Say what becomes of them: ${choice}.`,
  );
}

/** Polls whose volumes go with them, whether or not --delete-data was said. */
function losingData(polls: readonly Poll[]): Poll[] {
  return polls.filter(({ spec }) => spec?.deletionPolicy === 'Delete');
}

/** What is lost for good, in words; null where nothing is. */
export function loss(
  polls: readonly Poll[],
  { deletePolls, deleteData }: Pick<UninstallOptions, 'deletePolls' | 'deleteData'>,
): string | null {
  if (deleteData === true) return 'the votes of all polls';
  const lost = deletePolls === true ? losingData(polls) : [];
  return lost.length === 0 ? null : `the votes of ${named(lost)} (deletionPolicy: Delete)`;
}

async function confirm(cluster: Cluster, found: Found, options: UninstallOptions, terminal: Terminal): Promise<void> {
  const lost = loss(found.polls, options);
  if (lost === null || options.yes === true) return;
  if (!canAsk()) {
    throw new UsageError(`This deletes ${lost} for good: add --yes, for nobody is here to be asked.`);
  }
  const { context, url } = cluster;
  const question = `This deletes ${lost} for good, on ${url}.\nType the name of the context, ${context}, to go on: `;
  if ((await ask(question, terminal.signal)) === context) return;
  throw new Failure(EXIT.failed, 'Nothing was removed: that is not the name of the context.');
}

class Removal {
  readonly #cluster: Cluster;
  readonly #options: UninstallOptions;
  readonly #terminal: Terminal;
  readonly #end: number;
  readonly #changes: Changes;

  constructor(cluster: Cluster, changes: Changes, options: UninstallOptions, terminal: Terminal) {
    this.#cluster = cluster;
    this.#changes = changes;
    this.#options = options;
    this.#terminal = terminal;
    this.#end = performance.now() + options.timeout;
  }

  /** Removes objects and whatever they own, and resolves when they are gone. */
  async remove(objects: readonly KubeObject[], kindOf: (object: KubeObject) => Kind): Promise<void> {
    const { signal } = this.#terminal;
    for (const object of objects) {
      signal.throwIfAborted();
      const { uid } = object.metadata;
      await this.#cluster.objects.remove(kindOf(object), object.metadata, {
        uid,
        propagationPolicy: 'Foreground',
        signal,
      });
    }
    for (const object of objects) {
      await this.#gone(kindOf(object), object);
      this.#changes.add('removed', object);
    }
  }

  async #gone(kind: Kind, { metadata }: KubeObject): Promise<void> {
    const { signal } = this.#terminal;
    let finalizers: readonly string[] = [];
    const look = async (): Promise<true | null> => {
      const live = await this.#cluster.objects.get(kind, metadata, { signal });
      finalizers = live?.metadata.finalizers ?? [];
      return live === null || live.metadata.uid !== metadata.uid ? true : null;
    };
    const held = (): string => (finalizers.length === 0 ? '' : ` (held by ${finalizers.join(', ')})`);
    const late = (): string =>
      `${kind.kind} ${metadata.name} is not gone after ${this.#options.timeout / 1_000} s${held()}; the same command goes on from here.`;
    await until(look, { timeoutMs: this.#end - performance.now(), everyMs: 200, signal, late });
  }

  /** Removes the operator's namespace where `install` made it and nothing else is in it; says why it stays. */
  async removeNamespace(namespace: KubeObject | null): Promise<string | null> {
    if (namespace === null) return null;
    const { name } = namespace.metadata;
    if (!isOurs(namespace)) return `Namespace ${name}, which \`voteapp install\` did not make`;
    const others = await othersIn(this.#cluster, name);
    if (others.length > 0) {
      return `Namespace ${name}, for others are in it: ${others.map((one) => titleOf(one, name)).join(', ')}`;
    }
    await this.remove([namespace], () => NAMESPACE);
    return null;
  }
}

function counted(number: number, one: string, more: string): string[] {
  return number === 0 ? [] : [`${number} ${number === 1 ? one : more}`];
}

/** What stays, each in words. */
function staying(found: Found, { keepPolls, deleteData }: UninstallOptions, namespace: string | null): string[] {
  const data = [
    ...counted(found.claims.length, 'volume claim', 'volume claims'),
    ...counted(found.secrets.length, 'Secret', 'Secrets'),
  ].join(' and ');
  const hasDefinition = found.definition !== null && (deleteData !== true || found.others.length > 0);
  return [
    ...(keepPolls === true && found.polls.length > 0
      ? [`${counted(found.polls.length, 'VotingApp', 'VotingApps').join('')}, running: ${named(found.polls)}`]
      : []),
    ...(deleteData !== true && data !== '' ? [`${data} with the data of polls`] : []),
    ...(hasDefinition ? ['the type VotingApp'] : []),
    ...(namespace === null ? [] : [namespace]),
  ];
}

/** Whether there is what --delete-data would remove. */
function hasMore({ definition, claims, secrets }: Found): boolean {
  return definition !== null || claims.length > 0 || secrets.length > 0;
}

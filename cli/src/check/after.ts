import { setTimeout as pause } from 'node:timers/promises';

import { LABELS, OPERATOR_LABEL } from '@voteapp/contracts/cluster-objects';
import { observeWorkload } from '@voteapp/operator/reconcile/components';
import { difference } from '@voteapp/operator/reconcile/difference';
import { POD, VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { VERSION } from '@voteapp/operator/release';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import { LEASE } from '@voteapp/operator/runtime/leader-election';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { findOperators, type InstalledOperator } from '../cluster/operators.ts';
import { missingRights, type Right } from '../cluster/rights.ts';
import { isEstablished } from '../install/apply.ts';
import { DEFINITION, DEFINITION_NAME, OPERATOR_NAME, readManifest } from '../install/manifest.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Category, type Check, fail, ok, warn } from './check-output.ts';
import * as judge from './judgements.ts';

type Clock = Pick<Terminal, 'now' | 'signal'>;

interface DefinitionSpec {
  readonly versions?: readonly { readonly name: string; readonly served?: boolean }[];
}

function stateOf(live: KubeObject, wanted: KubeObject | undefined): judge.DefinitionState {
  const { storedVersions = [] } = (live['status'] ?? {}) as { readonly storedVersions?: readonly string[] };
  const { versions = [] } = live['spec'] as DefinitionSpec;
  return {
    isEstablished: isEstablished(live),
    release: live.metadata.labels?.[LABELS.version] ?? null,
    difference: difference(wanted?.['spec'], live['spec'], 'spec'),
    storedVersions,
    served: versions.filter(({ served }) => served === true).map(({ name }) => name),
  };
}

async function definition({ objects }: Cluster): Promise<Check[]> {
  try {
    const live = await objects.get(DEFINITION, { name: DEFINITION_NAME });
    const wanted = (await readManifest()).find(({ kind }) => kind === DEFINITION.kind);
    return judge.judgeDefinition(live === null ? null : stateOf(live, wanted), VERSION);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    return [warn('the type VotingApp may not be looked at', 'whoever may get CRDs sees more')];
  }
}

async function pods({ objects }: Cluster, operator: InstalledOperator): Promise<Check> {
  const { namespace, deployment } = operator;
  const labelSelector = `${LABELS.name}=${OPERATOR_LABEL}`;
  const { items } = await objects.list(POD, { namespace, labelSelector });
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const { ready, desired, message, isRolling } = observeWorkload(deployment, staying);
  if (desired === 0) return fail(`Deployment ${operator.name} is scaled to 0`, 'run `voteapp install`');
  const hint = `see \`kubectl describe pods -n ${namespace} -l ${labelSelector}\``;
  if (ready === 0) return fail(message ?? `Deployment ${operator.name}: 0/${desired} ready`, hint);
  if (ready < desired || isRolling) return warn(message ?? `Deployment ${operator.name} is being rolled out`, hint);
  return ok(`Deployment ${operator.name}: ${ready}/${desired} ready`);
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly renewTime?: string;
}

const LEASE_SECONDS = 15;
const LOOK_MS = 500;

/**
 * The Lease, and whether it is renewed. Where it looks stale it is looked at again for as long as it lasts: the clock of
 * this machine may be wrong.
 */
export async function leaseState({ objects }: Pick<Cluster, 'objects'>, namespace: string, { now, signal }: Clock) {
  const look = async () => objects.get(LEASE, { namespace, name: OPERATOR_NAME }, { signal });
  const first = await look();
  if (first === null) return null;
  const {
    holderIdentity: holder = '',
    leaseDurationSeconds = LEASE_SECONDS,
    renewTime = '',
  } = first['spec'] as LeaseSpec;
  const age = now() - Date.parse(renewTime);
  const lastsMs = leaseDurationSeconds * 1_000;
  if (holder === '' || (age >= 0 && age < lastsMs)) return { holder, isRenewed: true };
  const end = now() + lastsMs;
  while (now() < end) {
    await pause(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    const { renewTime: later } = ((await look())?.['spec'] ?? {}) as LeaseSpec;
    if (later !== renewTime) return { holder, isRenewed: true };
  }
  return { holder, isRenewed: false };
}

async function ofOperator(cluster: Cluster, operator: InstalledOperator, clock: Clock): Promise<Check[]> {
  const running = await pods(cluster, operator);
  const lease = async (): Promise<Check[]> =>
    running.result === 'fail' ? [] : [judge.judgeLease(await leaseState(cluster, operator.namespace, clock))];
  return [judge.judgeRelease(operator, VERSION), running, ...(await lease())];
}

async function operators(cluster: Cluster, namespace: string, clock: Clock): Promise<Check[]> {
  try {
    const found = await findOperators(cluster, namespace);
    if (found.length === 0) return [fail('there is no operator', 'run `voteapp install`')];
    return (await Promise.all(found.map(async (each) => ofOperator(cluster, each, clock)))).flat();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    return [
      warn(`the operator may not be looked at in ${namespace}`, 'name its namespace with -n, or ask for that right'),
    ];
  }
}

async function polls(cluster: Cluster): Promise<Check[]> {
  try {
    const { items } = await cluster.objects.list(VOTING_APP);
    return judge.judgePolls(items);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return [];
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    const { items } = await cluster.objects.list(VOTING_APP, { namespace: cluster.namespace });
    return judge.judgePolls(items);
  }
}

function rightsToUse(namespace: string): Right[] {
  return [
    ...['get', 'list', 'create', 'patch'].map((verb) => ({ verb, kind: VOTING_APP, namespace })),
    { verb: 'list', kind: POD, namespace },
    { verb: 'create', kind: POD, subresource: 'portforward', namespace },
  ];
}

/** What an installation is like. */
export async function afterInstall(cluster: Cluster, namespace: string, clock: Clock): Promise<Category[]> {
  const missing = await missingRights(cluster, rightsToUse(cluster.namespace));
  const use = judge.judgeRights(`run polls in namespace ${cluster.namespace}`, missing);
  const found = await polls(cluster);
  return [
    { name: 'Rights', checks: use.map((check) => (check.result === 'fail' ? { ...check, result: 'warn' } : check)) },
    { name: 'Operator', checks: [...(await definition(cluster)), ...(await operators(cluster, namespace, clock))] },
    ...(found.length === 0 ? [] : [{ name: 'Polls', checks: found }]),
  ];
}

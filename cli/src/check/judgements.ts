import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import type { InstalledOperator } from '../cluster/operators.ts';
import { nameOfRight, type Right } from '../cluster/rights.ts';
import { skewProblem } from '../cluster/skew.ts';
import { type Check, fail, ok, warn } from './check-output.ts';

/** The oldest release of Kubernetes that the operator runs on: CEL rules of the CRD, and `preStop.sleep`. */
const OLDEST = { major: 1, minor: 33 } as const;
const MOST_NAMES = 5;

export interface ServerVersion {
  readonly major: string;
  /** As "34", or "34+" of a vendor's. */
  readonly minor: string;
  readonly gitVersion: string;
}

export function judgeVersion({ major, minor, gitVersion }: ServerVersion): Check {
  const [at, below] = [Number.parseInt(major, 10), Number.parseInt(minor, 10)];
  const isOld = at < OLDEST.major || (at === OLDEST.major && below < OLDEST.minor);
  const oldest = `${OLDEST.major}.${OLDEST.minor}`;
  return isOld
    ? fail(`Kubernetes ${gitVersion} is too old`, `upgrade the cluster to ${oldest} or later`)
    : ok(`Kubernetes ${gitVersion}, ${oldest} or later is needed`);
}

export function judgeRights(what: string, missing: readonly Right[]): Check[] {
  if (missing.length === 0) return [ok(`you may ${what}`)];
  return missing.map((right) =>
    fail(`you may not ${nameOfRight(right)}`, `ask whoever runs the cluster for that right, to ${what}`),
  );
}

/** A class of which there may be a default. */
export interface OfferedClass {
  readonly name: string;
  readonly isDefault: boolean;
}

function names(classes: readonly OfferedClass[]): string {
  return classes.map(({ name, isDefault }) => (isDefault ? `${name} (default)` : name)).join(', ');
}

export function judgeStorage(classes: readonly OfferedClass[] | null): Check {
  if (classes === null)
    return warn('StorageClasses may not be listed', 'ask whoever runs the cluster for a default one');
  if (classes.some(({ isDefault }) => isDefault)) return ok(`StorageClass ${names(classes)}`);
  return classes.length === 0
    ? warn('there is no StorageClass', 'install a provisioner, or use an external database and queue')
    : warn(
        `no StorageClass is the default: ${names(classes)}`,
        'name one in spec.database.managed.storage and spec.queue.rabbitmq.storage of each VotingApp',
      );
}

export function judgeEntrances(
  ingress: readonly OfferedClass[] | null,
  gateway: readonly OfferedClass[] | null,
): Check {
  const found = [
    ...(ingress ?? []).map((each) => `IngressClass ${names([each])}`),
    ...(gateway ?? []).map((each) => `GatewayClass ${names([each])}`),
  ];
  if (found.length > 0) return ok(found.join(', '));
  return warn(
    'there is no IngressClass and no GatewayClass',
    'install an ingress controller, or give voters spec.vote.service.type LoadBalancer',
  );
}

export function judgeMetrics(isServed: boolean): Check {
  return isServed
    ? ok('the metrics API answers, so spec.vote.autoscaling can follow the load')
    : warn('there is no metrics API', 'install metrics-server before you use spec.vote.autoscaling');
}

/** What others install and polls can use; without them nothing is wrong. */
export function describeOptional(name: string, isServed: boolean, use: string): Check {
  return ok(isServed ? `${name} is there: ${use}` : `${name} is not there; nothing but this needs it: ${use}`);
}

/** The definition of VotingApps, as far as it is judged. */
export interface DefinitionState {
  readonly isEstablished: boolean;
  readonly release: string | null;
  /** The first field that is not as this release has it; null: none. */
  readonly difference: string | null;
  readonly storedVersions: readonly string[];
  readonly served: readonly string[];
}

export function judgeDefinition(state: DefinitionState | null, release: string): Check[] {
  if (state === null) return [fail('the type VotingApp is not installed', 'run `voteapp install`')];
  if (!state.isEstablished) {
    return [
      fail(
        'the type VotingApp is not served yet',
        'wait a moment; else see `kubectl describe crd votingapps.voteapp.dev`',
      ),
    ];
  }
  const lost = state.storedVersions.filter((version) => !state.served.includes(version));
  const stored =
    lost.length === 0
      ? []
      : [
          fail(
            `VotingApps are stored as ${lost.join(', ')}, which is not served`,
            'install the release before this one',
          ),
        ];
  if (state.difference === null) return [ok(`the type VotingApp is established, of release ${release}`), ...stored];
  const of = state.release === null || state.release === release ? 'was changed' : `is of release ${state.release}`;
  return [
    warn(`the type VotingApp ${of}: ${state.difference} is not as in ${release}`, 'run `voteapp install`'),
    ...stored,
  ];
}

export function judgeRelease({ namespace, version, watches }: InstalledOperator, release: string): Check {
  const skew = skewProblem(release, version);
  if (skew !== null) {
    const [message = skew, hint = ''] = skew.replace(/\.$/, '').split(/: (?=upgrade|take)/);
    return warn(message.replace(/^The/, 'the'), hint);
  }
  const where = watches.length === 0 ? 'all namespaces' : watches.join(', ');
  return ok(`operator ${version}, in ${namespace}, watches ${where}`);
}

/** The Lease that the operators compete for. */
export interface LeaseState {
  readonly holder: string;
  readonly isRenewed: boolean;
}

export function judgeLease(lease: LeaseState | null): Check {
  const hint = 'see `voteapp logs`, or the logs of the operator’s pods';
  if (lease === null || lease.holder === '') return fail('no operator leads', hint);
  if (!lease.isRenewed) return fail(`${lease.holder} leads, and has not been heard of`, hint);
  return ok(`${lease.holder} leads`);
}

type PolledApp = Pick<VotingApp, 'metadata' | 'status'>;

export function judgePolls(apps: readonly PolledApp[]): Check[] {
  if (apps.length === 0) return [ok('there are no VotingApps yet')];
  const unready = apps.flatMap(({ metadata: { namespace = '', name }, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return [];
    const why = ready === undefined ? 'the operator has not looked at it' : ready.message.replace(/\.$/, '');
    return [warn(`${namespace}/${name} is not ready: ${why}`, `see \`voteapp status ${name} -n ${namespace}\``)];
  });
  if (unready.length === 0)
    return [ok(apps.length === 1 ? 'the VotingApp is ready' : `all ${apps.length} VotingApps are ready`)];
  const more = unready.length - MOST_NAMES;
  const rest = more > 0 ? [warn(`${more} more VotingApps are not ready`, 'see `voteapp status -A`')] : [];
  return [...unready.slice(0, MOST_NAMES), ...rest];
}

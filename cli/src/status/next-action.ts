import type { Reason } from '@voteapp/operator/reconcile/outcome';

import type { StatusOutput } from './status-output.ts';

type Seen = Omit<StatusOutput, 'next'>;

const NOTHING = (): null => null;
const WAIT = ({ name }: Seen): string => `Wait: \`voteapp status ${name} -w --timeout 5m\` ends when it is ready.`;

/** The parts that are short of pods, as `logs` takes them; all where none is. */
function logsOf({ name, components }: Seen): string {
  const short = components.filter(({ ready, desired, message }) => ready < desired || message !== null);
  const chosen = short.length === 0 ? '' : ` --component ${short.map((component) => component.name).join(',')}`;
  return `\`voteapp logs ${name}${chosen} --level warn\``;
}

/** What somebody should do of each reason that a condition may give; null: nothing. */
const ADVICE: Readonly<Record<Reason, (seen: Seen) => string | null>> = {
  AdoptionRefused: () =>
    'Remove that object, give the poll another name, or let the operator have it: annotate it with voteapp.dev/adopt=true.',
  ApplyFailed: () => 'Change what the API server refuses: a field of the resource, a quota or a policy of the cluster.',
  BeingDeleted: () => 'Wait for the object to go; if it stays, a finalizer of somebody else’s holds it.',
  DatabaseUnavailable: ({ name }) => `See why: \`voteapp logs ${name} --component worker,mysql --level warn\`.`,
  DefinitionPending: ({ name }) =>
    `Wait some seconds for the edit to arrive; if it does not, see \`voteapp logs ${name} --component worker\`.`,
  DeleteFailed: () => 'Remove what keeps the API server from deleting that object; the operator tries again by itself.',
  HibernationRefused: ({ name }) => `Close the poll first: \`voteapp poll close ${name}\`; it sleeps once it is final.`,
  ImmutableFieldChanged: () => 'Take that edit back, or make a new poll: Kubernetes never lets such a field change.',
  InvalidSpec: ({ name }) => `Correct the resource: \`voteapp analyze ${name}\` says where.`,
  KindNotServed: () => 'Install what serves that kind, or take it out of the resource.',
  NoAnswer: (seen) => `See why: ${logsOf(seen)}.`,
  NotKnown: (seen) => `See why: ${logsOf(seen)}.`,
  PodsNotReady: (seen) => `See why: ${logsOf(seen)}.`,
  QueueNotFound: () => 'Make the RabbitmqCluster that spec.queue names, or wait until it is ready.',
  QueueUnavailable: ({ name }) => `See why: \`voteapp logs ${name} --component vote,rabbitmq --level warn\`.`,
  ReconcileDisabled: ({ name }) => `Let the operator work again: \`voteapp reconcile resume ${name}\`.`,
  ServicesUnreachable: () => 'Let the operator reach the services: `voteapp check`, and look at network policies.',
  SecretIncomplete: () => 'Add those keys to the Secret; the operator sees it by itself.',
  SecretMissing: () => 'Make that Secret; the operator sees it by itself.',
  UnsupportedVersion: () => 'Set spec.version to a release that the operator runs, or upgrade it: `voteapp install`.',
  Hibernated: ({ name }) => `Wake it when it is needed: \`voteapp hibernate off ${name}\`.`,
  RollingOut: WAIT,
  Starting: WAIT,
  UpdateAvailable: () => 'Take spec.version out, or set it to the operator’s release, when an upgrade suits you.',
  Answers: NOTHING,
  AsAsked: NOTHING,
  CountAssumed: NOTHING,
  Counted: NOTHING,
  Counting: NOTHING,
  Current: NOTHING,
  Draining: NOTHING,
  DriftCorrected: NOTHING,
  Final: NOTHING,
  FollowsOperator: NOTHING,
  NotAsked: NOTHING,
  ObjectsChanged: NOTHING,
  Open: NOTHING,
  Ready: NOTHING,
  Scheduled: NOTHING,
  Suspended: NOTHING,
};

function adviceOf(reason: string): (seen: Seen) => string | null {
  // An operator of another release may give reasons that this one does not know.
  return reason in ADVICE ? ADVICE[reason as Reason] : NOTHING;
}

/** What the poll itself waits for. */
function ofPoll({ name, state, urls, local }: Seen): string {
  switch (state) {
    case null:
      return 'Wait: the services have not told yet how the poll is.';
    case 'Scheduled':
      return `It opens by itself; \`voteapp poll open ${name}\` opens it now.`;
    case 'Open':
      return urls.vote === null && !local
        ? `Vote with \`voteapp vote ${name} OPTION\` or \`voteapp browse ${name}\`; see the count with \`voteapp tally ${name}\`.`
        : `See the count: \`voteapp tally ${name} --watch\`.`;
    case 'Suspended':
      return `Take votes again: \`voteapp poll resume ${name}\`.`;
    case 'Draining':
      return `Wait until every vote is counted: \`voteapp status ${name} --for Final\`.`;
    case 'Final':
      return `See the result: \`voteapp tally ${name}\`.`;
  }
}

/** In which order conditions are asked what to do, and the status of each in which there may be something. */
const ASKED = [
  ['Paused', ['True']],
  ['Ready', ['False', 'Unknown']],
  ['Degraded', ['True']],
  ['Hibernated', ['True']],
  ['Progressing', ['True']],
  ['DatabaseReady', ['False']],
  ['QueueReady', ['False']],
] as const satisfies readonly (readonly [string, readonly string[]])[];

/** What to do now, in a sentence. */
export function nextAction(seen: Seen): string {
  if (seen.conditions.length === 0 && !seen.local) {
    return 'Nobody has taken it up yet: `voteapp check` says whether an operator runs.';
  }
  for (const [type, statuses] of ASKED) {
    const found = seen.conditions.find((condition) => condition.type === type);
    if (found === undefined || !statuses.some((status) => status === found.status)) continue;
    const advice = adviceOf(found.reason)(seen);
    if (advice !== null) return advice;
  }
  const refused = seen.conditions.find(({ reason }) => reason === 'HibernationRefused');
  const upgrade = seen.conditions.find(({ type, status }) => type === 'UpgradeAvailable' && status === 'True');
  const rest = refused ?? (seen.state === 'Final' || seen.state === 'Scheduled' ? upgrade : undefined);
  return (rest === undefined ? null : adviceOf(rest.reason)(seen)) ?? ofPoll(seen);
}

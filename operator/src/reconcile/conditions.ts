import type { Condition, ConditionStatus, ConditionType } from '@voteapp/contracts/resource/conditions';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { revisionOf } from '../desired/poll-config-map.ts';
import type { Component } from './components.ts';
import { fitting, type Problem, type Reason } from './outcome.ts';
import type { Reading } from './readings.ts';

/** What a pass found, of which the conditions tell. */
export interface Findings {
  readonly app: VotingApp;
  readonly components: readonly Component[];
  readonly reading: Reading;
  /** What keeps the operator from its work, the first thing first. */
  readonly problems: readonly Problem[];
  readonly isPaused: boolean;
  readonly hibernation: 'NotAsked' | 'Refused' | 'Granted';
  /** The operator's release. */
  readonly release: string;
  /** Whether it has been ready before. */
  readonly wasReady: boolean;
}

/** A condition without its times. */
export interface Verdict {
  readonly status: ConditionStatus;
  readonly reason: Reason;
  readonly message: string;
}

function verdict(status: ConditionStatus, reason: Reason, message: string): Verdict {
  return { status, reason, message };
}

/** The parts that are not as they should be, in one sentence. */
function shortfall(components: readonly Component[]): string | null {
  const messages = components.flatMap(({ message }) => message ?? []);
  return messages.length === 0 ? null : messages.join('; ');
}

function isShort({ ready, desired, isMissing }: Component): boolean {
  return isMissing || ready < desired;
}

function isAsleep({ hibernation, components }: Findings): boolean {
  return hibernation === 'Granted' && components.every(({ desired, ready }) => desired === 0 && ready === 0);
}

function ready(findings: Findings): Verdict {
  const { problems, components, reading, hibernation } = findings;
  const [problem] = problems;
  if (problem !== undefined) return verdict('False', problem.reason, problem.message);
  if (hibernation === 'Granted') {
    return isAsleep(findings)
      ? verdict('True', 'Hibernated', 'No pods run, as spec.hibernate asks; the data is kept.')
      : verdict('False', 'RollingOut', 'Pods are ending, as spec.hibernate asks.');
  }
  const short = shortfall(components);
  if (short !== null && components.some(isShort)) return verdict('False', 'PodsNotReady', short);
  if (reading.queue === false)
    return verdict('False', 'QueueUnavailable', 'The queue does not answer the vote service.');
  if (reading.database === false) {
    return verdict('False', 'DatabaseUnavailable', 'The database does not answer the worker.');
  }
  if (reading.state === null || reading.queue === null || reading.database === null) {
    return verdict('Unknown', 'ServicesUnreachable', 'The services run, but do not tell the operator how they are.');
  }
  return verdict('True', 'Ready', `Every part runs; the poll is ${reading.state}.`);
}

function progressing(findings: Findings): Verdict {
  const { app, components, reading, wasReady, problems } = findings;
  const isReady = ready(findings).status === 'True';
  const [problem] = problems;
  if (problem !== undefined) {
    // Its first start is still ahead of it; whoever asks later whether there was one reads it here.
    return verdict('False', wasReady ? problem.reason : 'Starting', 'It waits for a person or the cluster; see Ready.');
  }
  const rolling = components.filter(({ isRolling }) => isRolling).map(({ part }) => part);
  if (!wasReady && !isReady) return verdict('True', 'Starting', 'It has not been ready yet.');
  if (rolling.length > 0)
    return verdict('True', 'RollingOut', `Pods are being replaced or added: ${rolling.join(', ')}.`);
  if (reading.revision !== null && reading.revision < revisionOf(app)) {
    return verdict(
      'True',
      'DefinitionPending',
      `The services judge by revision ${reading.revision} of the poll, not yet ${revisionOf(app)}.`,
    );
  }
  return verdict('False', 'AsAsked', 'The cluster is as asked for.');
}

function degraded(findings: Findings): Verdict {
  const { components, reading, wasReady, hibernation } = findings;
  if (hibernation === 'Granted') return verdict('False', 'Hibernated', 'No pods run, as asked for.');
  const stuck = components.filter(({ isStuck }) => isStuck);
  if (stuck.length > 0) return verdict('True', 'PodsNotReady', shortfall(stuck) ?? '');
  // At its first start a part waits for another; that is no loss to anybody yet.
  if (wasReady) {
    const short = components.filter(isShort);
    if (short.some(({ isRolling, ready }) => !isRolling || ready === 0)) {
      return verdict('True', 'PodsNotReady', shortfall(short) ?? '');
    }
    if (reading.queue === false)
      return verdict('True', 'QueueUnavailable', 'The queue does not answer the vote service.');
    if (reading.database === false) {
      return verdict('True', 'DatabaseUnavailable', 'The database does not answer the worker.');
    }
  }
  return verdict('False', 'AsAsked', 'No part is known to be down.');
}

function answers(whether: boolean | null, of: string): Verdict {
  if (whether === null) return verdict('Unknown', 'NotKnown', `Nothing could be heard of the ${of}.`);
  return whether
    ? verdict('True', 'Answers', `The ${of} answers.`)
    : verdict('False', 'NoAnswer', `The ${of} does not answer.`);
}

const OPEN_REASONS = {
  Scheduled: 'The poll is not open yet.',
  Open: 'The poll takes votes.',
  Suspended: 'The poll is suspended.',
  Draining: 'The poll is closed, and votes wait to be counted.',
  Final: 'The poll is over.',
} as const;

function open({ reading: { state } }: Findings): Verdict {
  if (state === null) return verdict('Unknown', 'NotKnown', 'The services have not told how the poll is.');
  return verdict(state === 'Open' ? 'True' : 'False', state, OPEN_REASONS[state]);
}

function final({ app, hibernation, reading: { count } }: Findings): Verdict {
  // What is final stays so while its services sleep.
  const wasFinal = hibernation === 'Granted' && app.status?.tally?.final === true;
  const isFinal = count?.isFinal ?? (wasFinal || null);
  const isAssumed = count?.isAssumed ?? app.status?.tally?.assumed === true;
  if (isFinal === null) return verdict('Unknown', 'NotKnown', 'The services have not told how the count is.');
  if (!isFinal) return verdict('False', 'Counting', 'The result may still change.');
  return isAssumed
    ? verdict('True', 'CountAssumed', 'Assumed: the queue was empty and no vote had come for a minute.')
    : verdict('True', 'Counted', 'Every accepted vote is counted.');
}

function hibernated(findings: Findings): Verdict {
  switch (findings.hibernation) {
    case 'NotAsked':
      return verdict('False', 'NotAsked', 'spec.hibernate is not true.');
    case 'Refused':
      return verdict(
        'False',
        'HibernationRefused',
        'The poll is open, or it is not known that no votes wait to be counted.',
      );
    case 'Granted':
      return isAsleep(findings)
        ? verdict('True', 'Hibernated', 'No pods run, as asked for.')
        : verdict('False', 'RollingOut', 'Pods are ending.');
  }
}

function upgradeAvailable({ app, release, problems }: Findings): Verdict {
  const pinned = app.spec.version;
  const unsupported = problems.find(({ reason }) => reason === 'UnsupportedVersion');
  if (unsupported !== undefined) return verdict('False', unsupported.reason, unsupported.message);
  if (pinned === undefined)
    return verdict('False', 'FollowsOperator', `It follows the operator’s release, ${release}.`);
  return pinned === release
    ? verdict('False', 'Current', `It runs the operator’s release, ${release}.`)
    : verdict('True', 'UpdateAvailable', `It is pinned to ${pinned}; the operator’s release is ${release}.`);
}

function paused({ isPaused }: Findings): Verdict {
  return isPaused
    ? verdict('True', 'ReconcileDisabled', 'The annotation voteapp.dev/reconcile: disabled is set; nothing is changed.')
    : verdict('False', 'NotAsked', 'The operator keeps the cluster as asked for.');
}

const JUDGES: Readonly<Record<ConditionType, (findings: Findings) => Verdict>> = {
  Ready: ready,
  Progressing: progressing,
  Degraded: degraded,
  DatabaseReady: ({ reading }) => answers(reading.database, 'database'),
  QueueReady: ({ reading }) => answers(reading.queue, 'queue'),
  Open: open,
  Final: final,
  Paused: paused,
  Hibernated: hibernated,
  UpgradeAvailable: upgradeAvailable,
};

/**
 * The conditions, with the time at which each came to be as it is: of `before` where its status is the same, or else
 * `now` (RFC 3339).
 */
export function conditionsOf(
  verdicts: Readonly<Partial<Record<ConditionType, Verdict>>>,
  before: readonly Condition[],
  { generation, now }: { readonly generation: number; readonly now: string },
): Condition[] {
  return Object.entries(verdicts).map(([name, { status, reason, message }]) => {
    const type = name as ConditionType;
    const earlier = before.find((condition) => condition.type === type);
    const lastTransitionTime = earlier?.status === status ? earlier.lastTransitionTime : now;
    return { type, status, reason, message: fitting(message), lastTransitionTime, observedGeneration: generation };
  });
}

export function judge(findings: Findings): Record<ConditionType, Verdict> {
  const verdicts = Object.entries(JUDGES).map(([type, of]) => [type, of(findings)]);
  return Object.fromEntries(verdicts) as Record<ConditionType, Verdict>;
}

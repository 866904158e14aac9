import type { Condition, ConditionType } from '@voteapp/contracts/resource/conditions';
import type { VotingAppStatus } from '@voteapp/contracts/resource/status';

import type { EventRecorder } from '../runtime/events.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Outcome } from './apply.ts';
import { nameOf } from './ownership.ts';
import type { Problem } from './outcome.ts';
import { conditionsBefore } from './status.ts';

/** Conditions whose turns are told as events, and what status of theirs is bad news. */
const TOLD: Readonly<Partial<Record<ConditionType, Condition['status'] | null>>> = {
  Ready: 'False',
  Degraded: 'True',
  Open: null,
  Final: null,
  Paused: null,
  Hibernated: null,
};
const MOST_NAMES = 12;

function list(objects: readonly KubeObject[]): string {
  const names = objects.map(nameOf);
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${rest} more` : names.join(', ');
}

/** Tells what a pass did to the objects: one event for all that was new, one for each that somebody had changed. */
export function tellOutcomes(
  events: Pick<EventRecorder, 'record'>,
  app: KubeObject,
  outcomes: readonly Outcome[],
  removed: readonly KubeObject[],
): void {
  const tell = (verb: string, objects: readonly KubeObject[]): void => {
    if (objects.length === 0) return;
    events.record(app, { type: 'Normal', reason: 'ObjectsChanged', action: verb, note: `${verb}d ${list(objects)}` });
  };
  tell(
    'Create',
    outcomes.flatMap((outcome) => (outcome.did === 'created' ? outcome.object : [])),
  );
  tell(
    'Update',
    outcomes.flatMap((outcome) => (outcome.did === 'changed' ? outcome.object : [])),
  );
  tell('Delete', removed);
  for (const outcome of outcomes) {
    if (outcome.did !== 'corrected') continue;
    const note = `${nameOf(outcome.object)} had another ${outcome.field}, which was changed back`;
    events.record(app, { type: 'Normal', reason: 'DriftCorrected', action: 'Correct', note });
  }
}

/** Tells what keeps the operator from its work. */
export function tellProblems(
  events: Pick<EventRecorder, 'record'>,
  app: KubeObject,
  problems: readonly Problem[],
): void {
  for (const { reason, message } of problems) {
    // It ends by itself.
    if (reason === 'BeingDeleted') continue;
    events.record(app, { type: 'Warning', reason, action: 'Reconcile', note: message });
  }
}

/** Tells which conditions have turned. */
export function tellTurns(
  events: Pick<EventRecorder, 'record'>,
  app: KubeObject,
  before: VotingAppStatus | undefined,
  after: VotingAppStatus,
): void {
  const earlier = new Map(conditionsBefore(before).map((condition) => [condition.type, condition.status]));
  for (const { type, status, reason, message } of conditionsBefore(after)) {
    const was = earlier.get(type);
    // That something is not yet as it will be is no news.
    const isNews = status === 'True' ? was !== 'True' : status === 'False' && was === 'True';
    if (!(type in TOLD) || !isNews) continue;
    const isBad = TOLD[type] === status;
    events.record(app, {
      type: isBad ? 'Warning' : 'Normal',
      reason,
      action: type,
      note: `${type} is ${status}: ${message}`,
    });
  }
}

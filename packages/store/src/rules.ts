import { isDeepStrictEqual } from 'node:util';

import {
  type BasePoll,
  type Control,
  type Definition,
  effectiveDefinition,
  type Problem,
  transitionProblems,
} from '@voteapp/contracts/definition';

const NEW_COUNT = 'set a new spec.poll.id to start a new count';

/** A round as the store knows it. */
export interface StoredRound {
  readonly base: BasePoll;
  readonly revision: number;
  /** In the order they were written. */
  readonly controls: readonly Control[];
  /** The highest version of a base or control of this round. */
  readonly version: number;
  /** The version from which on the effective closesAt has been what it is. */
  readonly closesSince: number;
  /** True from its first marker on. */
  readonly closing: boolean;
  readonly final: boolean;
}

export function definitionOf({ base, controls, version, revision }: StoredRound): Definition {
  return effectiveDefinition(base, controls, { version, revision });
}

/** True when two bases are the same poll; absent and undefined fields are alike, as in the JSON that is stored. */
export function isSameBase(a: BasePoll, b: BasePoll): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}

/** What forbids `base` to replace that of the current round, which has the same name. */
export function editProblems(current: StoredRound, base: BasePoll): Problem[] {
  const problems = transitionProblems(current.base, base);
  const before = definitionOf(current).closesAt;
  const after = definitionOf({ ...current, base }).closesAt;
  const reopens = before !== null && (after === null || after > before);
  if (reopens && (current.closing || current.final)) {
    problems.push({
      path: 'spec.poll.closesAt',
      message: `must not be later than ${new Date(before).toISOString()}, for the round "${base.round}" has closed; ${NEW_COUNT}`,
    });
  }
  return problems;
}

/** For the name of a round that is stored but not the current one. */
export function endedRoundProblem(round: string): Problem {
  return { path: 'spec.poll.id', message: `must be a new name: the round "${round}" has ended` };
}

const AFTER_CLOSE = {
  open: `has closed and cannot be opened again; ${NEW_COUNT}`,
  close: 'is closed already',
  suspend: 'has closed, so it takes no votes anyway',
  resume: `has closed and cannot be resumed; ${NEW_COUNT}`,
};

/**
 * Why the round refuses an on-air action that would hold from `at` (ms) on; null when it takes it. An action that
 * changes nothing is refused: opening an open poll, for one, would shut it until `at`.
 */
export function controlRefusal(stored: StoredRound, control: Omit<Control, 'at'>, at: number): string | null {
  const { round, opensAt, closesAt, suspensions } = definitionOf(stored);
  const refusal = (clause: string) => `The round "${round}" ${clause}.`;
  if (stored.final) return refusal(`is final; ${NEW_COUNT}`);
  const { action, title } = control;
  if (action === 'title') return title === undefined || title === '' ? 'A new title is needed.' : null;
  if (closesAt !== null && closesAt <= at) return refusal(AFTER_CLOSE[action]);
  const suspended = suspensions.some(({ until }) => until === null);
  switch (action) {
    case 'open':
      return opensAt === null || opensAt <= at ? refusal('is open already') : null;
    case 'suspend':
      return suspended ? refusal('is suspended already') : null;
    case 'resume':
      return suspended ? null : refusal('is not suspended');
    case 'close':
      return null;
  }
}

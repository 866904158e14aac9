import type { ErrorCode } from './errors.ts';
import type { Policy, PollSpec, Visibility, VoterKind } from './poll.ts';

/** How long before an on-air action takes effect, in ms: every vote replica has pulled it by then. */
export const CONTROL_DELAY_MS = 3_000;

export interface PollOption {
  readonly id: string;
  readonly label: string;
  readonly image?: string | undefined;
  readonly color?: string | undefined;
}

/** A poll as its file defines it, defaults resolved, times in ms since the epoch. */
export interface BasePoll {
  readonly round: string;
  readonly title: string;
  readonly options: readonly PollOption[];
  readonly policy: Policy;
  readonly shards: number;
  readonly voters: readonly VoterKind[];
  readonly timeZone: string;
  readonly visibility: Visibility;
  readonly comments: { readonly enabled: boolean; readonly publicEmails: boolean };
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  readonly suspend: boolean;
  /** Days from `final` until rows of voters and bodies of batches are deleted. */
  readonly retentionDays: number;
}

export const CONTROL_ACTIONS = ['open', 'close', 'suspend', 'resume', 'title'] as const;

/** A producer's on-air action over the base: who did what, why, and from when (`at`, ms) it holds. */
export interface Control {
  readonly action: (typeof CONTROL_ACTIONS)[number];
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** The new title, for the action `title`. */
  readonly title?: string | undefined;
}

/** Votes are refused from `from` (inclusive) until `until` (exclusive; null: no end known). */
export interface Suspension {
  readonly from: number;
  readonly until: number | null;
}

/** What every service judges by: a base with the on-air actions folded in. `version` grows with each change. */
export interface Definition extends Omit<BasePoll, 'suspend'> {
  readonly version: number;
  readonly revision: number;
  readonly suspensions: readonly Suspension[];
}

function defaultTitle(options: readonly PollOption[], resourceName: string): string {
  return options.length <= 4 ? options.map(({ label }) => label).join(' × ') : resourceName;
}

function instant(time: string | undefined): number | null {
  return time === undefined ? null : Date.parse(time);
}

/** Resolves what a person wrote; `resourceName` names the round when the poll does not. */
export function basePoll(spec: PollSpec, resourceName: string): BasePoll {
  const options = spec.options.map((option) => ({ ...option, label: option.label ?? option.id }));
  return {
    round: spec.id ?? resourceName,
    title: spec.title ?? defaultTitle(options, resourceName),
    options,
    policy: spec.policy,
    shards: spec.shards,
    voters: spec.voters,
    timeZone: spec.timeZone,
    visibility: spec.results.visibility,
    comments: spec.comments,
    opensAt: instant(spec.opensAt),
    closesAt: instant(spec.closesAt),
    suspend: spec.suspend,
    retentionDays: spec.retentionDays,
  };
}

/** Folds the controls, in the order they were written, over the base. */
export function effectiveDefinition(
  base: BasePoll,
  controls: readonly Control[],
  numbers: { version: number; revision: number },
): Definition {
  const { suspend, ...poll } = base;
  let { title, opensAt, closesAt } = poll;
  let suspensions: Suspension[] = suspend ? [{ from: 0, until: null }] : [];
  for (const { action, at, title: newTitle } of controls) {
    switch (action) {
      case 'open':
        opensAt = at;
        break;
      case 'close':
        closesAt = closesAt === null ? at : Math.min(closesAt, at);
        break;
      case 'suspend':
        suspensions.push({ from: at, until: null });
        break;
      case 'resume':
        suspensions = suspensions.map(({ from, until }) => ({ from, until: until ?? at }));
        break;
      case 'title':
        title = newTitle ?? title;
        break;
    }
  }
  return { ...poll, ...numbers, title, opensAt, closesAt, suspensions };
}

export type Refusal = Extract<ErrorCode, 'poll_closed' | 'poll_not_open' | 'poll_suspended'>;

/** Why a vote that arrives at `time` (ms) is refused; null when the poll takes it. */
export function refusalAt(definition: Definition, time: number): Refusal | null {
  const { opensAt, closesAt, suspensions } = definition;
  if (closesAt !== null && time >= closesAt) return 'poll_closed';
  if (opensAt !== null && time < opensAt) return 'poll_not_open';
  const suspended = suspensions.some(({ from, until }) => time >= from && (until === null || time < until));
  return suspended ? 'poll_suspended' : null;
}

/** `Draining`: closed, and votes accepted before the close may still wait to be counted. */
export type PollState = 'Scheduled' | 'Open' | 'Suspended' | 'Draining' | 'Final';

export function pollState(definition: Definition, time: number, final: boolean): PollState {
  if (final) return 'Final';
  switch (refusalAt(definition, time)) {
    case null:
      return 'Open';
    case 'poll_closed':
      return 'Draining';
    case 'poll_suspended':
      return 'Suspended';
    case 'poll_not_open':
      return 'Scheduled';
  }
}

/** Whether somebody may see the numbers per option; `hasVoted` is asked only where it decides. */
export function showsOptions(visibility: Visibility, state: PollState, hasVoted: () => boolean): boolean {
  const closed = state === 'Draining' || state === 'Final';
  switch (visibility) {
    case 'Always':
      return true;
    case 'AfterVote':
      return closed || hasVoted();
    case 'AfterClose':
      return closed;
  }
}

export interface Problem {
  /** Field path inside the VotingApp, such as `spec.poll.options[1].id`. */
  readonly path: string;
  /** A clause that follows the path: "must …". */
  readonly message: string;
}

/** What forbids `after` to follow `before` within one round; empty when it may. */
export function transitionProblems(before: BasePoll, after: BasePoll): Problem[] {
  const problems: Problem[] = [];
  const remedy = `within the round "${before.round}"; set a new spec.poll.id to start a new count`;
  for (const field of ['policy', 'shards'] as const) {
    if (before[field] !== after[field]) {
      problems.push({ path: `spec.poll.${field}`, message: `must stay ${before[field]} ${remedy}` });
    }
  }
  before.options.forEach((option, index) => {
    const now = after.options[index];
    if (now?.id !== option.id) {
      problems.push({
        path: `spec.poll.options[${index}]`,
        message: `must stay "${option.id}", for options are never removed, renamed or reordered ${remedy}`,
      });
    }
  });
  return problems;
}

import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { Code } from './codes.ts';

/** Something that there is to say of a VotingApp. */
export interface Found {
  readonly code: Code;
  /** Keys that lead to the field, from the resource down. */
  readonly path: readonly PropertyKey[];
  /** What is the case, in one sentence. */
  readonly message: string;
}

export interface CheckContext {
  /** In ms since the epoch. */
  readonly now: number;
  /** Votes per second to be ready for. */
  readonly peak: number | undefined;
}

/** Looks at a valid VotingApp for what hurts all the same. */
export type Check = (app: VotingApp, context: CheckContext) => Found[];

/** What is found when something is the case. */
export function foundIf(isCase: boolean, code: Code, path: string, message: string): Found[] {
  return isCase ? [{ code, path: path.split('.'), message }] : [];
}

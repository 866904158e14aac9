import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';

import { type Definition, pollState, showsOptions } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { type PublicPoll, toPublicPoll } from '@voteapp/contracts/http/poll';
import type { Results, Totals } from '@voteapp/contracts/http/results';
import type { Choice } from '@voteapp/contracts/signed';
import { renderErrorPage } from '@voteapp/web/error-page';
import { renderVotePage, type VotePageModel } from '@voteapp/web/vote-page';

import type { RequestFacts } from './casting/caller.ts';
import type { Snapshot } from './definition-feed.ts';
import { readVisitor, type Visitor } from './voter.ts';

export interface PollViewDeps {
  readonly sessionKey: KeyObject;
  readonly definition: () => Definition | null;
  /** The last numbers of a round; null: none known. */
  readonly snapshotOf: (round: string) => Snapshot | null;
  readonly now: () => number;
  readonly resultsUrl: string;
}

/** What one visitor may see of the poll. */
export interface PollView {
  readonly visitor: Visitor;
  readonly poll: PublicPoll;
  /** ms */
  readonly clock: number;
  /** null: hidden from this visitor, or not known. */
  readonly results: Results | null;
  readonly totals: Totals | null;
}

/** The poll as each visitor may see it. */
export class PollViews {
  readonly #deps: PollViewDeps;

  constructor(deps: PollViewDeps) {
    this.#deps = deps;
  }

  /** Throws `starting` while the poll is not known. */
  viewFor({ headers }: Pick<RequestFacts, 'headers'>): PollView {
    const { sessionKey, definition: current, snapshotOf, now } = this.#deps;
    const definition = current();
    if (definition === null) throw new RequestError('starting');
    const visitor = readVisitor(sessionKey, headers.cookie, definition.round);
    const snapshot = snapshotOf(definition.round);
    const totals = snapshot?.totals ?? null;
    const clock = now();
    const state = pollState(definition, clock, totals !== null && totals.final !== null);
    const shown = showsOptions(definition.visibility, state, () => visitor.choice !== null);
    const results = shown ? (snapshot?.results ?? null) : null;
    return { visitor, poll: toPublicPoll(definition, state), clock, results, totals };
  }

  pageOf({ visitor, poll, clock, results, totals }: PollView, notice: VotePageModel['notice']): string {
    const { resultsUrl } = this.#deps;
    const choice = visitor.choice?.option ?? null;
    return renderVotePage({ poll, choice, notice, results, totals, clock, hostname: hostname(), resultsUrl });
  }

  /** The page that tells a voter why a vote was not taken. */
  refusalPage({ status, message }: RequestError, request: RequestFacts): string {
    if (this.#deps.definition() === null) return renderErrorPage({ status, message });
    return this.pageOf(this.viewFor(request), { kind: 'error', text: message });
  }
}

/** `GET /api/poll`: the poll with the caller's own choice, and with the results where they may be shown. */
export function pollBody({ visitor, poll, clock, results, totals }: PollView): PublicPoll & {
  clock: number;
  you: Choice | null;
  results: Results | null;
  totals: Totals | null;
} {
  return { ...poll, clock, you: visitor.choice, results, totals };
}

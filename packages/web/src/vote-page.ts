import type { PublicPoll } from '@voteapp/contracts/http/poll';
import type { Results, Totals } from '@voteapp/contracts/http/results';

import { formatShare, formatTimeOfDay, formatVotes } from './browser/figures.js';
import { outcomeSentence, place } from './browser/outcome.js';
import { showingWhen, type When } from './conditions.ts';
import { html, type Html } from './html.ts';
import { renderPage } from './layout.ts';
import { bar, colorOf, edge, portrait } from './pictures.ts';
import { stage } from './stage.ts';

export interface VotePageModel {
  readonly poll: PublicPoll;
  /** Id of the option this browser last voted for in the round. */
  readonly choice: string | null;
  /** What the request before this one came to. */
  readonly notice: { readonly kind: 'voted' | 'error'; readonly text: string } | null;
  /** Null: this voter may not see them (yet), or they are not known. */
  readonly results: Results | null;
  readonly totals: Totals | null;
  /** The service's clock, ms since the epoch. */
  readonly clock: number;
  readonly hostname: string;
  readonly resultsUrl: string;
}

/** What each policy means to somebody who is about to vote, and to somebody who has voted. */
const POLICY_WORDS = {
  LastVoteWins: {
    unvoted: 'You can change your vote until the poll closes.',
    voted: 'You can change your vote until the poll closes.',
    chosen: 'Your vote',
    again: 'Change to this',
  },
  FirstVoteWins: {
    unvoted: 'Your first vote counts, so choose with care.',
    voted: 'Your first vote counts; it cannot be changed.',
    chosen: 'Your vote',
    again: '',
  },
  Unlimited: {
    unvoted: 'Vote as often as you like: every vote counts.',
    voted: 'Vote as often as you like: every vote counts.',
    chosen: 'Your last vote',
    again: 'Vote again',
  },
} as const;

const HIDDEN_WORDS = {
  Always: { unvoted: 'The result is not available right now.', voted: 'The result is not available right now.' },
  AfterVote: {
    unvoted: 'You will see the result here once you have voted.',
    voted: 'The result is not available right now.',
  },
  AfterClose: {
    unvoted: 'The result will be shown here when the poll has closed.',
    voted: 'The result will be shown here when the poll has closed.',
  },
} as const;

/** The page on which a voter votes; a form that posts `vote=<option id>` to `/`. */
export function renderVotePage(model: VotePageModel): string {
  const { poll, choice, notice, results, clock } = model;
  const { state, opensAt, closesAt } = poll;
  const when = showingWhen({ state, voted: choice !== null, shown: results !== null, opensAt, closesAt });
  const waiting = state !== 'Open' && state !== 'Final';
  return renderPage({
    title: choice === null ? poll.title : `You have voted – ${poll.title}`,
    socialTitle: poll.title,
    description: description(poll),
    script: 'vote-page.js',
    refreshSeconds: waiting ? 10 : null,
    header: stage(poll, results, when),
    main: html`<main class="measure" data-page="vote" data-round="${poll.round}" data-clock="${clock}">
      <p class="notice" role="status" tabindex="-1" data-notice data-kind="${notice?.kind}">${notice?.text}</p>
      ${leads(model, when)}
      <form method="post" action="/">
        <ul class="options" role="list" data-count="${poll.options.length}">
          ${poll.options.map((_option, index) => optionItem(model, index, when))}
        </ul>
      </form>
      ${figures(model, when)}
    </main>`,
    footer: html`<p><a class="call" href="${model.resultsUrl}">See the results</a></p>
      <p class="fine">
        ${poll.voters.includes('Cookie') && 'A cookie remembers your vote; no address of yours is stored. '}Processed by
        <span class="host">${model.hostname}</span>
      </p>`,
  });
}

/** Whether pressing an option does something: the poll takes it, and a first vote has not been cast. */
export function isVotable(poll: PublicPoll, choice: string | null): boolean {
  const spent = poll.policy === 'FirstVoteWins' && choice !== null;
  return poll.state === 'Open' && poll.voters.includes('Cookie') && !spent;
}

function description({ options, state }: PublicPoll): string {
  const named = options.slice(0, 6).map(({ label }) => label);
  const others = options.length > named.length ? ` and ${options.length - named.length} more` : '';
  return `${state === 'Open' ? 'Vote now' : 'The poll'}: ${named.join(', ')}${others}.`;
}

function leads({ poll, results }: VotePageModel, when: When): Html {
  const words = POLICY_WORDS[poll.policy];
  if (!poll.voters.includes('Cookie')) {
    return html`<div class="leads">
      <h2>This poll takes no votes from this page</h2>
      <p class="lead">Its voters are named by the service that votes for them.</p>
    </div>`;
  }
  return html`<div class="leads">
    <div ${when('Open unvoted')}>
      <h2>Choose one</h2>
      <p class="lead">${words.unvoted}</p>
    </div>
    <div ${when('Open voted')}>
      <h2>You have voted</h2>
      <p class="lead">${words.voted}</p>
    </div>
    <div ${when('Scheduled')}>
      <h2>These are the options</h2>
      <p class="lead">You can vote here as soon as the poll opens.</p>
    </div>
    <div ${when('Suspended')}>
      <h2>Voting is paused</h2>
      <p class="lead">It will go on here. Votes that were accepted stay.</p>
    </div>
    <div ${when('Draining')}>
      <h2>Counting the last votes</h2>
      <p class="lead">Voting is closed. The final result follows in a moment.</p>
    </div>
    <div ${when('Final shown')}>
      <h2 data-outcome>${results !== null && outcomeSentence(results.options)}</h2>
      <p class="lead">Voting is closed, and every accepted vote is accounted for. This is the final result.</p>
    </div>
    <div ${when('Final hidden')}>
      <h2>Voting is closed</h2>
      <p class="lead">Every accepted vote is accounted for.</p>
    </div>
  </div>`;
}

function optionItem(model: VotePageModel, index: number, when: When): Html {
  const { poll, choice, results } = model;
  const option = poll.options[index];
  const result = results?.options[index];
  const final = poll.state === 'Final' && results !== null;
  return html`<li class="option" data-option="${option?.id}" ${option?.id === choice && html` data-mine`}>
    ${optionRow(model, index)}
    <div class="result" ${when('shown Open|Suspended|Draining|Final')}>
      ${bar(colorOf(poll.options, index), result?.share ?? 0)}
      <p class="numbers">
        <strong class="share" data-share>${result && formatShare(result.share)}</strong>
        <span data-votes>${result && formatVotes(result.votes)}</span>
        <span class="place" data-place>${final && result && place(results.options, result.id)}</span>
      </p>
    </div>
  </li>`;
}

function optionRow({ poll, choice }: VotePageModel, index: number): Html {
  const { id, label } = poll.options[index] ?? {};
  const words = POLICY_WORDS[poll.policy];
  const votable = isVotable(poll, choice);
  const shownIf = (shown: boolean): Html | false => !shown && html` hidden`;
  const content = html`${edge(poll.options, index)}<span class="who"
      >${portrait(poll.options, index)}<span class="label" dir="auto" data-label>${label}</span></span
    ><span class="act"
      ><span class="chosen" data-chosen${shownIf(id === choice)}>${words.chosen}</span
      ><span class="verb" data-verb="first" ${shownIf(votable && choice === null)}>Vote</span
      ><span
        class="verb"
        data-verb="again"
        ${shownIf(votable && choice !== null && (choice !== id || poll.policy === 'Unlimited'))}
        >${words.again}</span
      ></span
    >`;
  if (!votable) return html`<div class="row" data-row>${content}</div>`;
  return html`<button class="row" data-row name="vote" value="${id}">${content}</button>`;
}

function figures({ poll, results, totals }: VotePageModel, when: When): Html {
  const words = HIDDEN_WORDS[poll.visibility];
  const known = results ?? totals;
  return html`<div class="as-of" ${when('Open|Suspended|Draining|Final')}>
    <p ${when('hidden unvoted')}>${words.unvoted}</p>
    <p ${when('hidden voted')}>${words.voted}</p>
    <p data-totals${known === null && html` hidden`}>
      <span data-counted>${known && formatVotes(known.counted)}</span> counted, as of
      <span data-as-of data-time-zone="${poll.timeZone}">${known && formatTimeOfDay(known.asOf, poll.timeZone)}</span>
    </p>
  </div>`;
}

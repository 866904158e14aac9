import type { PublicPoll } from '@voteapp/contracts/http/poll';
import type { Results, Rounds, Totals } from '@voteapp/contracts/http/results';

import { formatCount, formatPending, formatShare, formatTimeOfDay, formatVotes } from './browser/figures.js';
import { finalSentence, outcomeSentence, place } from './browser/outcome.js';
import { showingWhen, type When } from './conditions.ts';
import { html, type Html } from './html.ts';
import { renderPage } from './layout.ts';
import { bar, colorOf, edge, portrait } from './pictures.ts';
import { hoursTable } from './hours-table.ts';
import { moment, stage } from './stage.ts';

export interface ResultsPageModel {
  readonly poll: PublicPoll;
  /** Null: hidden from this viewer. */
  readonly results: Results | null;
  readonly totals: Totals;
  /** Every round, for links to the others; absent: no links. */
  readonly rounds?: Rounds['rounds'] | undefined;
  /** The service's clock, ms since the epoch. */
  readonly clock: number;
  /** Where to vote; null: not known. */
  readonly voteUrl: string | null;
  /** Server-sent events `results` and `totals` of this round. */
  readonly streamUrl: string;
}

const REPLACED_WORDS = {
  LastVoteWins: 'Earlier votes of people who voted again: only their last one is in the result.',
  FirstVoteWins: 'Further votes of people who had voted: only their first one is in the result.',
  Unlimited: 'Always none here: every vote is in the result.',
} as const;

/** The results of one round; without per-option numbers while they are hidden. */
export function renderResultsPage(model: ResultsPageModel): string {
  const { poll, results, totals, clock, streamUrl } = model;
  const { state, opensAt, closesAt, timeZone } = poll;
  const when = showingWhen({ state, voted: false, shown: results !== null, opensAt, closesAt });
  return renderPage({
    title: `Results – ${poll.title}`,
    socialTitle: poll.title,
    description: `The results of the poll “${poll.title}”${state === 'Final' ? '.' : ', live.'}`,
    script: 'results-page.js',
    refreshSeconds: state === 'Final' ? null : 5,
    header: stage(poll, results, when),
    main: html`<main
      class="measure"
      data-page="results"
      data-round="${poll.round}"
      data-clock="${clock}"
      data-stream="${streamUrl}"
      data-time-zone="${timeZone}"
    >
      <p class="notice" role="status" data-notice></p>
      ${leads(model, when)}
      <ol class="board" role="list">
        ${poll.options.map((_option, index) => boardEntry(model, index, when))}
      </ol>
      <p class="as-of">
        As of <span data-as-of data-time-zone="${timeZone}">${formatTimeOfDay(totals.asOf, timeZone)}</span>
      </p>
      ${account(poll, totals)}
      <div class="hours" ${when('shown')}>
        <h2 id="hours">Votes received per hour</h2>
        ${hoursTable(poll, results)}
      </div>
    </main>`,
    footer: html`${links(model, when)}`,
  });
}

function leads({ poll, results, totals }: ResultsPageModel, when: When): Html {
  const { final } = totals;
  return html`<div class="leads">
    <div ${when('Scheduled')}>
      <h2>No votes yet</h2>
      <p class="lead">The result will grow here once the poll is open.</p>
    </div>
    <div ${when('Open|Suspended shown')}><h2>The result so far</h2></div>
    <div ${when('Draining')}>
      <h2>Counting the last votes</h2>
      <p class="lead">Voting is closed. The final result follows in a moment.</p>
    </div>
    <div ${when('Final shown')}>
      <h2 data-outcome>${results !== null && outcomeSentence(results.options)}</h2>
      <p class="lead">
        Every accepted vote is accounted for.
        <span data-final>${final !== null && finalSentence(final, poll.timeZone)}</span>
      </p>
    </div>
    <div ${when('Open|Suspended|Final hidden')}><h2>The result is not shown yet</h2></div>
    <p class="lead" ${when('hidden')}>${hiddenWords(poll, when)}</p>
  </div>`;
}

function hiddenWords(poll: PublicPoll, when: When): Html {
  if (poll.visibility === 'AfterVote')
    return html`Whoever has voted sees it on the page of the vote; everybody sees it here when the poll has closed.`;
  return html`It will be shown here when the poll has closed<span ${when('closes')}>, ${moment(poll, 'closesAt')}</span
    >. Until then only the totals are.`;
}

function boardEntry({ poll, results }: ResultsPageModel, index: number, when: When): Html {
  const option = poll.options[index];
  if (option === undefined) return html``;
  const result = results?.options[index];
  const final = poll.state === 'Final' && results !== null;
  return html`<li class="entry" data-option="${option.id}">
    <div class="row">
      ${edge(poll.options, index)}<span class="who"
        >${portrait(poll.options, index)}<span class="label" dir="auto" data-label>${option.label}</span></span
      ><span class="place" data-place>${final && place(results.options, option.id)}</span>
    </div>
    <div class="result" ${when('shown')}>
      ${bar(colorOf(poll.options, index), result?.share ?? 0)}
      <p class="numbers">
        <strong class="share" data-share>${result && formatShare(result.share)}</strong>
        <span data-votes>${result && formatVotes(result.votes)}</span>
      </p>
    </div>
  </li>`;
}

function account(poll: PublicPoll, totals: Totals): Html {
  const number = (name: 'counted' | 'cast' | 'replaced' | 'accepted' | 'duplicates' | 'rejected' | 'late'): Html =>
    html`<span data-total="${name}">${formatCount(totals[name])}</span>`;
  return html`<section class="account" aria-labelledby="account">
    <h2 id="account">How it adds up</h2>
    <dl class="tiles">
      <div>
        <dt>In the result</dt>
        <dd class="figure">${number('counted')}</dd>
        <dd>Votes that count under the rule of this poll.</dd>
      </div>
      <div>
        <dt>Received</dt>
        <dd class="figure">${number('cast')}</dd>
        <dd>Every vote that was cast, each taken once.</dd>
      </div>
      <div>
        <dt>Replaced</dt>
        <dd class="figure">${number('replaced')}</dd>
        <dd>${REPLACED_WORDS[poll.policy]}</dd>
      </div>
      <div>
        <dt>Waiting</dt>
        <dd class="figure"><span data-total="pending">${formatPending(totals.pending)}</span></dd>
        <dd>Accepted votes that are about to be counted.</dd>
      </div>
    </dl>
    <p class="fine">
      Entries accepted: ${number('accepted')}. Sent more than once and taken once: ${number('duplicates')}. Set aside
      because they could not be counted: ${number('rejected')}. Accepted while the close was still on its way:
      ${number('late')}.
    </p>
  </section>`;
}

function links({ poll, rounds, voteUrl }: ResultsPageModel, when: When): Html {
  const others = (rounds ?? []).filter(({ round }) => round !== poll.round);
  return html`${voteUrl !== null && html`<p ${when('Open|Scheduled|Suspended')}><a class="call" href="${voteUrl}">Go to the vote</a></p>`}
  ${
    others.length > 0 &&
    html`<nav aria-labelledby="rounds">
      <h2 id="rounds">Other rounds</h2>
      <ul>
        ${others.map(
          ({ round, title, current }) =>
            html`<li>
              <a href="?round=${encodeURIComponent(round)}"><bdi>${title}</bdi></a
              >${current && ' – running now'}
            </li>`,
        )}
      </ul>
    </nav>`
  }`;
}

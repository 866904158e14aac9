import { renderErrorPage } from '../error-page.ts';
import { renderResultsPage } from '../results-page.ts';
import { renderVotePage } from '../vote-page.ts';
import { crowd, NOW, poll, PORTRAIT, results, resultsPage, totals, votePage } from './fixtures.ts';

const later = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

const scheduled = poll({ state: 'Scheduled', opensAt: later(125), closesAt: later(185) });
const open = poll({ closesAt: later(9.5) });
const suspended = poll({ state: 'Suspended', closesAt: later(9.5) });
const draining = poll({ state: 'Draining', closesAt: later(-1) });
const final = poll({ state: 'Final', closesAt: later(-10) });
const first = poll({ policy: 'FirstVoteWins' });
const unlimited = poll({
  policy: 'Unlimited',
  options: [
    { id: 'ana', label: 'Ana Clara', image: PORTRAIT },
    { id: 'bia', label: 'Bia', image: PORTRAIT },
    { id: 'caio', label: 'Caio', image: PORTRAIT },
  ],
});
const afterClose = poll({ visibility: 'AfterClose', closesAt: later(60) });
const afterVote = poll({ visibility: 'AfterVote' });
const many = crowd();
const manyVotes = many.options.map((_option, index) => (index * 7_919) % 1_213);

/** Every state a page can be in, by a name for it. */
export const PAGE_STATES: Readonly<Record<string, () => string>> = {
  'vote-scheduled': () => renderVotePage(votePage({ poll: scheduled, totals: totals(scheduled, 0) })),
  'vote-open': () => renderVotePage(votePage({ poll: open, results: results(open, [1_407, 938]) })),
  'vote-open-unknown': () => renderVotePage(votePage({ poll: open })),
  'vote-voted': () =>
    renderVotePage(
      votePage({
        poll: open,
        choice: 'coca',
        notice: { kind: 'voted', text: 'Your vote for Coca is in.' },
        results: results(open, [1_408, 938]),
      }),
    ),
  'vote-error': () =>
    renderVotePage(
      votePage({ poll: open, notice: { kind: 'error', text: 'The vote could not be stored; try again in a moment.' } }),
    ),
  'vote-first-voted': () =>
    renderVotePage(votePage({ poll: first, choice: 'pepsi', results: results(first, [1_407, 939]) })),
  'vote-unlimited-voted': () =>
    renderVotePage(votePage({ poll: unlimited, choice: 'bia', results: results(unlimited, [812, 1_344, 77]) })),
  'vote-suspended': () =>
    renderVotePage(votePage({ poll: suspended, choice: 'coca', results: results(suspended, [1_407, 938]) })),
  'vote-draining': () =>
    renderVotePage(votePage({ poll: draining, choice: 'coca', results: results(draining, [1_407, 938]) })),
  'vote-final': () => renderVotePage(votePage({ poll: final, choice: 'pepsi', results: results(final, [1_407, 938]) })),
  'vote-after-close': () => renderVotePage(votePage({ poll: afterClose, totals: totals(afterClose, 2_345) })),
  'vote-after-vote': () => renderVotePage(votePage({ poll: afterVote, totals: totals(afterVote, 2_345) })),
  'vote-named-only': () => renderVotePage(votePage({ poll: poll({ voters: ['Named'] }) })),
  'vote-crowd': () => renderVotePage(votePage({ poll: many, choice: 'option-1', results: results(many, manyVotes) })),
  'results-scheduled': () => renderResultsPage(resultsPage({ poll: scheduled, totals: totals(scheduled, 0) })),
  'results-open': () => renderResultsPage(shown(open, [1_407, 938])),
  'results-empty': () => renderResultsPage(shown(open, [0, 0])),
  'results-suspended': () => renderResultsPage(shown(suspended, [1_407, 938])),
  'results-draining': () => renderResultsPage(shown(draining, [1_407, 938])),
  'results-final': () =>
    renderResultsPage({
      ...shown(final, [1_407, 938]),
      rounds: [
        { round: 'semi-final', title: 'Semi-final: who stays?', state: 'Final', current: false },
        { round: final.round, title: final.title, state: 'Final', current: false },
        { round: 'next', title: 'Who wins the season?', state: 'Open', current: true },
      ],
    }),
  'results-tie': () => renderResultsPage(shown(final, [938, 938])),
  'results-hidden': () => renderResultsPage(resultsPage({ poll: afterClose })),
  'results-after-vote': () => renderResultsPage(resultsPage({ poll: afterVote, voteUrl: null })),
  'results-crowd': () => renderResultsPage(shown(many, manyVotes)),
  error: () => renderErrorPage({ status: 403, message: 'The poll is closed.' }),
  'error-ours': () => renderErrorPage({ status: 503, message: 'The vote could not be stored; try again in a moment.' }),
};

function shown(of: typeof open, votes: readonly number[]) {
  const numbers = results(of, votes);
  return resultsPage({ poll: of, results: numbers, totals: numbers });
}

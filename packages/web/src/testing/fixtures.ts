import type { PublicPoll } from '@voteapp/contracts/http/poll';
import type { Results, Totals } from '@voteapp/contracts/http/results';

import type { ResultsPageModel } from '../results-page.ts';
import type { VotePageModel } from '../vote-page.ts';

export const NOW = Date.parse('2026-11-20T21:00:00Z');

export function poll(changes: Partial<PublicPoll> = {}): PublicPoll {
  return {
    round: 'final-2026',
    title: 'Who leaves the house?',
    policy: 'LastVoteWins',
    options: [
      { id: 'coca', label: 'Coca', color: '#d3202a' },
      { id: 'pepsi', label: 'Pepsi', color: '#1d4fb4' },
    ],
    opensAt: null,
    closesAt: null,
    timeZone: 'America/Sao_Paulo',
    voters: ['Cookie', 'Named'],
    visibility: 'Always',
    comments: false,
    version: 1,
    state: 'Open',
    ...changes,
  };
}

export function totals(of: PublicPoll, counted: number, changes: Partial<Totals> = {}): Totals {
  const { round, title, state } = of;
  return {
    round,
    title,
    state,
    asOf: new Date(NOW).toISOString(),
    accepted: counted + 45,
    duplicates: 4,
    rejected: 1,
    late: 0,
    cast: counted + 40,
    counted,
    replaced: 40,
    pending: state === 'Final' ? 0 : 12,
    final: state === 'Final' ? { version: 1, at: new Date(NOW).toISOString() } : null,
    ...changes,
  };
}

/** Results with the votes given, in the order of the options, spread over three hours. */
export function results(of: PublicPoll, votes: readonly number[], changes: Partial<Totals> = {}): Results {
  const counted = votes.reduce((sum, count) => sum + count, 0);
  const hour = (hoursAgo: number, part: number): Results['hours'][number] => {
    const options = votes.map((count) => Math.round(count * part));
    const cast = options.reduce((sum, count) => sum + count, 0);
    return { hour: new Date(NOW - hoursAgo * 3_600_000).toISOString(), cast, options };
  };
  return {
    ...totals(of, counted, changes),
    options: of.options.map(({ id, label, color }, index) => {
      const count = votes[index] ?? 0;
      const share = counted === 0 ? 0 : count / counted;
      return { id, label, ...(color !== undefined && { color }), votes: count, share, cast: count };
    }),
    hours: counted === 0 ? [] : [hour(2, 0.15), hour(1, 0.5), hour(0, 0.35)],
  };
}

export function votePage(changes: Partial<VotePageModel> = {}): VotePageModel {
  return {
    poll: poll(),
    choice: null,
    notice: null,
    results: null,
    totals: null,
    clock: NOW,
    hostname: 'paredao-vote-server-7c9f',
    resultsUrl: 'http://localhost:8082/',
    ...changes,
  };
}

export function resultsPage(changes: Partial<ResultsPageModel> = {}): ResultsPageModel {
  const of = changes.poll ?? poll();
  return {
    poll: of,
    results: null,
    totals: totals(of, 2_345),
    clock: NOW,
    voteUrl: 'http://localhost:8080/',
    streamUrl: '/api/results/stream',
    ...changes,
  };
}

/** Labels at their worst: long without a space, right to left, emoji, colours that cannot be told from the card. */
export function crowd(): PublicPoll {
  const labels = [
    'W'.repeat(80),
    'مرحبا بالعالم، هذا خيار طويل باللغة العربية',
    '👩‍👩‍👧‍👦 The family 🎉',
    'Åse & Ø <b>bold</b>',
  ];
  return poll({
    title:
      'Fifty ways to leave your lover 🎶 and one very long title that goes on and on, as titles do when a committee writes them',
    options: Array.from({ length: 50 }, (_none, index) => ({
      id: `option-${index + 1}`,
      label: labels[index] ?? `Contestant number ${index + 1}`,
      ...(index % 7 === 4 && { color: '#ffffff' }),
      ...(index % 7 === 5 && { color: '#000000' }),
      ...(index === 6 && { image: PORTRAIT }),
    })),
  });
}

export const PORTRAIT =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'%3E%3Crect width='64' height='64' fill='%23c9a' /%3E%3Ccircle cx='32' cy='26' r='12' fill='%23413' /%3E%3Cpath d='M8 64a24 24 0 0 1 48 0z' fill='%23413' /%3E%3C/svg%3E";

import type { HiddenResults, Results, Totals } from '@voteapp/contracts/http/results';

function totals(changes: Partial<Totals>): Totals {
  return {
    round: 'drinks',
    title: 'Coca × Pepsi',
    state: 'Open',
    asOf: '2026-11-20T21:00:00.000Z',
    accepted: 3,
    duplicates: 0,
    rejected: 0,
    late: 0,
    cast: 3,
    counted: 3,
    replaced: 0,
    pending: 0,
    final: null,
    ...changes,
  };
}

/** What front shows of the coca × pepsi poll: 2 to 1. */
export function shownResults(changes: Partial<Totals> = {}): Results {
  return {
    ...totals(changes),
    options: [
      { id: 'coca', label: 'Coca', votes: 2, share: 2 / 3, cast: 2 },
      { id: 'pepsi', label: 'Pepsi', votes: 1, share: 1 / 3, cast: 1 },
    ],
    hours: [],
  };
}

/** The same while it is hidden. */
export function hidden(changes: Partial<Totals> = {}): HiddenResults {
  return {
    error: { code: 'results_hidden', message: 'The results of this poll are not shown yet.' },
    totals: totals(changes),
  };
}

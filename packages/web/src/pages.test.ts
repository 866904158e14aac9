import { describe, expect, test } from 'vitest';

import { factsOf } from './browser/conditions.js';
import { renderErrorPage } from './error-page.ts';
import { renderResultsPage } from './results-page.ts';
import { poll, results, resultsPage, totals, votePage } from './testing/fixtures.ts';
import { PAGE_STATES } from './testing/states.ts';
import { renderVotePage } from './vote-page.ts';

/** What is left to read once parts that are hidden now, tags and runs of space are taken away. */
function visibleText(page: string): string {
  const body = page.slice(page.indexOf('<body'));
  return withoutHidden(body)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

function withoutHidden(markup: string): string {
  const opening = /<([a-z][a-z0-9]*)\b[^>]*\shidden(?=[\s>])[^>]*>/.exec(markup);
  if (opening === null) return markup;
  const [tag, name] = opening;
  let depth = 1;
  let end = opening.index + tag.length;
  const sameName = new RegExp(`<(/?)${name}\\b[^>]*>`, 'g');
  sameName.lastIndex = end;
  while (depth > 0) {
    const next = sameName.exec(markup);
    if (next === null) throw new Error(`<${name}> is not closed`);
    depth += next[1] === '/' ? -1 : 1;
    end = sameName.lastIndex;
  }
  return withoutHidden(markup.slice(0, opening.index) + markup.slice(end));
}

function buttons(page: string): string[] {
  return [...page.matchAll(/<button\b[^>]*\bvalue="([^"]*)"/g)].map(([, value]) => value!);
}

describe('the vote page', () => {
  const voted = 'coca';
  const cases: Record<
    string,
    { model: Parameters<typeof votePage>[0]; says: string[]; never?: string[]; votable: boolean }
  > = {
    'open, not voted, last vote wins': {
      model: {},
      says: ['Voting is open', 'Choose one', 'You can change your vote'],
      never: ['Your vote'],
      votable: true,
    },
    'open, voted, last vote wins': {
      model: { choice: voted },
      says: ['You have voted', 'You can change your vote', 'Your vote', 'Change to this'],
      votable: true,
    },
    'open, not voted, first vote wins': {
      model: { poll: poll({ policy: 'FirstVoteWins' }) },
      says: ['Your first vote counts'],
      votable: true,
    },
    'open, voted, first vote wins': {
      model: { poll: poll({ policy: 'FirstVoteWins' }), choice: voted },
      says: ['Your first vote counts', 'Your vote'],
      never: ['Change to this', 'Choose one'],
      votable: false,
    },
    'open, voted, unlimited': {
      model: { poll: poll({ policy: 'Unlimited' }), choice: voted },
      says: ['Vote as often as you like', 'Your last vote', 'Vote again'],
      votable: true,
    },
    'scheduled with a time': {
      model: { poll: poll({ state: 'Scheduled', opensAt: '2026-11-21T00:00:00.000Z' }) },
      says: ['Not open yet', 'Opens Fri, 20 Nov 2026, 21:00 GMT−3'],
      votable: false,
    },
    suspended: { model: { poll: poll({ state: 'Suspended' }) }, says: ['Voting is paused'], votable: false },
    draining: { model: { poll: poll({ state: 'Draining' }) }, says: ['Counting the last votes'], votable: false },
    'final with a winner': {
      model: { poll: poll({ state: 'Final' }), results: results(poll({ state: 'Final' }), [3, 1]) },
      says: ['Final result', 'wins with 75.0% of the votes', 'Winner', '3 votes', '1 vote '],
      votable: false,
    },
    'results hidden until the voter has voted': {
      model: { poll: poll({ visibility: 'AfterVote' }), totals: totals(poll(), 1_234) },
      says: ['once you have voted', '1,234 votes counted'],
      votable: true,
    },
    'results hidden until the close': {
      model: { poll: poll({ visibility: 'AfterClose' }), choice: voted },
      says: ['when the poll has closed'],
      votable: true,
    },
    'a poll for named voters only': {
      model: { poll: poll({ voters: ['Named'] }) },
      says: ['takes no votes from this page'],
      votable: false,
    },
    'a refusal': {
      model: { notice: { kind: 'error', text: 'The poll is closed.' } },
      says: ['The poll is closed.'],
      votable: true,
    },
  };
  test.each(Object.entries(cases))('%s', (_name, { model, says, never = [], votable }) => {
    const page = renderVotePage(votePage(model));
    const text = visibleText(page);
    for (const words of says) expect(text).toContain(words);
    for (const words of never) expect(text).not.toContain(words);
    expect(buttons(page)).toEqual(votable ? ['coca', 'pepsi'] : []);
  });

  test('says who processed it and where the results are', () => {
    const page = renderVotePage(votePage({ hostname: 'pod-1', resultsUrl: 'https://results.example/?a=1&b=2' }));
    expect(visibleText(page)).toContain('Processed by pod-1');
    expect(page).toContain('href="https://results.example/?a=1&amp;b=2"');
  });

  test('marks the chosen option and no other', () => {
    const page = renderVotePage(votePage({ choice: 'pepsi' }));
    const [, coca = '', pepsi = ''] = page.split('<li class="option"');
    expect(withoutHidden(coca)).not.toContain('Your vote');
    expect(withoutHidden(pepsi)).toContain('Your vote');
  });

  test('a choice that is no longer an option marks nothing', () => {
    expect(visibleText(renderVotePage(votePage({ choice: 'gone' })))).not.toContain('Your vote');
  });
});

describe('the results page', () => {
  const open = poll();
  const final = poll({ state: 'Final' });
  const cases: Record<string, [model: Parameters<typeof resultsPage>[0], says: string[], never?: string[]]> = {
    'open with votes': [
      { results: results(open, [2, 1]), totals: results(open, [2, 1]) },
      ['The result so far', '66.7%', '2 votes', '33.3%', '1 vote ', 'Received', 'Replaced', 'Waiting'],
      ['Winner', 'NaN'],
    ],
    'open without a vote': [{ results: results(open, [0, 0]) }, ['0.0%', '0 votes'], ['NaN', 'Winner']],
    'final with a winner': [{ poll: final, results: results(final, [2, 1]) }, ['Winner', 'wins with 66.7%']],
    'final with a tie': [{ poll: final, results: results(final, [2, 2]) }, ['Tied for first', 'A tie between']],
    'final without a vote': [{ poll: final, results: results(final, [0, 0]) }, ['No votes were counted'], ['Winner']],
    'final and corrected later': [
      {
        poll: final,
        results: results(final, [1, 0]),
        totals: totals(final, 1, {
          final: { version: 2, at: '2026-11-20T22:00:00Z', reason: 'one shard was replayed' },
        }),
      },
      ['Final since Fri, 20 Nov 2026, 19:00 GMT−3', 'Corrected: one shard was replayed'],
    ],
    'final where that is assumed': [
      {
        poll: final,
        results: results(final, [1, 0]),
        totals: totals(final, 1, { final: { version: 1, at: '2026-11-20T22:00:00Z', reason: 'assumed' } }),
      },
      ['Final since Fri, 20 Nov 2026, 19:00 GMT−3', 'Assumed: the queue was empty'],
      ['Corrected'],
    ],
    'hidden until the close': [
      { poll: poll({ visibility: 'AfterClose', closesAt: '2026-11-20T22:00:00.000Z' }) },
      ['The result is not shown yet', 'when the poll has closed', '19:00 GMT−3', '2,345'],
      ['%'],
    ],
    'pending is not known': [{ totals: totals(open, 1, { pending: null }) }, ['Not known']],
    'other rounds': [
      { rounds: [{ round: 'semi', title: 'Semi-final', state: 'Final', current: false }] },
      ['Other rounds', 'Semi-final'],
    ],
  };
  test.each(Object.entries(cases))('%s', (_name, [model, says, never = []]) => {
    const text = visibleText(renderResultsPage(resultsPage(model)));
    for (const words of says) expect(text).toContain(words);
    for (const words of never) expect(text).not.toContain(words);
  });

  test('lists the hours newest first, in the zone of the poll', () => {
    const page = renderResultsPage(resultsPage({ results: results(open, [100, 20]) }));
    const hours = [...page.matchAll(/<th scope="row">([^<]*)</g)].map(([, hour]) => hour);
    expect(hours).toEqual(['Fri 20 Nov, 18:00', 'Fri 20 Nov, 17:00', 'Fri 20 Nov, 16:00']);
  });
});

describe('every page', () => {
  const pages = Object.entries(PAGE_STATES);

  test.each(pages)('%s has no inline script or style, and nothing from elsewhere', (_name, render) => {
    const page = render();
    expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/i);
    expect([...page.matchAll(/<script[^>]*>/g)].every(([tag]) => tag.includes('src="/assets/'))).toBe(true);
    expect([...page.matchAll(/<link[^>]*>/g)].every(([tag]) => tag.includes('href="/assets/'))).toBe(true);
  });

  test.each(pages)('%s shows its parts under conditions that can come true', (_name, render) => {
    const words = (['Scheduled', 'Open', 'Suspended', 'Draining', 'Final'] as const).flatMap((state) => [
      ...factsOf({ state, voted: true, shown: true, opensAt: 'x', closesAt: 'x' }),
      ...factsOf({ state, voted: false, shown: false, opensAt: null, closesAt: null }),
    ]);
    for (const [, condition = ''] of render().matchAll(/data-when="([^"]*)"/g)) {
      expect(words).toEqual(expect.arrayContaining(condition.split(/[ |]/)));
    }
  });
});

test('hostile titles, labels, pictures and messages stay text', () => {
  const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(2)>`;
  const of = poll({
    title: hostile,
    state: 'Final',
    options: [
      { id: 'coca', label: hostile, image: `https://x.example/"onload="alert(1)` },
      { id: 'pepsi', label: 'Pepsi' },
    ],
  });
  const numbers = results(of, [1, 0]);
  const rounds = [{ round: hostile, title: hostile, state: 'Open', current: true } as const];
  const pages = [
    renderVotePage(
      votePage({ poll: of, hostname: hostile, results: numbers, notice: { kind: 'error', text: hostile } }),
    ),
    renderResultsPage(resultsPage({ poll: of, results: numbers, totals: numbers, rounds })),
    renderErrorPage({ status: 400, message: hostile }),
  ];
  for (const page of pages) {
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('<img src=x');
    expect(page).not.toContain('"onload="');
    expect(page).toContain('&lt;script&gt;alert(1)');
  }
});

test('while results are hidden a page has the same bytes whatever the options’ votes are', () => {
  // Hidden results never reach the model; what could still tell is the order, a width or a text per option.
  const of = poll({ visibility: 'AfterClose' });
  const pages = [
    renderVotePage(votePage({ poll: of, totals: totals(of, 77) })),
    renderResultsPage(resultsPage({ poll: of, totals: totals(of, 77) })),
  ];
  for (const page of pages) {
    const perOption = page.split(/<li class="(?:option|entry)"/).slice(1, 3);
    const [coca = '', pepsi = ''] = perOption.map((item) => item.slice(0, item.indexOf('</li>')));
    const neutral = (item: string): string => item.replaceAll(/coca|pepsi/gi, 'x').replaceAll(/#[0-9a-f]{6}/g, '#');
    expect(neutral(coca)).toBe(neutral(pepsi));
    expect(visibleText(coca)).not.toMatch(/\d/);
    expect(
      [...page.slice(0, page.indexOf('<main')).matchAll(/<rect[^>]*\swidth="([^"]*)"/g)].map(([, width]) => width),
    ).toEqual(['50%', '50%']);
    expect(page.slice(0, page.indexOf('<body'))).not.toMatch(/77|%/);
  }
});

import { describe, expect, test } from 'vitest';

import { bar } from './bar.ts';
import { tallyPage } from './page.ts';
import { type TallyOutput, tallyOutput } from './tally-output.ts';

const TALLY = tallyOutput.parse({
  name: 'final',
  namespace: 'shop',
  local: false,
  timeZone: 'America/Sao_Paulo',
  round: 'final',
  title: 'Who leaves the house on the last Sunday of the year?',
  state: 'Open',
  asOf: '2026-12-20T22:00:03.456Z',
  accepted: 2_105,
  duplicates: 5,
  rejected: 0,
  late: 0,
  cast: 2_100,
  counted: 2_016,
  replaced: 84,
  pending: 1,
  final: null,
  hidden: null,
  options: [
    { id: 'ana', label: 'Ana Maria da Conceição', votes: 1_234, share: 1_234 / 2_016, cast: 1_300 },
    { id: 'bruno', label: 'Bruno 🥤', votes: 780, share: 780 / 2_016, cast: 798 },
    { id: 'caio', label: '日本', votes: 2, share: 2 / 2_016, cast: 2 },
    { id: 'davi', label: 'davi', votes: 0, share: 0, cast: 0 },
  ],
  hours: [
    { hour: '2026-12-20T20:00:00.000Z', cast: 100, options: [40, 60, 0, 0] },
    { hour: '2026-12-20T21:00:00.000Z', cast: 2_000, options: [1_260, 738, 2, 0] },
  ],
} satisfies TallyOutput);

const PIPE = { hasColour: false, isInteractive: false, columns: 120 };
const NARROW = { hasColour: false, isInteractive: true, columns: 60 };
const COLOUR = { hasColour: true, isInteractive: true, columns: 80 };

function page(look: typeof PIPE, tally: Partial<TallyOutput> = {}, byHour = false): string {
  const lines = tallyPage({ ...TALLY, ...tally }, look, { byHour });
  return `\n${lines.join('\n').replaceAll('\u001B', '^')}\n`;
}

describe('the count', () => {
  test('in a pipe', () => {
    expect(page(PIPE)).toMatchInlineSnapshot(`
      "
      Who leaves the house on the last Sunday of the year?
      final: Open, not final; pending: 1 vote waits to be counted

      OPTION  LABEL                   VOTES   SHARE
      ana     Ana Maria da Conceição  1,234  61.2 %  ████████████████████████████████████████
      bruno   Bruno 🥤                  780  38.7 %  █████████████████████████▎
      caio    日本                        2   0.1 %  ▏
      davi    davi                        0   0.0 %

      2,016 votes counted of 2,100 cast; 84 replaced by a later or an earlier one of the same voter, 5 sent twice.
      As of 2026-12-20 19:00:03 (America/Sao_Paulo).
      "
    `);
  });

  test('in 60 columns', () => {
    expect(page(NARROW)).toMatchInlineSnapshot(`
      "
      Who leaves the house on the last Sunday of the year?
      final: Open, not final; pending: 1 vote waits to be counted

      OPTION  LABEL               VOTES   SHARE
      ana     Ana Maria da Conc…  1,234  61.2 %  █████████████████
      bruno   Bruno 🥤              780  38.7 %  ██████████▊
      caio    日本                    2   0.1 %  ▏
      davi    davi                    0   0.0 %

      2,016 votes counted of 2,100 cast; 84 replaced by a later or
      an earlier one of the same voter, 5 sent twice.
      As of 2026-12-20 19:00:03 (America/Sao_Paulo).
      "
    `);
  });

  test('in colour', () => {
    expect(page(COLOUR)).toMatchInlineSnapshot(`
      "
      ^[1mWho leaves the house on the last Sunday of the year?^[22m
      ^[33mfinal: Open, not final; pending: 1 vote waits to be counted^[39m

      ^[2mOPTION  LABEL                   VOTES   SHARE^[22m
      ana     Ana Maria da Conceição  1,234  61.2 %  ^[32m█████████████████████████████████^[39m
      bruno   Bruno 🥤                  780  38.7 %  ████████████████████▉
      caio    日本                        2   0.1 %  ▏
      davi    davi                        0   0.0 %

      2,016 votes counted of 2,100 cast; 84 replaced by a later or an earlier one of
      the same voter, 5 sent twice.
      ^[2mAs of 2026-12-20 19:00:03 (America/Sao_Paulo).^[22m
      "
    `);
  });

  test('by hour, per option where there is room', () => {
    expect(page(PIPE, {}, true)).toMatchInlineSnapshot(`
      "
      Who leaves the house on the last Sunday of the year?
      final: Open, not final; pending: 1 vote waits to be counted

      HOUR (America/Sao_Paulo)   CAST    ana  bruno  caio  davi
      2026-12-20 17:00            100     40     60     0     0  ██
      2026-12-20 18:00          2,000  1,260    738     2     0  ████████████████████████████████████████

      2,016 votes counted of 2,100 cast; 84 replaced by a later or an earlier one of the same voter, 5 sent twice.
      As of 2026-12-20 19:00:03 (America/Sao_Paulo).
      "
    `);
    const narrow = page(
      NARROW,
      { options: TALLY.options!.map((option) => ({ ...option, id: `${option.id}-of-the-house` })) },
      true,
    );
    expect(narrow).toMatchInlineSnapshot(`
      "
      Who leaves the house on the last Sunday of the year?
      final: Open, not final; pending: 1 vote waits to be counted

      HOUR (America/Sao_Paulo)   CAST
      2026-12-20 17:00            100  █▍
      2026-12-20 18:00          2,000  ███████████████████████████

      2,016 votes counted of 2,100 cast; 84 replaced by a later or
      an earlier one of the same voter, 5 sent twice.
      As of 2026-12-20 19:00:03 (America/Sao_Paulo).
      "
    `);
  });

  test('by hour before anybody has voted', () => {
    expect(page(PIPE, { hours: [] }, true)).toContain('No vote has been cast yet.');
  });

  test('of options without votes', () => {
    const none = TALLY.options!.map((option) => ({ ...option, votes: 0, share: 0 }));
    expect(page(PIPE, { options: none, counted: 0, cast: 0, replaced: 0, duplicates: 0 })).toContain(
      '0 votes counted of 0 cast.',
    );
  });
});

describe('whether it may change', () => {
  const final = { version: 1, at: '2026-12-20T22:00:00Z' };
  test.each([
    ['votes wait', { pending: 12 }, 'final: Open, not final; pending: 12 votes wait to be counted'],
    ['none wait', { pending: 0, state: 'Draining' as const }, 'final: Draining, not final; no vote waits'],
    ['nobody knows', { pending: null }, 'it is not known how many votes wait'],
    ['it is final', { final }, 'final: final since 2026-12-20 19:00 (America/Sao_Paulo)\n'],
    [
      'it is final by assumption',
      { final: { ...final, reason: 'assumed' } },
      'final: final (assumed) since 2026-12-20 19:00 (America/Sao_Paulo); the queue was empty and no vote had come for a',
    ],
    [
      'it was repaired',
      { final: { ...final, version: 2, reason: 'a disk' } },
      '(America/Sao_Paulo), version 2: a disk\n',
    ],
    ['it is an earlier round', { round: 'semifinal' }, 'final, round semifinal: Open'],
  ])('when %s', (_, tally, expected) => {
    expect(page(PIPE, tally)).toContain(expected);
  });
});

test('hidden results are said to be so, and no option is told of', () => {
  const hidden = page(PIPE, { hidden: 'The results of this poll are not shown yet.', options: null, hours: null });
  expect(hidden).toContain('The votes per option are hidden: The results of this poll are not shown yet.');
  expect(hidden).toContain('2,016 votes counted');
  expect(hidden).not.toContain('ana');
});

test.each([
  [0, ''],
  [0.001, '▏'],
  [0.5, '██'],
  [0.53, '██▏'],
  [1, '████'],
])('%d of a bar of four cells is "%s"', (part, drawn) => {
  expect(bar(part, 4)).toBe(drawn);
});

import { expect, it } from 'vitest';

import { shownWindow } from './window.ts';

const NOW = Date.parse('2026-12-20T22:00:00Z');

it.each([
  ['nothing of a poll without times', null, null, ''],
  ['when it opens', '2026-12-21T01:00:00Z', null, 'opens 2026-12-20 22:00 (America/Sao_Paulo), in 3 h'],
  [
    'both times while it is open',
    '2026-12-20T21:00:00Z',
    '2026-12-20T22:00:40Z',
    'opened 2026-12-20 18:00 (America/Sao_Paulo), 1 h ago; closes 2026-12-20 19:00:40 (America/Sao_Paulo), in 40 s',
  ],
  [
    'only the close afterwards',
    '2026-12-20T21:00:00Z',
    '2026-12-20T21:30:00Z',
    'closed 2026-12-20 18:30 (America/Sao_Paulo), 30 min ago',
  ],
])('says %s', (_, opensAt, closesAt, expected) => {
  expect(shownWindow({ opensAt, closesAt, timeZone: 'America/Sao_Paulo' }, NOW)).toBe(expected);
});

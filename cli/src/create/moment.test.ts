import { describe, expect, it } from 'vitest';

import { UsageError } from '../exit-codes.ts';
import { momentOf, timeZoneOf } from './moment.ts';

describe('a moment', () => {
  it.each<[string, string, string, string]>([
    ['by the clocks of a zone', '2026-12-20 22:30', 'America/Sao_Paulo', '2026-12-20T22:30:00-03:00'],
    ['with seconds and a T', '2026-12-20T22:30:15', 'America/Sao_Paulo', '2026-12-20T22:30:15-03:00'],
    ['in summer', '2026-07-01 12:00', 'Europe/Berlin', '2026-07-01T12:00:00+02:00'],
    ['in winter', '2026-12-01 12:00', 'Europe/Berlin', '2026-12-01T12:00:00+01:00'],
    ['in UTC', '2026-12-20 22:30', 'UTC', '2026-12-20T22:30:00Z'],
    ['at half an hour’s offset', '2026-12-20 22:30', 'Asia/Kolkata', '2026-12-20T22:30:00+05:30'],
    ['just before clocks are set forward', '2026-03-29 01:59', 'Europe/Berlin', '2026-03-29T01:59:00+01:00'],
    ['just after clocks are set forward', '2026-03-29 03:00', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
    ['on the far side of the date line', '2026-12-20 22:30', 'Pacific/Kiritimati', '2026-12-20T22:30:00+14:00'],
    ['that says its offset', '2026-12-20T22:30:00-03:00', 'Europe/Berlin', '2026-12-20T22:30:00-03:00'],
    ['that says its offset after a space', '2026-12-20 22:30:00Z', 'Europe/Berlin', '2026-12-20T22:30:00Z'],
  ])('%s is taken', (_, text, zone, expected) => {
    expect(momentOf('--opens-at', text, zone)).toBe(expected);
  });

  it.each<[string, string, string, string]>([
    ['without a date', '22:30', 'UTC', '--opens-at 22:30 must be a time such as'],
    ['of the 30th of February', '2026-02-30 10:00', 'UTC', '--opens-at 2026-02-30 10:00 must be a time such as'],
    ['of a 25th hour', '2026-12-20 25:00', 'UTC', 'must be a time such as'],
    ['that clocks skip', '2026-03-29 02:30', 'Europe/Berlin', 'does not exist in Europe/Berlin'],
    [
      'that clocks show twice',
      '2026-10-25 02:30',
      'Europe/Berlin',
      'say which, 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00.',
    ],
  ])('%s is refused with what to do', (_, text, zone, sentence) => {
    expect(() => momentOf('--opens-at', text, zone)).toThrow(UsageError);
    expect(() => momentOf('--opens-at', text, zone)).toThrow(sentence);
  });
});

it('takes names of zones, and nothing else', () => {
  expect(timeZoneOf('America/Sao_Paulo')).toBe('America/Sao_Paulo');
  for (const text of ['Mars/Olympus', '+03:00', 'america/sao_paulo']) {
    expect(() => timeZoneOf(text)).toThrow(`--time-zone ${text} must be an IANA time zone`);
  }
});

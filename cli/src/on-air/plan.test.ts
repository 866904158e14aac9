import { describe, expect, test } from 'vitest';

import type { PollNow } from '../poll/poll.ts';
import { hasArrived, type OnAirWish, planOf, shownTime } from './plan.ts';

const NOW = Date.parse('2026-12-20T22:00:00Z');
const MINUTE = 60_000;
const iso = (at: number): string => new Date(at).toISOString();

function poll(changes: Partial<PollNow> = {}): PollNow {
  return {
    round: 'lunch',
    opensAt: null,
    closesAt: null,
    suspend: false,
    timeZone: 'UTC',
    revision: 3,
    judged: { revision: 3, state: 'Open' },
    hindrance: null,
    ...changes,
  };
}

function judged(state: NonNullable<PollNow['judged']>['state'], revision = 3): Pick<PollNow, 'judged'> {
  return { judged: { revision, state } };
}

function wish(verb: OnAirWish['verb'], changes: Partial<OnAirWish> = {}): OnAirWish {
  return { verb, at: null, forMs: null, ...changes };
}

const LATER = poll({ opensAt: NOW + 10 * MINUTE, ...judged('Scheduled') });
const OVER = poll({ closesAt: NOW - MINUTE, ...judged('Final') });
const JUST_CLOSED = poll({ closesAt: NOW - 1_000, ...judged('Draining') });

describe('what is edited of a poll', () => {
  test.each<[string, PollNow, OnAirWish, object | null, string]>([
    ['opens what is to open later', LATER, wish('open'), { opensAt: iso(NOW) }, 'opens now, until somebody closes it'],
    ['leaves an open poll as it is', poll(), wish('open'), null, 'is open already, until somebody closes it'],
    [
      'opens for a while',
      LATER,
      wish('open', { forMs: 20 * MINUTE }),
      { opensAt: iso(NOW), closesAt: iso(NOW + 20 * MINUTE) },
      'opens now, until 2026-12-20 22:20 (UTC)',
    ],
    [
      'opens later',
      poll({ ...judged('Suspended'), suspend: true }),
      wish('open', { at: NOW + MINUTE }),
      { opensAt: iso(NOW + MINUTE), suspend: false },
      'opens at 2026-12-20 22:01 (UTC), until somebody closes it',
    ],
    [
      'opens earlier than it was to, and keeps its close',
      { ...LATER, closesAt: NOW + 30 * MINUTE },
      wish('open', { at: NOW + MINUTE }),
      { opensAt: iso(NOW + MINUTE) },
      'opens at 2026-12-20 22:01 (UTC), until 2026-12-20 22:30 (UTC)',
    ],
    [
      'prolongs an open poll',
      poll({ closesAt: NOW + MINUTE }),
      wish('open', { forMs: 20 * MINUTE }),
      { closesAt: iso(NOW + 20 * MINUTE) },
      'stays open, until 2026-12-20 22:20 (UTC)',
    ],
    [
      'opens again in the grace after a close',
      JUST_CLOSED,
      wish('open'),
      { closesAt: null },
      'opens now, until somebody closes it',
    ],
    [
      'takes away a close that passed before any service ran',
      poll({ closesAt: NOW - MINUTE, judged: null }),
      wish('open'),
      { closesAt: null },
      'opens now, until somebody closes it',
    ],
    [
      'opens a new round, although the services tell of the old one still',
      poll({ opensAt: NOW + MINUTE, revision: 4, ...judged('Final') }),
      wish('open'),
      { opensAt: iso(NOW) },
      'opens now, until somebody closes it',
    ],
    ['closes now', poll(), wish('close'), { closesAt: iso(NOW) }, 'closes now'],
    [
      'closes later',
      poll({ closesAt: NOW + 9 * MINUTE, timeZone: 'America/Sao_Paulo' }),
      wish('close', { at: NOW + 5_000 }),
      { closesAt: iso(NOW + 5_000) },
      'closes at 2026-12-20 19:00:05 (America/Sao_Paulo)',
    ],
    ['leaves a closed poll closed', OVER, wish('close'), null, 'is closed already'],
    ['suspends', poll(), wish('suspend'), { suspend: true }, 'takes no votes until it is resumed'],
    ['suspends once', poll({ suspend: true }), wish('suspend'), null, 'is suspended already'],
    ['resumes', poll({ suspend: true }), wish('resume'), { suspend: false }, 'takes votes again'],
    [
      'resumes what is to open later',
      { ...LATER, suspend: true },
      wish('resume'),
      { suspend: false },
      'takes votes from 2026-12-20 22:10 (UTC) on',
    ],
    ['resumes only what is suspended', poll(), wish('resume'), null, 'is not suspended'],
  ])('%s', (_, now, asked, edit, words) => {
    expect(planOf(now, asked, NOW)).toEqual({ edit, words });
  });

  test.each<[string, PollNow, OnAirWish]>([
    ['The round "lunch" has closed and cannot be opened again; a new spec.poll.id', OVER, wish('open')],
    ['The round "lunch" has closed and cannot be resumed; a new spec.poll.id', OVER, wish('resume')],
    ['The round "lunch" has closed, so it takes no votes anyway.', OVER, wish('suspend')],
    ['cannot close later; a new spec.poll.id starts a new count.', OVER, wish('close', { at: NOW + MINUTE })],
    ['opens at 2026-12-20 22:10 (UTC) and cannot close before; give a later --at', LATER, wish('close')],
    ['A poll closes now or later', poll(), wish('close', { at: NOW - MINUTE })],
    ['is open already, and to open it later would shut it', poll(), wish('open', { at: NOW + MINUTE })],
    [
      'It closes before that, at 2026-12-20 22:05 (UTC): give --for too.',
      { ...LATER, closesAt: NOW + 5 * MINUTE },
      wish('open', { at: NOW + 6 * MINUTE }),
    ],
  ])('is refused: %s', (sentence, now, asked) => {
    expect(() => planOf(now, asked, NOW)).toThrow(sentence);
  });
});

test.each<[boolean, OnAirWish, PollNow]>([
  [true, wish('close'), poll(judged('Draining'))],
  [true, wish('close', { at: NOW + MINUTE }), poll()],
  [false, wish('close'), poll()],
  [false, wish('close'), poll(judged('Draining', 2))],
  [false, wish('open'), poll({ judged: null })],
  [false, wish('open'), poll(judged('Suspended'))],
  [true, wish('suspend'), poll(judged('Suspended'))],
  [false, wish('suspend'), poll()],
  [false, wish('resume'), poll(judged('Suspended'))],
  [true, wish('resume'), poll(judged('Scheduled'))],
])('that it has arrived is %s of %o when it is %o', (expected, asked, now) => {
  expect(hasArrived(now, asked, 3)).toBe(expected);
});

test('a time is shown by the clocks of the zone', () => {
  expect(shownTime(NOW, 'Asia/Kathmandu')).toBe('2026-12-21 03:45 (Asia/Kathmandu)');
});

import type { MinuteCast } from '@voteapp/store/port';
import { describe, expect, it } from 'vitest';

import { castInLastHour, castPerHour } from './hours.ts';

function minute(time: string, ...cast: number[]): MinuteCast {
  return { minute: Date.parse(time) / 60_000, cast };
}

function hoursIn(timeZone: string, times: readonly string[]): string[] {
  const minutes = times.map((time) => minute(time, 1));
  return castPerHour(minutes, 1, timeZone).map(({ hour, cast }) => `${new Date(hour).toISOString()} ${cast}`);
}

describe('castPerHour', () => {
  const cases: { name: string; zone: string; minutes: string[]; hours: string[] }[] = [
    {
      name: 'São Paulo, whole hours behind UTC',
      zone: 'America/Sao_Paulo',
      minutes: ['2026-11-20T20:59:00Z', '2026-11-20T21:00:00Z', '2026-11-20T21:59:00Z'],
      hours: ['2026-11-20T20:00:00.000Z 1', '2026-11-20T21:00:00.000Z 2'],
    },
    {
      name: 'Kolkata, where an hour starts at half past in UTC',
      zone: 'Asia/Kolkata',
      minutes: ['2026-11-20T21:29:00Z', '2026-11-20T21:30:00Z', '2026-11-20T22:29:00Z', '2026-11-20T22:30:00Z'],
      hours: ['2026-11-20T20:30:00.000Z 1', '2026-11-20T21:30:00.000Z 2', '2026-11-20T22:30:00.000Z 1'],
    },
    {
      name: 'Kathmandu, where it starts at a quarter past',
      zone: 'Asia/Kathmandu',
      minutes: ['2026-11-20T21:14:00Z', '2026-11-20T21:15:00Z'],
      hours: ['2026-11-20T20:15:00.000Z 1', '2026-11-20T21:15:00.000Z 1'],
    },
    {
      name: 'Berlin in the night that skips an hour: 01:59 is followed by 03:00',
      zone: 'Europe/Berlin',
      minutes: ['2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z', '2026-03-29T01:59:00Z'],
      hours: ['2026-03-29T00:00:00.000Z 1', '2026-03-29T01:00:00.000Z 2'],
    },
    {
      name: 'Berlin in the night that has 02:00 to 02:59 twice: two hours, not one of double length',
      zone: 'Europe/Berlin',
      minutes: ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
      hours: ['2026-10-25T00:00:00.000Z 1', '2026-10-25T01:00:00.000Z 1'],
    },
    {
      name: 'Lord Howe, which changes by half an hour',
      zone: 'Australia/Lord_Howe',
      minutes: ['2026-04-04T14:59:00Z', '2026-04-04T15:00:00Z', '2026-04-04T15:29:00Z', '2026-04-04T15:30:00Z'],
      hours: ['2026-04-04T14:00:00.000Z 1', '2026-04-04T14:30:00.000Z 2', '2026-04-04T15:30:00.000Z 1'],
    },
  ];
  it.each(cases)('$name', ({ zone, minutes, hours }) => {
    expect(hoursIn(zone, minutes)).toEqual(hours);
  });

  it('keeps the options apart, with 0 for one appended after the minute was counted', () => {
    const minutes = [minute('2026-11-20T21:00:00Z', 2, 3), minute('2026-11-20T21:01:00Z', 1, 0, 4)];
    const [hour] = castPerHour(minutes, 3, 'UTC');
    expect(hour).toEqual({ hour: Date.parse('2026-11-20T21:00:00Z'), cast: 10, options: [3, 3, 4] });
    expect(castPerHour(minutes.slice(0, 1), 3, 'UTC')[0]?.options).toEqual([2, 3, 0]);
  });
});

describe('castInLastHour', () => {
  it('counts the minute of the time and the 59 before it', () => {
    const minutes = [
      minute('2026-11-20T20:15:00Z', 100, 0),
      minute('2026-11-20T20:16:00Z', 10, 1),
      minute('2026-11-20T21:15:00Z', 2, 0),
    ];
    expect(castInLastHour(minutes, Date.parse('2026-11-20T21:15:59.999Z'))).toBe(13);
    expect(castInLastHour(minutes, Date.parse('2026-11-20T21:16:00Z'))).toBe(2);
    expect(castInLastHour([], Date.parse('2026-11-20T21:16:00Z'))).toBe(0);
  });
});

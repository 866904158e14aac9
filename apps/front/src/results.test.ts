import { results } from '@voteapp/contracts/http/results';
import { describe, expect, it } from 'vitest';

import { definition, round, START } from './fixtures/front.ts';
import type { StoredRound } from './fixtures/memory-store.ts';
import { toResults, toTotals } from './results.ts';

function reading(changes: Partial<StoredRound> = {}, asOf = START) {
  const { minutes, ...snapshot } = round(changes);
  return { snapshot, minutes, asOf };
}

describe('toResults', () => {
  it('has the tally with shares, the account of every entry, and the hours', () => {
    expect(toResults(reading())).toEqual({
      round: 'sodas',
      title: 'Coca × Pepsi',
      state: 'Open',
      asOf: '2026-11-20T21:15:00.000Z',
      accepted: 6,
      duplicates: 1,
      rejected: 1,
      late: 0,
      cast: 4,
      counted: 3,
      replaced: 1,
      pending: 5,
      final: null,
      options: [
        { id: 'coca', label: 'Coca', color: '#c8102e', votes: 2, share: 2 / 3, cast: 2 },
        { id: 'pepsi', label: 'Pepsi', votes: 1, share: 1 / 3, cast: 2 },
      ],
      hours: [
        { hour: '2026-11-20T20:00:00.000Z', cast: 1, options: [0, 1] },
        { hour: '2026-11-20T21:00:00.000Z', cast: 3, options: [2, 1] },
      ],
    });
  });

  it('is what the contract says', () => {
    expect(results.parse(toResults(reading()))).toEqual(toResults(reading()));
  });

  it('is all zeros, not NaN, for a poll without votes', () => {
    const zero = { votes: 0, cast: 0 };
    const { options, counted, hours } = toResults(reading({ counts: [zero, zero], minutes: [] }));
    expect(options.map(({ votes, share }) => [votes, share])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect([counted, hours]).toEqual([0, []]);
  });

  it('shows an option that no counter knows yet with zeros', () => {
    const options = [...definition().options, { id: 'water', label: 'Water' }];
    const shown = toResults(reading({ definition: definition({ options }) })).options;
    expect(shown[2]).toEqual({ id: 'water', label: 'Water', votes: 0, share: 0, cast: 0 });
  });
});

describe('toTotals', () => {
  const waiting = { votes: 5, writtenAt: START };
  const final = { version: 1, at: START - 1 };
  const pendingCases: { name: string; changes: Partial<StoredRound>; asOf: number; pending: number | null }[] = [
    { name: 'known for 3 s', changes: { pending: waiting }, asOf: START + 3_000, pending: 5 },
    { name: 'not known after 3 s', changes: { pending: waiting }, asOf: START + 3_001, pending: null },
    { name: 'not known before a worker wrote it', changes: { pending: null }, asOf: START, pending: null },
    { name: 'none once the round is final', changes: { pending: waiting, final }, asOf: START + 9_000, pending: 0 },
  ];
  it.each(pendingCases)('pending is $name', ({ changes, asOf, pending }) => {
    expect(toTotals(reading(changes, asOf)).pending).toBe(pending);
  });

  it('tells when and why a round is final', () => {
    const closed = definition({ closesAt: START - 10_000 });
    expect(toTotals(reading({ definition: closed }))).toMatchObject({ state: 'Draining', final: null });
    expect(toTotals(reading({ definition: closed, final }))).toMatchObject({
      state: 'Final',
      final: { version: 1, at: '2026-11-20T21:14:59.999Z' },
    });
    const repaired = { version: 2, at: START, reason: 'a lost batch was found' };
    expect(toTotals(reading({ definition: closed, final: repaired })).final?.reason).toBe('a lost batch was found');
  });
});

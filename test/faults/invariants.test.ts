import { describe, expect, it } from 'vitest';

import { checkInvariants } from './invariants.ts';
import type { Acceptance, Vote } from './ledger.ts';
import type { Batch, Entry, Stored } from './stored.ts';

const MS = 4_096;
const MINUTE = 29_000_000;
const START = MINUTE * 60_000 * MS;

/** The tag of a voter or an id, for this test: the value itself. */
const tagOf = (_kind: string, value: string): string => value;

function vote(voter: string, choice: number, id: string | null = null): Vote {
  return { voter, choice, id, sentAt: 0, possible: 1, outcome: 'accepted', settledAt: 1 };
}

function accepted(of: Vote, seq: number): Acceptance {
  return { vote: of, seq: START + seq, sentAt: 0, by: 'replica' };
}

function entry(voter: string, choice: number, seq: number, id: string | null = null): Entry {
  return { voter, choice, seq: START + seq, id };
}

function batch(n: number, entries: readonly Entry[], duplicates = 0): Batch {
  return {
    shard: 0,
    logIndex: n,
    producer: 'A',
    n,
    accepted: entries.length,
    duplicates,
    rejected: 0,
    committedAt: 0,
    entries,
  };
}

// Ana votes coca and then pepsi, Bia coca, with an id and once more.
const ANA = [vote('ana', 0), vote('ana', 1)] as const;
const BIA = vote('bia', 0, 'order-7');
BIA.possible = 2;
const LEDGER = {
  votes: [...ANA, BIA],
  acceptances: [accepted(ANA[0], 1), accepted(ANA[1], 2), accepted(BIA, 3), accepted(BIA, 4)],
  wrongAnswers: new Set<string>(),
};
const RIGHT: Stored = {
  batches: [
    batch(1, [entry('ana', 0, 1), entry('bia', 0, 3, 'order-7')]),
    batch(2, [entry('ana', 1, 2), entry('bia', 0, 4, 'order-7')], 1),
  ],
  votes: new Map([
    ['ana', { choice: 1, seq: START + 2 }],
    ['bia', { choice: 0, seq: START + 3 }],
  ]),
  ids: new Set(['order-7']),
  counts: [
    { choice: 0, votes: 1, cast: 2 },
    { choice: 1, votes: 1, cast: 1 },
  ],
  minutes: new Map([
    [`${MINUTE} 0`, 2],
    [`${MINUTE} 1`, 1],
  ]),
  totals: { accepted: 4, duplicates: 1, rejected: 0, batches: 2 },
  setAside: new Map(),
  final: false,
};

function check(changes: Partial<Stored>, ledger: Partial<typeof LEDGER> = {}) {
  const stored = { ...RIGHT, ...changes };
  return checkInvariants({ ledger: { ...LEDGER, ...ledger }, stored, policy: 'LastVoteWins', tagOf });
}

const WRONG: readonly [sentence: string, begins: string, changes: Partial<Stored>, ledger?: Partial<typeof LEDGER>][] =
  [
    ['a batch is missing', 'I1', { batches: RIGHT.batches.slice(0, 1) }],
    ['an id is not kept', 'I1', { ids: new Set() }],
    ['a counter is one too high', 'I2', { counts: [{ choice: 0, votes: 2, cast: 2 }, RIGHT.counts[1]!] }],
    ['a counter is one too low', 'I2', { counts: [{ choice: 0, votes: 0, cast: 2 }, RIGHT.counts[1]!] }],
    ['a minute is wrong', 'I2', { minutes: new Map([[`${MINUTE} 0`, 3]]) }],
    ['a sum is wrong', 'I2', { totals: { ...RIGHT.totals, accepted: 5 } }],
    ['a batch is committed twice', 'I2', { batches: [...RIGHT.batches, { ...RIGHT.batches[0]!, logIndex: 3 }] }],
    ['a batch is out of its place', 'I2', { batches: [RIGHT.batches[0]!, { ...RIGHT.batches[1]!, logIndex: 3 }] }],
    ['accepted votes were set aside', 'I2', { setAside: new Map([['store_error', 2]]) }],
    ['a voter who did not vote has a vote', 'I3', { batches: [...RIGHT.batches, batch(3, [entry('caio', 0, 9)])] }],
    [
      'the older vote of a voter is kept',
      'I4',
      { votes: new Map([...RIGHT.votes, ['ana', { choice: 0, seq: START + 1 }]]) },
    ],
    ['two votes share a place', 'I4', {}, { acceptances: [...LEDGER.acceptances, accepted(ANA[1], 2)] }],
    ['there was an answer of 500', 'I5', {}, { wrongAnswers: new Set(['status 500']) }],
  ];

describe('the invariants', () => {
  it('hold where everything is right', () => {
    expect(check({})).toEqual({ lost: 0, doubled: 0, broken: [] });
  });

  it.each(WRONG)('are broken when %s', (_sentence, begins, changes, ledger) => {
    const { broken } = check(changes, ledger);
    expect(broken.filter((each) => each.startsWith(begins))).not.toEqual([]);
  });

  it('tell how many votes are lost and how many are counted once too often', () => {
    expect(check({ batches: RIGHT.batches.slice(0, 1) }).lost).toBe(2);
    expect(check({ counts: [{ choice: 0, votes: 3, cast: 2 }, RIGHT.counts[1]!] }).doubled).toBe(2);
  });
});

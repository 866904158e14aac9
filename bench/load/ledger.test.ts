import { describe, expect, it } from 'vitest';

import { expectedTally, optionOf, type Tally, voterOf, wrongVotes } from './ledger.ts';

const BALLOTS = { voters: 3, options: 2 };

it('a voter’s next vote is for the next option', () => {
  const votes = [0, 1, 2, 3, 4, 5].map((vote) => [voterOf(BALLOTS, vote), optionOf(BALLOTS, vote)]);
  expect(votes).toEqual([
    [0, 0],
    [1, 1],
    [2, 0],
    [0, 1],
    [1, 0],
    [2, 1],
  ]);
});

describe('the expected tally', () => {
  const none = new Set<number>();
  it.each([
    ['counts the last vote of each', 'LastVoteWins', 5, none, { cast: [3, 2], votes: [2, 1] }],
    ['counts the first vote of each', 'FirstVoteWins', 5, none, { cast: [3, 2], votes: [2, 1] }],
    ['counts the last but the refused', 'LastVoteWins', 5, new Set([3, 4]), { cast: [2, 1], votes: [2, 1] }],
    ['counts the first but the refused', 'FirstVoteWins', 5, new Set([0]), { cast: [2, 2], votes: [1, 2] }],
    ['counts every vote', 'Unlimited', 5, none, { cast: [3, 2], votes: [3, 2] }],
    ['of nothing is zeros', 'LastVoteWins', 0, none, { cast: [0, 0], votes: [0, 0] }],
  ] as const)('%s under its policy', (_, policy, sent, refused, expected) => {
    expect(expectedTally(BALLOTS, policy, sent, refused)).toEqual(expected);
  });
});

describe('votes that are wrong', () => {
  const right: Tally = { cast: [3, 2], votes: [2, 1], rows: [2, 1], rejected: 0, duplicates: 0 };
  it.each([
    ['none', {}, 0],
    ['one lost', { cast: [3, 1] }, 1],
    ['one doubled', { cast: [4, 2] }, 1],
    ['one for another option', { votes: [1, 2] }, 2],
    ['one stored and not counted', { rows: [2, 2] }, 1],
    ['one set aside', { rejected: 1 }, 1],
    ['one taken for a repetition', { duplicates: 1 }, 1],
    ['none where no rows are kept', { rows: null }, 0],
  ] as const)('%s', (_, difference, expected) => {
    expect(wrongVotes({ ...right, ...difference }, { cast: [3, 2], votes: [2, 1] })).toBe(expected);
  });
});

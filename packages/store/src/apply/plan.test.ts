import { encodeBeat, encodeMarker, minuteOf } from '@voteapp/contracts/message';
import { describe, expect, it } from 'vitest';

import { batchOf, idTag, producerId, seqAt, T0, tagFor, type TestVote } from '../contract/fixtures.ts';
import { readMessage } from './incoming.ts';
import { type Plan, planApply } from './plan.ts';
import { batchKey, type IdRow, keysOf, type RoundFacts, roundsOf, type VoteRow, votersOf } from './rows.ts';

const FACTS: RoundFacts = {
  policy: 'LastVoteWins',
  shards: 1,
  options: 2,
  closesAt: null,
  closesSince: 1,
  final: false,
};

interface Given {
  readonly facts?: Partial<RoundFacts>;
  readonly shard?: number;
  /** Messages committed before. */
  readonly committed?: readonly Buffer[];
  readonly votes?: Readonly<Record<string, VoteRow>>;
  readonly ids?: Readonly<Record<string, IdRow>>;
  /** Messages set aside before. */
  readonly setAside?: readonly Buffer[];
}

function planOf(messages: readonly Buffer[], given: Given = {}): Plan {
  const { facts = {}, shard = 0, committed = [], votes = {}, ids = {}, setAside = [] } = given;
  const batches = committed.map(readMessage).map(({ message, digest }) => {
    if (message === null || !('votes' in message)) throw new Error('Only batches are committed');
    return [batchKey(message), digest] as const;
  });
  const stored = {
    facts: { ...FACTS, ...facts },
    logSize: committed.length,
    batches: new Map(batches),
    votes: new Map(Object.entries(votes)),
    ids: new Map(Object.entries(ids)),
  };
  return planApply(shard, messages.map(readMessage), {
    rounds: new Map([['r', stored]]),
    setAside: new Set(setAside.map((body) => readMessage(body).digest)),
  });
}

function one(votes: readonly (TestVote | null)[], more: object = {}): Buffer {
  return batchOf({ round: 'r', votes, ...more });
}

const [ann, bob] = [tagFor(1), tagFor(2)];
const vote = (voter: number, option: number, ms: number, id?: number): TestVote => ({
  voter,
  option,
  seq: seqAt(ms),
  id,
});
const stored = (choice: number, ms: number, producer = 1, n = 1, index = 0): VoteRow => ({
  choice,
  seq: seqAt(ms),
  producer: producerId(producer),
  n,
  index,
});

/** [votes, cast] of both options. */
function deltas({ rounds: [round] }: Plan): number[][] {
  return [0, 1].map((choice) => {
    const row = round!.counts.find((count) => count.choice === choice);
    return [row?.votes ?? 0, row?.cast ?? 0];
  });
}

describe('the tally', () => {
  it.each<[string, Buffer[], Given, number[][]]>([
    [
      'counts a first vote',
      [one([vote(1, 0, 0)])],
      {},
      [
        [1, 1],
        [0, 0],
      ],
    ],
    [
      'moves a vote to the later choice',
      [one([vote(1, 1, 9)])],
      { votes: { [ann]: stored(0, 5) } },
      [
        [-1, 0],
        [1, 1],
      ],
    ],
    [
      'keeps a later vote that is stored',
      [one([vote(1, 1, 2)])],
      { votes: { [ann]: stored(0, 5) } },
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'does not count a repeated choice twice',
      [one([vote(1, 0, 9)])],
      { votes: { [ann]: stored(0, 5) } },
      [
        [0, 1],
        [0, 0],
      ],
    ],
    [
      'lets the last of several votes in one call count',
      [one([vote(1, 0, 1), vote(1, 1, 3)]), one([vote(1, 0, 2)], { n: 2 })],
      {},
      [
        [0, 2],
        [1, 1],
      ],
    ],
    [
      'keeps the stored first vote under FirstVoteWins',
      [one([vote(1, 1, 9)])],
      { facts: { policy: 'FirstVoteWins' }, votes: { [ann]: stored(0, 5) } },
      [
        [0, 0],
        [0, 1],
      ],
    ],
    [
      'lets an earlier vote that comes later win under FirstVoteWins',
      [one([vote(1, 1, 2)])],
      { facts: { policy: 'FirstVoteWins' }, votes: { [ann]: stored(0, 5) } },
      [
        [-1, 0],
        [1, 1],
      ],
    ],
    [
      'counts every vote under Unlimited',
      [one([vote(1, 0, 1), vote(1, 1, 2), vote(1, 1, 2)])],
      { facts: { policy: 'Unlimited' } },
      [
        [1, 1],
        [2, 2],
      ],
    ],
    [
      'breaks a tie of seq by the producer',
      [one([vote(1, 1, 5)], { producer: 0xff })],
      { votes: { [ann]: stored(0, 5, 0x1f, 9) } },
      [
        [-1, 0],
        [1, 1],
      ],
    ],
    [
      'breaks a tie of seq and producer by the batch, as a number',
      [one([vote(1, 1, 5)], { n: 10 })],
      { votes: { [ann]: stored(0, 5, 1, 9, 7) } },
      [
        [-1, 0],
        [1, 1],
      ],
    ],
    [
      'breaks a tie of all but the entry by the entry',
      [one([vote(1, 0, 5), vote(1, 1, 5)])],
      { facts: { policy: 'FirstVoteWins' } },
      [
        [1, 1],
        [0, 1],
      ],
    ],
    [
      'applies a message twice in one call once',
      [one([vote(1, 0, 0)]), one([vote(1, 0, 0)])],
      {},
      [
        [1, 1],
        [0, 0],
      ],
    ],
    [
      'applies nothing of a committed batch',
      [one([vote(1, 0, 0)])],
      { committed: [one([vote(1, 0, 0)])] },
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'applies nothing of a message set aside before',
      [one([vote(1, 0, 0)])],
      { setAside: [one([vote(1, 0, 0)])] },
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'applies an id once, even after a newer vote',
      [one([vote(1, 0, 9, 1)])],
      { votes: { [ann]: stored(1, 5) }, ids: { [idTag(1)]: { voter: ann, choice: 0, seq: seqAt(1) } } },
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'applies an id once within one call under Unlimited',
      [one([vote(1, 0, 1, 1), vote(1, 0, 2, 1)])],
      { facts: { policy: 'Unlimited' } },
      [
        [1, 1],
        [0, 0],
      ],
    ],
  ])('%s', (_, messages, given, expected) => {
    expect(deltas(planOf(messages, given))).toEqual(expected);
  });

  it('stores the winning vote, by voter, and an id row for callers’ ids alone', () => {
    const { rounds } = planOf([one([vote(2, 1, 3, 7), vote(1, 0, 1), vote(1, 1, 2)])]);
    expect(rounds[0]).toMatchObject({
      votes: [
        { voter: ann, ...stored(1, 2, 1, 1, 2) },
        { voter: bob, ...stored(1, 3, 1, 1, 0) },
      ],
      ids: [{ id: idTag(7), voter: bob, choice: 1, seq: seqAt(3) }],
    });
  });

  it('stores no voter under Unlimited', () => {
    const { rounds } = planOf([one([vote(1, 0, 1, 4)])], { facts: { policy: 'Unlimited' } });
    expect(rounds[0]).toMatchObject({ votes: [], ids: [{ id: idTag(4) }] });
  });

  it('puts each cast vote into the minute of its seq, and nothing else', () => {
    const ids = { [idTag(1)]: { voter: ann, choice: 0, seq: seqAt(0) } };
    const votes = [vote(1, 0, 59_999), vote(2, 1, 60_000), vote(3, 1, 60_000), vote(1, 0, 0, 1), vote(4, 9, 0), null];
    const minute = minuteOf(seqAt(0));
    expect(planOf([one(votes)], { ids }).rounds[0]?.minutes).toEqual([
      { minute, choice: 0, cast: 1 },
      { minute: minute + 1, choice: 1, cast: 2 },
    ]);
  });
});

describe('what is set aside', () => {
  const beat = { b: 1, last: 0, clock: T0, closed: false, refused: {} };
  const head = { round: 'r', shard: 0, producer: producerId(1), def: 1 };
  const known = { ids: { [idTag(1)]: { voter: ann, choice: 0, seq: seqAt(0) } } };

  it.each<[string, Buffer, Given, object[]]>([
    [
      'an entry that is not a vote',
      one([vote(1, 0, 0), null]),
      {},
      [{ index: 1, reason: 'malformed_entry', entries: 1 }],
    ],
    ['an option that the round has not', one([vote(1, 2, 0)]), {}, [{ index: 0, reason: 'unknown_option' }]],
    ['an id with another option', one([vote(1, 1, 0, 1)]), known, [{ index: 0, reason: 'id_conflict' }]],
    ['an id with another voter', one([vote(2, 0, 0, 1)]), known, [{ index: 0, reason: 'id_conflict' }]],
    [
      'bytes that are no message, counted as one',
      Buffer.from('poison'),
      {},
      [{ index: -1, reason: 'malformed_message', entries: 1, round: null, body: Buffer.from('poison') }],
    ],
    [
      'votes of an unknown round',
      batchOf({ round: 'R', votes: [vote(1, 0, 0), null] }),
      {},
      [{ index: -1, reason: 'unknown_round', entries: 2, round: 'R' }],
    ],
    [
      'votes that came by the wrong queue',
      one([vote(1, 0, 0)], { shard: 1 }),
      { facts: { shards: 2 } },
      [{ index: -1, reason: 'wrong_shard', entries: 1, shard: 1, n: 1 }],
    ],
    [
      'votes of a shard that the round has not',
      one([vote(1, 0, 0)], { shard: 1 }),
      { shard: 1 },
      [{ index: -1, reason: 'wrong_shard', entries: 1 }],
    ],
    [
      'a batch whose name is committed with other bytes',
      one([vote(1, 0, 0)], { nonce: 'b' }),
      { committed: [one([vote(1, 0, 0)], { nonce: 'a' })] },
      [{ index: -1, reason: 'batch_conflict', entries: 1, producer: producerId(1), n: 1 }],
    ],
    ['votes after the final', one([vote(1, 0, 0)]), { facts: { final: true } }, [{ index: -1, reason: 'after_final' }]],
    ['no beat after the final', encodeBeat({ ...head, beat }), { facts: { final: true } }, []],
    ['no marker after the final', encodeMarker({ round: 'r', shard: 0, marker: 1 }), { facts: { final: true } }, []],
    [
      'no committed batch after the final',
      one([vote(1, 0, 0)]),
      { facts: { final: true }, committed: [one([vote(1, 0, 0)])] },
      [],
    ],
    [
      'a beat of an unknown round, with no entry',
      encodeBeat({ ...head, round: 'x', beat }),
      {},
      [{ index: -1, reason: 'unknown_round', entries: 0 }],
    ],
  ])('%s', (_, message, given, expected) => {
    const { rejected, applied } = planOf([message, message], given);
    expect(rejected).toEqual(expected.map((row) => expect.objectContaining(row) as object));
    const sum = Object.values(applied.rejected).reduce((total, entries) => total + entries, 0);
    expect(applied.accepted).toBe(applied.cast + applied.duplicates + sum);
  });

  it('sets aside a voter whose tag belongs to another shard, and counts its neighbours', () => {
    const message = JSON.parse(one([vote(1, 0, 0)], { shard: 1 }).toString()) as { votes: unknown[] };
    message.votes.push([tagFor(2, 0), 0, seqAt(1)]);
    const { rejected, applied } = planOf([Buffer.from(JSON.stringify(message))], { facts: { shards: 2 }, shard: 1 });
    expect(rejected).toMatchObject([{ index: 1, reason: 'wrong_shard', body: null }]);
    expect(applied).toEqual({ batches: 1, accepted: 2, cast: 1, duplicates: 0, late: 0, rejected: { wrong_shard: 1 } });
  });

  it('counts a message set aside in the totals of its round, and not in its log', () => {
    const committed = [one([vote(1, 0, 0)], { nonce: 'a' })];
    const { rounds } = planOf([one([vote(1, 0, 0), vote(2, 0, 0)], { nonce: 'b' })], { committed });
    expect(rounds[0]?.totals).toEqual({ accepted: 2, duplicates: 0, rejected: 2, late: 0, batches: 0 });
    expect(rounds[0]?.batches).toEqual([]);
  });
});

describe('batches, beats and markers', () => {
  it('numbers the log on from what is stored and keeps the exact bytes', () => {
    const committed = [one([vote(1, 0, 0)])];
    const [second, third] = [one([vote(1, 1, 1)], { n: 2 }), one([null, vote(2, 1, 1)], { n: 3 })];
    const { rounds } = planOf([second, committed[0]!, third], { committed });
    expect(rounds[0]?.batches).toMatchObject([
      { n: 2, logIndex: 2, accepted: 1, rejected: 0, body: second, digest: readMessage(second).digest },
      { n: 3, logIndex: 3, accepted: 2, rejected: 1, body: third },
    ]);
    expect(rounds[0]?.totals.batches).toBe(2);
  });

  it('keeps the highest beat of each producer and each marker once', () => {
    const beat = (b: number, producer: number) =>
      encodeBeat({
        round: 'r',
        shard: 0,
        def: 1,
        producer: producerId(producer),
        beat: { b, last: b, clock: T0, closed: false, refused: {} },
      });
    const marker = encodeMarker({ round: 'r', shard: 0, marker: 4 });
    const { rounds, applied } = planOf([beat(2, 1), beat(1, 1), beat(1, 2), marker, marker]);
    expect(rounds[0]?.beats).toMatchObject([
      { producer: producerId(1), beat: { b: 2 } },
      { producer: producerId(2), beat: { b: 1 } },
    ]);
    expect(rounds[0]?.markers).toEqual([4]);
    expect(applied).toEqual({ batches: 0, accepted: 0, cast: 0, duplicates: 0, late: 0, rejected: {} });
  });

  it.each([
    ['at the close, by an older definition', T0, 4, 1],
    ['before the close, by an older definition', T0 - 1, 4, 0],
    ['at the close, by the definition that closes', T0, 5, 0],
  ])('calls a vote late or not: %s', (_, arrival, def, late) => {
    const facts = { closesAt: T0, closesSince: 5 };
    expect(planOf([one([vote(1, 0, arrival - T0)], { def })], { facts }).applied).toMatchObject({ cast: 1, late });
  });

  it('reads each key once, sorted, of its own round', () => {
    const messages = [one([vote(2, 0, 0), vote(1, 0, 0, 3), vote(2, 1, 0, 3), null]), one([vote(1, 0, 0)], { n: 2 })];
    const incoming = [...messages, batchOf({ round: 'other', votes: [vote(9, 0, 0)] }), Buffer.from('?')].map(
      readMessage,
    );
    expect(roundsOf(incoming)).toEqual(['other', 'r']);
    expect(keysOf('r', incoming)).toMatchObject({ batches: [{ n: 1 }, { n: 2 }], ids: [idTag(3)] });
    expect(votersOf('r', incoming)).toEqual([ann, bob]);
  });
});

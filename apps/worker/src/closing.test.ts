import type { ClosingState, ProducerState } from '@voteapp/store/port';
import { expect, test } from 'vitest';

import { decideClosing, type ClosingDecision, decideUnordered, QuietWatch } from './closing.ts';

const CLOSE = 1_000_000;
/** When the first marker may be taken. */
const DRAINED = CLOSE + 3_000;
const LEASE = 15_000;

function producer(mods: Partial<ProducerState> = {}): ProducerState {
  return { producer: 'p1', lastBeatAt: CLOSE, retiredAt: null, shards: [closed(7), closed(9)], ...mods };
}

function closed(last: number, committed = last) {
  return { shard: 0, last, closed: true, committed };
}

function open(last: number, committed = last) {
  return { shard: 0, last, closed: false, committed };
}

function marker(at: number, mods: Partial<ClosingState['markers'][number]> = {}) {
  return { marker: 1, at, committed: true, ...mods };
}

function state(mods: Partial<ClosingState> = {}): ClosingState {
  return { shards: 2, final: false, markers: [marker(DRAINED)], producers: [producer()], ...mods };
}

const WAIT = { act: 'wait', why: expect.any(String) as string };
const NEXT_MARKER = { act: 'publish-marker', marker: null };
const FINALIZE = { act: 'finalize' };

interface Case {
  readonly state?: Partial<ClosingState>;
  readonly closesAt?: number | null;
  readonly now?: number;
  readonly expected: object;
}

const CASES: Record<string, Case> = {
  'waits while the poll is open until closed': { closesAt: null, expected: WAIT },
  'waits before the close': { now: CLOSE - 1, expected: WAIT },
  'waits until 3 s after the close, for votes on their way': { now: DRAINED - 1, expected: WAIT },
  'waits once the round is final': { state: { final: true, markers: [], producers: [] }, expected: WAIT },
  'takes the first marker 3 s after the close': { state: { markers: [] }, now: DRAINED, expected: NEXT_MARKER },
  'takes a marker even if no producer is known, for one may be queued': {
    state: { markers: [], producers: [] },
    expected: NEXT_MARKER,
  },
  'waits for a marker that was just taken': {
    state: { markers: [marker(DRAINED, { committed: false })] },
    now: DRAINED + 4_999,
    expected: WAIT,
  },
  'publishes a marker again that is not committed after 5 s, under its number': {
    state: { markers: [marker(DRAINED, { committed: false })] },
    now: DRAINED + 5_000,
    expected: { act: 'publish-marker', marker: 1 },
  },
  'publishes again the older of two markers if that one is missing': {
    state: { markers: [marker(DRAINED, { committed: false }), marker(DRAINED + 1, { marker: 2 })] },
    now: DRAINED + 6_000,
    expected: { act: 'publish-marker', marker: 1 },
  },
  'waits for every marker, though all producers have closed': {
    state: { markers: [marker(DRAINED), marker(DRAINED + 10, { marker: 2, committed: false })] },
    expected: WAIT,
  },
  'finds a marker of before the last edit of the close no proof': {
    state: { markers: [marker(DRAINED - 1)] },
    expected: NEXT_MARKER,
  },
  'finalizes a round that nobody produced for': { state: { producers: [] }, expected: FINALIZE },
  'finalizes when every producer has closed and all it numbered is committed': { expected: FINALIZE },
  'finalizes when a producer that took no vote has closed': {
    state: { producers: [producer({ shards: [closed(0), closed(0)] })] },
    expected: FINALIZE,
  },
  'waits for one batch': { state: { producers: [producer({ shards: [closed(7), closed(9, 8)] })] }, expected: WAIT },
  'waits when more is committed than the closing beat names: a later beat must come': {
    state: { producers: [producer({ shards: [closed(7, 8), closed(9)] })] },
    expected: WAIT,
  },
  'waits for a producer that beats and has not closed': {
    state: { producers: [producer({ shards: [open(7), open(9)], lastBeatAt: DRAINED + 60_000 })] },
    now: DRAINED + 61_000,
    expected: WAIT,
  },
  'waits for a producer that has closed on one shard only': {
    state: { producers: [producer({ shards: [closed(7), open(9)] })] },
    expected: WAIT,
  },
  'waits for a producer whose first beats have reached one shard only': {
    state: { producers: [producer({ shards: [closed(0)] })] },
    expected: WAIT,
  },
  'waits for the only open producer among closed ones': {
    state: { producers: [producer(), producer({ producer: 'p2', shards: [open(7), closed(9)] })] },
    expected: WAIT,
  },
  'waits until the last moment of a lease': {
    state: { producers: [producer({ shards: [open(7), open(9)], lastBeatAt: CLOSE })] },
    now: CLOSE + LEASE,
    expected: WAIT,
  },
  'takes another marker when a lease has lapsed': {
    state: { producers: [producer({ shards: [open(7), open(9)], lastBeatAt: CLOSE })] },
    now: CLOSE + LEASE + 1,
    expected: NEXT_MARKER,
  },
  'takes another marker for a producer that died during its first beats': {
    state: { producers: [producer({ shards: [open(0)], lastBeatAt: CLOSE })] },
    now: CLOSE + LEASE + 1,
    expected: NEXT_MARKER,
  },
  'takes another marker for a producer that closed and died with a batch missing': {
    state: { producers: [producer({ shards: [closed(7), closed(9, 8)], lastBeatAt: CLOSE })] },
    now: CLOSE + LEASE + 1,
    expected: NEXT_MARKER,
  },
  'finalizes after a lapse of before the first marker': {
    state: { producers: [producer({ shards: [open(7), open(9)], lastBeatAt: DRAINED - LEASE - 1 })] },
    expected: FINALIZE,
  },
  'finalizes when a marker younger than the lapse is committed': {
    state: {
      markers: [marker(DRAINED), marker(CLOSE + LEASE + 1, { marker: 2 })],
      producers: [producer({ shards: [open(7, 6), open(9)], lastBeatAt: CLOSE })],
    },
    now: CLOSE + LEASE + 100,
    expected: FINALIZE,
  },
  'finds a marker of the very moment of the lapse no proof': {
    state: {
      markers: [marker(DRAINED), marker(CLOSE + LEASE, { marker: 2 })],
      producers: [producer({ shards: [open(7), open(9)], lastBeatAt: CLOSE })],
    },
    now: CLOSE + LEASE + 100,
    expected: NEXT_MARKER,
  },
  'waits for a producer whose beat came out of the backlog with the marker': {
    state: {
      markers: [marker(DRAINED), marker(DRAINED + 60_000, { marker: 2 })],
      producers: [producer({ shards: [open(7), open(9)], lastBeatAt: DRAINED + 60_500 })],
    },
    now: DRAINED + 61_000,
    expected: WAIT,
  },
  'does not ask for another marker on account of a producer that has closed': {
    state: { producers: [producer({ lastBeatAt: CLOSE })] },
    now: CLOSE + 10 * LEASE,
    expected: FINALIZE,
  },
  'takes a marker for each producer that lapses later than the last one': {
    state: {
      markers: [marker(DRAINED), marker(CLOSE + LEASE + 1, { marker: 2 })],
      producers: [
        producer({ shards: [open(7), open(9)], lastBeatAt: CLOSE }),
        producer({ producer: 'p2', shards: [open(7), open(9)], lastBeatAt: CLOSE + 4_000 }),
      ],
    },
    now: CLOSE + LEASE + 4_001,
    expected: NEXT_MARKER,
  },
  'finalizes when a retired producer is older than the marker, lease or not': {
    state: { producers: [producer({ shards: [open(7), open(9)], retiredAt: CLOSE, lastBeatAt: DRAINED })] },
    expected: FINALIZE,
  },
  'takes another marker for a producer retired after the first one': {
    state: { producers: [producer({ shards: [open(7), open(9)], retiredAt: DRAINED + 10, lastBeatAt: DRAINED })] },
    now: DRAINED + 20,
    expected: NEXT_MARKER,
  },
  'finds a marker of the moment of a retirement no proof': {
    state: { producers: [producer({ shards: [open(7), open(9)], retiredAt: DRAINED, lastBeatAt: DRAINED })] },
    now: DRAINED + 20,
    expected: NEXT_MARKER,
  },
};

test.each(Object.entries(CASES))(
  '%s',
  (_sentence, { state: mods, closesAt = CLOSE, now = DRAINED + 100, expected }) => {
    const decision: ClosingDecision = decideClosing(closesAt, state(mods), now);
    expect(decision).toEqual(expected);
  },
);

const QUIET = 60_000;

const UNORDERED: Record<string, Case & { readonly depth?: number; readonly since?: number }> = {
  'waits while the poll is open until closed': { closesAt: null, expected: WAIT },
  'waits until the close': { now: CLOSE - 1, expected: WAIT },
  'waits once the round is final': { state: { final: true }, expected: WAIT },
  'waits while the queue holds messages, however long nothing was committed': { depth: 1, expected: WAIT },
  'waits until nothing was committed for a minute': {
    since: DRAINED + 5_000,
    now: DRAINED + 5_000 + QUIET - 1,
    expected: WAIT,
  },
  'waits for a minute after the close, however quiet it was before': { now: DRAINED + QUIET - 1, expected: WAIT },
  'finalizes after a minute, and needs no marker': { state: { markers: [] }, now: DRAINED + QUIET, expected: FINALIZE },
  'finalizes a round that nobody produced for': { state: { producers: [] }, expected: FINALIZE },
  'waits for a batch that a closing beat names': {
    state: { producers: [producer({ lastBeatAt: DRAINED + QUIET, shards: [closed(7, 6), closed(9)] })] },
    expected: WAIT,
  },
  'waits for a producer that lives and has not closed': {
    state: { producers: [producer({ lastBeatAt: DRAINED + 2 * QUIET, shards: [open(7), closed(9)] })] },
    expected: WAIT,
  },
  'waits for a minute after the lapse of a producer that never closed': {
    state: { producers: [producer({ lastBeatAt: DRAINED, shards: [open(7), closed(9)] })] },
    now: DRAINED + LEASE + QUIET - 1,
    expected: WAIT,
  },
  'finalizes a minute after that lapse': {
    state: { producers: [producer({ lastBeatAt: DRAINED, shards: [open(7), closed(9)] })] },
    now: DRAINED + LEASE + QUIET,
    expected: FINALIZE,
  },
};

test.each(Object.entries(UNORDERED))('where the queue keeps no order it %s', (_, each) => {
  const { closesAt = CLOSE, now = DRAINED + 2 * QUIET, depth = 0, since = CLOSE, expected } = each;
  expect(decideUnordered(closesAt, state(each.state), { depth, since }, now)).toEqual(expected);
});

test('a change is seen in what is committed and in what is said, and not in a beat that says nothing new', () => {
  const watch = new QuietWatch();
  expect(watch.observe(state(), 1)).toBe(1);
  expect(watch.observe(state({ producers: [producer({ lastBeatAt: CLOSE + 5_000 })] }), 2)).toBe(1);
  expect(watch.observe(state({ producers: [producer({ shards: [closed(7), closed(9, 8)] })] }), 3)).toBe(3);
  expect(watch.observe(state({ producers: [producer(), producer({ producer: 'p2' })] }), 4)).toBe(4);
});

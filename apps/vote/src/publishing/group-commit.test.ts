import {
  decodeMessage,
  encodeEntry,
  MAX_BATCH_BYTES,
  MAX_BATCH_VOTES,
  type VotesMessage,
} from '@voteapp/contracts/message';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type BatchLimits, GroupCommit, type Placement } from './group-commit.ts';

interface Attempt {
  readonly body: Buffer;
  readonly message: VotesMessage;
  /** False once it was confirmed or has failed. */
  open: boolean;
  readonly confirm: () => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** Lets what was settled reach whoever waits for it, and the current turn end. */
async function turn(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

function setUp(changes: { limits?: BatchLimits; maxPending?: number } = {}) {
  const attempts: Attempt[] = [];
  const commit = new GroupCommit({
    round: 'drinks',
    producer: '00112233aabbccdd',
    shard: 0,
    now: Date.now,
    maxPending: 20_000,
    onConfirmed: () => undefined,
    publish(body) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const settle = (act: () => void) => async () => {
        attempt.open = false;
        act();
        await turn();
      };
      const attempt: Attempt = {
        open: true,
        body,
        message: decodeMessage(body) as VotesMessage,
        confirm: settle(resolve),
        fail: settle(() => reject(new Error('down'))),
      };
      attempts.push(attempt);
      return promise;
    },
    ...changes,
  });
  let seq = 0;
  const outcomes: (Placement | string)[] = [];
  /** By the seq of the vote. */
  const placements = new Map<number, Placement>();
  /** Adds votes; `outcomes` gets their results in the order in which they are settled. */
  const add = (count = 1, def = 1): void => {
    for (let index = 0; index < count; index += 1) {
      seq += 1;
      const own = seq;
      const entry = encodeEntry('A'.repeat(22), 0, own);
      commit.add({
        entry,
        def,
        arrival: Date.now(),
        stored(placement) {
          placements.set(own, placement);
          outcomes.push(placement);
        },
        refused: ({ code }) => outcomes.push(code),
      });
    }
  };
  const sizes = () => attempts.map(({ message }) => message.votes.length);
  const numbers = () => attempts.map(({ message }) => message.n);
  return { commit, attempts, outcomes, placements, add, sizes, numbers };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('batches', () => {
  it('hold the votes of one turn of the event loop when nothing is in flight', async () => {
    const { add, sizes, attempts, outcomes } = setUp();
    add(3);
    expect(sizes()).toEqual([]);
    await turn();
    expect(sizes()).toEqual([3]);
    expect(outcomes).toEqual([]);
    await attempts[0]!.confirm();
    expect(outcomes).toEqual([
      { n: 1, index: 0 },
      { n: 1, index: 1 },
      { n: 1, index: 2 },
    ]);
  });

  it('go 12 ms apart, however soon one is confirmed', async () => {
    const { add, sizes, attempts } = setUp();
    add();
    await turn();
    await attempts[0]!.confirm();
    add(2);
    await vi.advanceTimersByTimeAsync(11);
    add(2);
    expect(sizes()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sizes()).toEqual([1, 4]);
  });

  it('of 64 votes go as soon as nothing is in flight', async () => {
    const { add, sizes, attempts } = setUp();
    add();
    await turn();
    add(63);
    await attempts[0]!.confirm();
    expect(sizes()).toEqual([1]);
    add();
    await turn();
    expect(sizes()).toEqual([1, 64]);
    add(64);
    await turn();
    expect(sizes()).toEqual([1, 64]);
    await attempts[1]!.confirm();
    expect(sizes()).toEqual([1, 64, 64]);
  });

  it('go beside one in flight after 12 ms, and at most 4 at once', async () => {
    const { add, sizes, attempts } = setUp();
    for (let batch = 0; batch < 6; batch += 1) {
      add();
      await vi.advanceTimersByTimeAsync(12);
    }
    expect(sizes()).toEqual([1, 1, 1, 1]);
    await attempts[2]!.confirm();
    expect(sizes()).toEqual([1, 1, 1, 1, 2]);
  });

  it('go beside one in flight as soon as they are full', async () => {
    const { add, sizes } = setUp();
    add();
    await turn();
    add(MAX_BATCH_VOTES + 5);
    await turn();
    expect(sizes()).toEqual([1, MAX_BATCH_VOTES]);
  });

  it('hold votes judged by one definition version only', async () => {
    const { add, attempts } = setUp();
    add(2, 7);
    add(3, 8);
    await vi.advanceTimersByTimeAsync(12);
    expect(attempts.map(({ message }) => [message.def, message.votes.length])).toEqual([
      [7, 2],
      [8, 3],
    ]);
  });

  it('wait while they are held', async () => {
    const { commit, add, sizes } = setUp();
    commit.hold();
    add(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(sizes()).toEqual([]);
    commit.release();
    expect(sizes()).toEqual([2]);
  });
});

describe('votes are refused', () => {
  it('when too many wait', async () => {
    const { add, outcomes } = setUp({ maxPending: 3 });
    add(5);
    await turn();
    expect(outcomes).toEqual(['queue_unavailable', 'queue_unavailable']);
  });

  it('when they are over 2 s old before they could be published', async () => {
    const { commit, add, outcomes, sizes } = setUp();
    commit.hold();
    add();
    await vi.advanceTimersByTimeAsync(1_000);
    add();
    await vi.advanceTimersByTimeAsync(1_001);
    commit.release();
    await turn();
    expect(outcomes).toEqual(['queue_unavailable']);
    expect(sizes()).toEqual([1]);
  });

  it('when they are dropped: nothing is sent any more, and later ones are refused too', async () => {
    const { commit, attempts, add, outcomes } = setUp();
    add();
    await turn();
    add();
    commit.drop();
    add();
    await attempts[0]!.confirm();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(outcomes).toEqual(['queue_unavailable', 'queue_unavailable', 'queue_unavailable']);
    expect(attempts).toHaveLength(1);
  });
});

describe('the breaker', () => {
  it('opens after 1.5 s without a confirm, refuses at once and tries the same bytes each second', async () => {
    const { commit, add, attempts, outcomes, numbers } = setUp();
    add(2);
    await turn();
    add();
    await vi.advanceTimersByTimeAsync(1_499);
    expect(commit.breakerOpen).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(commit.breakerOpen).toBe(true);
    // The third vote was published beside the first batch and times out 15 ms later.
    await vi.advanceTimersByTimeAsync(15);
    expect(outcomes).toEqual(['queue_unavailable', 'queue_unavailable', 'queue_unavailable']);
    add();
    await turn();
    expect(outcomes).toHaveLength(4);
    expect(numbers()).toEqual([1, 2]);

    await vi.advanceTimersByTimeAsync(3_000);
    expect(numbers()).toEqual([1, 2, 1, 1, 1]);
    expect(attempts[4]!.body.equals(attempts[0]!.body)).toBe(true);

    await attempts[4]!.confirm();
    expect(numbers()).toEqual([1, 2, 1, 1, 1, 2]);
    expect(attempts[5]!.body.equals(attempts[1]!.body)).toBe(true);
    await attempts[5]!.confirm();
    expect([commit.breakerOpen, commit.idle]).toEqual([false, true]);

    add();
    await turn();
    await attempts[6]!.confirm();
    expect(outcomes.at(-1)).toEqual({ n: 3, index: 0 });
  });

  it('opens at once when the queue refuses, with all that waits', async () => {
    const { commit, add, attempts, outcomes } = setUp();
    add();
    await turn();
    add(2);
    await attempts[0]!.fail();
    expect(outcomes).toEqual(['queue_unavailable', 'queue_unavailable', 'queue_unavailable']);
    expect(commit.breakerOpen).toBe(true);
  });

  it('closes when an attempt that was given up on is confirmed after all', async () => {
    const { commit, add, attempts } = setUp();
    add();
    await turn();
    await vi.advanceTimersByTimeAsync(1_500);
    await attempts[0]!.confirm();
    expect([commit.breakerOpen, commit.idle]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(attempts).toHaveLength(1);
  });
});

it('keeps to the limits and stores each accepted vote once, whatever the queue does', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.nat(30), def: fc.nat(1) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('confirm' as const), at: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), at: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(800) }) },
  );
  const limits = fc.constantFrom({ votes: 12, bytes: MAX_BATCH_BYTES }, { votes: MAX_BATCH_VOTES, bytes: 900 });
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 40 }), async (limits, steps) => {
      const { commit, add, attempts, outcomes, placements } = setUp({ limits });
      const confirmed = new Map<number, VotesMessage>();
      const open = (): Attempt[] => attempts.filter(({ open }) => open);
      const confirm = async (attempt: Attempt | undefined): Promise<void> => {
        if (attempt === undefined) return;
        confirmed.set(attempt.message.n, attempt.message);
        await attempt.confirm();
      };
      let added = 0;
      for (const each of steps) {
        if (each.kind === 'add') {
          add(each.count, each.def);
          added += each.count;
        } else if (each.kind === 'wait') {
          await vi.advanceTimersByTimeAsync(each.ms);
        } else if (each.kind === 'confirm') {
          await confirm(open()[each.at]);
        } else {
          await open()[each.at]?.fail();
        }
        expect(commit.inFlight).toBeLessThanOrEqual(4);
      }
      for (let rounds = 0; rounds < 200 && !commit.idle; rounds += 1) {
        for (const attempt of open()) await confirm(attempt);
        await vi.advanceTimersByTimeAsync(1_000);
      }

      expect(commit.idle).toBe(true);
      expect(outcomes).toHaveLength(added);
      const bodies = new Map<number, Buffer>();
      for (const { body, message } of attempts) {
        expect(message.votes.length).toBeLessThanOrEqual(limits.votes);
        expect(body.length).toBeLessThanOrEqual(limits.bytes);
        expect(body.equals(bodies.get(message.n) ?? body)).toBe(true);
        bodies.set(message.n, body);
      }
      expect([...bodies.keys()]).toEqual(Array.from({ length: commit.last }, (_, index) => index + 1));
      for (const [seq, { n, index }] of placements) expect(confirmed.get(n)?.votes[index]?.[2]).toBe(seq);
      const seqs = [...confirmed.values()].flatMap(({ votes }) => votes.map((vote) => vote?.[2]));
      expect(new Set(seqs).size).toBe(seqs.length);
    }),
    { numRuns: 100 },
  );
});

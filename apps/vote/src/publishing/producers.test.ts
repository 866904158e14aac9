import { encodeEntry } from '@voteapp/contracts/message';
import { createLogger } from '@voteapp/kit/log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryQueue, votesOnly } from '../testing/memory-queue.ts';
import { definition } from '../testing/poll.ts';
import { Producers } from './producers.ts';

const START = 1_800_000_000_000;
const log = createLogger({ level: 'silent', service: 'vote' });

function setUp() {
  const queue = new MemoryQueue();
  const producers = new Producers({ queue, now: Date.now, log, onConfirmed: () => undefined });
  const outcomes: string[] = [];
  let seq = START;
  /** Casts a vote with the current producer; `outcomes` gets `<producer>-<n>-<index>` or the error code. */
  const cast = (shard = 0): void => {
    const { producer, definition } = producers.current!;
    seq += 1;
    const entry = encodeEntry('A'.repeat(22), 0, seq);
    producer.add(shard, {
      entry,
      def: definition.version,
      arrival: Date.now(),
      stored: ({ n, index }) => outcomes.push(`${producer.id}-${n}-${index}`),
      refused: ({ code }) => outcomes.push(code),
    });
  };
  const beatsOf = (id: string) => queue.beats.filter(({ producer }) => producer === id).map(({ beat }) => beat);
  const current = () => producers.current!.producer;
  return { queue, producers, outcomes, cast, beatsOf, current };
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a producer', () => {
  it('declares the queues and is ready once every shard has confirmed a beat', async () => {
    const { queue, producers, current } = setUp();
    queue.fate = ({ shard }) => (shard === 1 ? 'hold' : 'confirm');
    producers.follow(definition({ shards: 3 }));
    await pass(0);
    expect([queue.declared, queue.beats.map(({ shard }) => shard)]).toEqual([3, [0, 2]]);
    expect([current().ready, producers.established]).toEqual([false, false]);
    queue.confirmHeld();
    await pass(0);
    expect([current().ready, producers.established]).toEqual([true, true]);
    expect(queue.beats.map(({ beat }) => beat)).toEqual(
      [0, 1, 2].map(() => ({ b: 1, last: 0, clock: START, closed: false, refused: {} })),
    );
  });

  it('takes no vote before that, and tries again each second while the queue is down', async () => {
    const { queue, producers, cast, outcomes, current } = setUp();
    queue.fate = () => 'fail';
    producers.follow(definition());
    await pass(2_500);
    cast();
    await pass(0);
    expect([outcomes, queue.stored]).toEqual([['queue_unavailable'], []]);
    queue.fate = () => 'confirm';
    await pass(1_000);
    expect(current().ready).toBe(true);
  });

  it('beats every 5 s to every shard with its last batch and its refusals', async () => {
    const { queue, producers, cast, beatsOf, current } = setUp();
    producers.follow(definition({ shards: 2 }));
    await pass(0);
    cast(1);
    await pass(0);
    cast(1);
    producers.countRefusal('unknown_option');
    producers.countRefusal('unknown_option');
    producers.countRefusal('cross_site');
    await pass(4_900);
    expect(queue.beats).toHaveLength(2);
    await pass(200);
    expect(beatsOf(current().id).slice(2)).toEqual([
      { b: 2, last: 0, clock: START + 5_000, closed: false, refused: { unknown_option: 2, cross_site: 1 } },
      { b: 2, last: 2, clock: START + 5_000, closed: false, refused: { unknown_option: 2, cross_site: 1 } },
    ]);
  });

  it('numbers its batches per shard', async () => {
    const { queue, producers, cast } = setUp();
    producers.follow(definition({ shards: 2 }));
    await pass(0);
    for (const shard of [0, 1, 0, 0]) {
      cast(shard);
      await pass(12);
    }
    expect(queue.batches.map(({ shard, n }) => [shard, n])).toEqual([
      [0, 1],
      [1, 1],
      [0, 2],
      [0, 3],
    ]);
  });
});

describe('at the close', () => {
  it('a closing beat with the last batch follows when every batch is confirmed', async () => {
    const { queue, producers, cast, beatsOf, current } = setUp();
    producers.follow(definition({ closesAt: START + 1_000 }));
    await pass(0);
    cast();
    await pass(0);
    queue.fate = votesOnly('hold');
    await pass(990);
    cast();
    await pass(1_000);
    expect(beatsOf(current().id).some(({ closed }) => closed)).toBe(false);
    queue.confirmHeld();
    await pass(250);
    expect(beatsOf(current().id).at(-1)).toMatchObject({ last: 2, closed: true });
  });

  it('closing beats go on, so that the lease holds', async () => {
    const { producers, beatsOf, current } = setUp();
    producers.follow(definition({ closesAt: START }));
    await pass(12_000);
    expect(beatsOf(current().id).map(({ b, closed }) => [b, closed])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
  });

  it('a closing beat that is not confirmed is sent again each second', async () => {
    const { queue, producers, beatsOf, current } = setUp();
    producers.follow(definition({ closesAt: START + 1_000 }));
    await pass(500);
    queue.fate = () => 'fail';
    await pass(2_000);
    queue.fate = () => 'confirm';
    await pass(1_000);
    expect(beatsOf(current().id).at(-1)).toMatchObject({ last: 0, closed: true });
    expect(queue.sent.length).toBeGreaterThan(3);
  });

  it('a later close opens again: no batch goes before an open beat is confirmed', async () => {
    const { queue, producers, cast, outcomes, beatsOf, current } = setUp();
    producers.follow(definition({ closesAt: START + 1_000 }));
    await pass(1_500);
    expect(beatsOf(current().id).at(-1)?.closed).toBe(true);
    queue.fate = () => 'hold';
    producers.follow(definition({ closesAt: START + 60_000, version: 2 }));
    cast();
    await pass(100);
    expect([queue.sent.filter(({ headers }) => headers.votes > 0), outcomes]).toEqual([[], []]);
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    await pass(0);
    expect(beatsOf(current().id).at(-1)).toMatchObject({ last: 0, closed: false });
    expect(outcomes).toEqual([`${current().id}-1-0`]);
  });
});

describe('when no beat was confirmed for 10 s', () => {
  it('what waits is refused and a new producer starts at 1; the old one is never heard again', async () => {
    const { queue, producers, cast, outcomes, current } = setUp();
    producers.follow(definition());
    await pass(0);
    cast();
    await pass(0);
    const old = current().id;
    queue.fate = () => 'fail';
    cast();
    await pass(10_300);
    expect(current().id).not.toBe(old);
    expect(outcomes).toEqual([`${old}-1-0`, 'queue_unavailable']);
    const lastWord = queue.sent.length;

    queue.fate = () => 'confirm';
    await pass(2_000);
    cast();
    await pass(10_000);
    expect(outcomes.at(-1)).toBe(`${current().id}-1-0`);
    const later = queue.sent.slice(lastWord).map(({ body }) => body.toString());
    expect(later.filter((text) => text.includes(old))).toEqual([]);
    expect(producers.established).toBe(true);
  });

  it('a clock that is set back holds up neither its beats nor its end', async () => {
    const { queue, producers, beatsOf, current } = setUp();
    producers.follow(definition());
    await pass(0);
    const old = current().id;
    vi.setSystemTime(START - 60_000);
    await pass(5_300);
    expect(beatsOf(old).map(({ b }) => b)).toEqual([1, 2]);
    queue.fate = () => 'fail';
    await pass(10_300);
    expect(current().id).not.toBe(old);
  });

  it('a replica that was paused sends nothing of what it held, though no timer has run yet', async () => {
    const { queue, producers, cast, outcomes, current } = setUp();
    producers.follow(definition());
    await pass(0);
    const old = current().id;
    cast();
    const sentBefore = queue.sent.length;
    vi.setSystemTime(START + 10_001);
    cast();
    await pass(0);
    expect(outcomes).toEqual(['queue_unavailable', 'queue_unavailable']);
    expect(current().id).not.toBe(old);
    expect(queue.sent.slice(sentBefore).every(({ body }) => body.toString().includes(current().id))).toBe(true);
  });

  it('a confirm that comes after it is no answer: the worker may have closed the books', async () => {
    const { queue, producers, cast, outcomes, current } = setUp();
    producers.follow(definition());
    await pass(0);
    const old = current().id;
    queue.fate = votesOnly('hold');
    cast();
    await pass(0);
    vi.setSystemTime(START + 10_001);
    queue.confirmHeld();
    await pass(0);
    expect(outcomes).toEqual(['queue_unavailable']);
    expect(current().id).not.toBe(old);
  });

  it('one shard without beats is enough', async () => {
    const { queue, producers, current } = setUp();
    producers.follow(definition({ shards: 2 }));
    await pass(0);
    const old = current().id;
    queue.fate = ({ shard }) => (shard === 1 ? 'fail' : 'confirm');
    await pass(10_300);
    expect(current().id).not.toBe(old);
  });
});

describe('a new round', () => {
  it('is taken up when its first beats are confirmed; the old one flushes and then closes', async () => {
    const { queue, producers, cast, outcomes, beatsOf, current } = setUp();
    producers.follow(definition());
    await pass(0);
    const old = current();
    queue.fate = () => 'hold';
    cast();
    await pass(0);
    producers.follow(definition({ round: 'snacks', version: 2 }));
    await pass(200);
    expect(producers.current!.definition.round).toBe('drinks');

    queue.fate = () => 'confirm';
    queue.confirmHeld();
    await pass(0);
    expect(producers.current!.definition).toMatchObject({ round: 'snacks', version: 2 });
    await pass(250);
    expect(outcomes).toEqual([`${old.id}-1-0`]);
    expect(beatsOf(old.id).at(-1)).toMatchObject({ last: 1, closed: true });

    cast();
    await pass(0);
    expect(queue.batches.at(-1)).toMatchObject({ round: 'snacks', n: 1, def: 2, producer: current().id });
    await pass(20_000);
    expect(beatsOf(old.id)).toHaveLength(2);
  });

  it('that is withdrawn before it was taken up is closed, and the old one goes on', async () => {
    const { queue, producers, current } = setUp();
    producers.follow(definition());
    await pass(0);
    const old = current().id;
    queue.fate = () => 'hold';
    producers.follow(definition({ round: 'snacks', version: 2 }));
    await pass(0);
    producers.follow(definition({ version: 3 }));
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    await pass(1_000);
    expect([current().id, producers.current!.definition.version]).toEqual([old, 3]);
    expect(queue.beats.filter(({ round }) => round === 'snacks').at(-1)?.beat.closed).toBe(true);
  });
});

describe('a drain', () => {
  it('confirms what waits, then says so in closing beats', async () => {
    const { queue, producers, cast, outcomes, beatsOf, current } = setUp();
    producers.follow(definition({ shards: 2 }));
    await pass(0);
    const { id } = current();
    cast(1);
    const drained = producers.drain(4_000);
    await pass(300);
    await drained;
    expect(outcomes).toEqual([`${id}-1-0`]);
    expect(beatsOf(id).slice(-2)).toMatchObject([
      { last: 0, closed: true },
      { last: 1, closed: true },
    ]);
    const { length } = queue.sent;
    await pass(60_000);
    expect(queue.sent).toHaveLength(length);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up in time when the queue is down', async () => {
    const { queue, producers, cast, outcomes } = setUp();
    producers.follow(definition());
    await pass(0);
    queue.fate = () => 'fail';
    cast();
    const drained = producers.drain(4_000);
    await pass(4_000);
    await drained;
    expect(outcomes).toEqual(['queue_unavailable']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at once when there was no definition', async () => {
    await setUp().producers.drain(4_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { World, Store, type Pause, type Nature, Candidate, pair, leaders } from './election-world.ts';

describe('an election', () => {
  it('has one leader, which renews its lease', async () => {
    const { world, store, one, other } = pair();
    await world.passUntil(100);
    other.election.start();
    await world.passUntil(60_000);
    expect([one.election.isLeader, other.election.isLeader]).toEqual([true, false]);
    expect(one.story).toEqual(['4 started']);
    expect(other.story).toEqual([]);
    expect(store.spec).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '1970-01-01T00:00:00.002000Z',
      renewTime: expect.stringMatching(/^1970-01-01T00:00:5[89]\.\d{3}000Z$/) as string,
      leaseTransitions: 0,
    });
  });

  it('has the next leader of a killed one within the lease and a retry', async () => {
    const { world, store, one, other } = pair();
    await world.passUntil(100);
    other.election.start();
    await world.passUntil(30_000);
    one.isDead = true;
    await world.passUntil(30_000 + 15_000 - 2500);
    expect(other.election.isLeader).toBe(false);
    await world.passUntil(30_000 + 15_000 + 2500);
    expect(other.election.isLeader).toBe(true);
    expect(store.spec).toMatchObject({ holderIdentity: 'other', leaseTransitions: 1 });
  });

  it('has the next leader of one that stops within 3 s, once its work has ended', async () => {
    const { world, store, one, other } = pair();
    await world.passUntil(100);
    other.election.start();
    one.drainMs = 19_000;
    await world.passUntil(30_000);
    const stopping = one.election.stop();
    await world.passUntil(48_900);
    expect([leaders(one), leaders(other)]).toEqual([1, 0]);
    await world.passUntil(49_100);
    await stopping;
    expect([one.isWorking, leaders(one)]).toEqual([false, 0]);
    expect(store.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await world.passUntil(52_000);
    expect(other.election.isLeader).toBe(true);
  });

  it('is over for a leader that was frozen at its first look, and its work ends', async () => {
    const { world, one, other } = pair({ freezes: [{ from: 30_000, until: 60_000 }] });
    await world.passUntil(100);
    other.election.start();
    await world.passUntil(60_000 - 1);
    expect(other.election.isLeader).toBe(true);
    let first: boolean | null = null;
    world.at(60_000, () => (first = one.election.isLeader));
    await world.passUntil(61_000);
    expect(first).toBe(false);
    expect(one.story.at(-1)).toMatch(/^60\d{3} stopped$/);
    await world.passUntil(100_000);
    expect([leaders(one), leaders(other)]).toEqual([0, 1]);
    // It goes on competing.
    other.isDead = true;
    await world.passUntil(120_000);
    expect(one.election.isLeader).toBe(true);
  });

  it.each([
    [
      'a server that is away for less than the deadline',
      { latencies: [1], outages: [{ from: 30_000, until: 36_000 }] },
    ],
    ['slow answers now and then', { latencies: [1, 1, 1, 1, 1, 9000, 1, 1], outages: [] }],
  ])('survives %s', async (_, way) => {
    const { world, one } = pair({ way });
    await world.passUntil(120_000);
    expect(one.story).toEqual(['4 started']);
  });

  it('lasts from when the leader asked, however late the answer is', async () => {
    const { world, one } = pair({
      way: { latencies: [0, 2000], outages: [{ from: 25_000, until: 90_000 }] },
    });
    await world.passUntil(22_000);
    const { requests } = one;
    await world.passUntil(31_999);
    expect(one.election.isLeader).toBe(true);
    expect(one.requests).toBeGreaterThan(requests);
    await world.passUntil(32_000);
    expect(one.election.isLeader).toBe(false);
  });

  it('is not won by an answer that a leader finds after it was frozen', async () => {
    const { world, one, other } = pair({ stalls: [{ write: 5, ms: 40_000 }] });
    await world.passUntil(100);
    other.election.start();
    const both: number[] = [];
    await world.passUntil(120_000, () => {
      if (leaders(one, other) > 1) both.push(world.now);
    });
    expect(both).toEqual([]);
    expect(other.story.length).toBe(1);
  });

  it('is lost to a server that is away for longer, by the deadline, and won again', async () => {
    const { world, one } = pair({ way: { latencies: [1], outages: [{ from: 30_000, until: 60_000 }] } });
    await world.passUntil(40_000);
    expect(one.election.isLeader).toBe(false);
    expect(one.isWorking).toBe(false);
    await world.passUntil(70_000);
    expect(one.election.isLeader).toBe(true);
    expect(one.story.length).toBe(3);
  });

  it('is left to others by one whose work makes no progress', async () => {
    const { world, one, other } = pair();
    await world.passUntil(100);
    other.election.start();
    await world.passUntil(30_000);
    one.isHealthy = false;
    await world.passUntil(40_000);
    expect(one.election.isLeader).toBe(false);
    await world.passUntil(50_000);
    expect(other.election.isLeader).toBe(true);
    other.isDead = true;
    await world.passUntil(90_000);
    expect(one.election.isLeader).toBe(false);
    one.isHealthy = true;
    await world.passUntil(95_000);
    expect(one.election.isLeader).toBe(true);
  });

  it('ends at once for a leader whose lease somebody took', async () => {
    const { world, store, one } = pair();
    await world.passUntil(30_000);
    const lease = store.lease!;
    store.write({ ...lease, spec: { ...store.spec, holderIdentity: 'thief' } }, false);
    await world.passUntil(35_000);
    expect(one.election.isLeader).toBe(false);
    expect(one.isWorking).toBe(false);
    expect(store.spec).toMatchObject({ holderIdentity: 'thief' });
  });

  it('does not believe what time others say it is', async () => {
    const { world, store, other } = pair({}, { offset: 1e9 });
    await world.passUntil(3000);
    store.write({ ...store.lease!, spec: { ...store.spec, renewTime: '1960-01-01T00:00:00.000000Z' } }, false);
    other.election.start();
    await world.passUntil(20_000);
    expect(other.election.isLeader).toBe(false);
  });

  it('can be joined and left again and again', async () => {
    const { world, one } = pair();
    for (let i = 1; i <= 5; i += 1) {
      await world.passUntil(i * 10_000);
      expect(one.election.isLeader).toBe(true);
      const stopping = one.election.stop();
      one.election.start();
      await world.passUntil(i * 10_000 + 1000);
      await stopping;
    }
    expect(one.story.length).toBe(11);
  });
});

describe('whatever clocks, freezes, delays and outages there are', () => {
  const END = 180_000;
  const spans = (longest: number) =>
    fc.array(
      fc.record({ from: fc.nat(END), ms: fc.nat(longest) }).map(({ from, ms }): Pause => ({ from, until: from + ms })),
      { maxLength: 3 },
    );
  const nature: fc.Arbitrary<Nature> = fc.record({
    // A lease of 15 s and a deadline of 10 s bear clocks that differ by less than a half.
    rate: fc.double({ min: 0.85, max: 1.2, noNaN: true }),
    offset: fc.nat(1e6),
    freezes: spans(40_000),
    stalls: fc.array(fc.record({ write: fc.integer({ min: 1, max: 20 }), ms: fc.nat(40_000) }), { maxLength: 2 }),
    way: fc.record({
      latencies: fc.array(fc.oneof({ weight: 4, arbitrary: fc.nat(50) }, { weight: 1, arbitrary: fc.nat(20_000) }), {
        minLength: 1,
        maxLength: 7,
      }),
      outages: spans(30_000),
    }),
  });
  const joins = fc.record({ startAt: fc.nat(20_000), stopAt: fc.option(fc.nat(END)), killAt: fc.option(fc.nat(END)) });

  it('there are never two leaders at a time', async () => {
    let reigns = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(nature, joins), { minLength: 2, maxLength: 4 }), async (everybody) => {
        const world = new World();
        const store = new Store();
        const candidates = everybody.map(([one, { startAt, stopAt, killAt }], i) => {
          const candidate = new Candidate(world, store, `c${i}`, one);
          world.at(startAt, () => candidate.election.start());
          if (stopAt !== null) world.at(stopAt, () => void candidate.election.stop());
          if (killAt !== null) world.at(killAt, () => void (candidate.isDead = true));
          return candidate;
        });
        await world.passUntil(END, () => {
          // One that is frozen would be asked when it goes on; what it says then is what counts.
          const leading = candidates.filter((one) => !one.isDead && one.election.isLeader);
          expect(leading.length, `leaders at ${world.now}`).toBeLessThanOrEqual(1);
        });
        reigns += candidates.reduce((sum, { story }) => sum + story.length, 0);
      }),
      { numRuns: 150 },
    );
    expect(reigns).toBeGreaterThan(150);
  }, 120_000);
});

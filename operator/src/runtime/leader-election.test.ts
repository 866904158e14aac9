import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ApiError } from './api-server.ts';
import type { Wait } from './backoff.ts';
import { LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
import type { KubeObject } from './object.ts';
import type { Objects, RequestLimits } from './objects.ts';
import { recordedLog } from './testing/log.ts';

/** Time as nobody in the process can see it, and what is to happen in it. */
class World {
  now = 0;
  #next = 0;
  readonly #due: { readonly at: number; readonly order: number; readonly act: () => void }[] = [];

  at(at: number, act: () => void): void {
    this.#due.push({ at: Math.max(at, this.now), order: this.#next++, act });
  }

  after(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + ms, resolve));
  }

  /** Lets time pass; calls `look` after everything that happens. */
  async passUntil(end: number, look: () => void = () => {}): Promise<void> {
    for (;;) {
      // Everything that follows from what happened is done by then.
      await new Promise((resolve) => setImmediate(resolve));
      look();
      this.#due.sort((one, other) => one.at - other.at || one.order - other.order);
      const [first] = this.#due;
      if (first === undefined || first.at > end) break;
      this.#due.shift();
      this.now = first.at;
      // What is about to happen has not changed anything yet, but time has.
      look();
      first.act();
    }
    this.now = end;
    look();
  }
}

const conflict = (): ApiError => new ApiError({ code: 409, reason: 'Conflict', request: 'test' });

/** The lease as the API server keeps it: a write needs the version that it changes. */
class Store {
  lease: KubeObject | null = null;
  #version = 0;

  write(object: KubeObject, isNew: boolean): KubeObject {
    if (isNew ? this.lease !== null : object.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      throw conflict();
    }
    this.#version += 1;
    this.lease = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    return this.lease;
  }

  get spec(): Record<string, unknown> {
    return (this.lease?.['spec'] ?? {}) as Record<string, unknown>;
  }
}

interface Pause {
  readonly from: number;
  readonly until: number;
}

interface Way {
  /** How long a request takes to the server, and its answer back, by turns. */
  readonly latencies: readonly number[];
  /** When the server cannot be reached. */
  readonly outages: readonly Pause[];
}

/** The process freezes at the moment that the server has done its n-th write. */
interface Stall {
  readonly write: number;
  readonly ms: number;
}

interface Nature {
  /** Of its clock, by the world's. */
  readonly rate: number;
  readonly offset: number;
  /** When it is frozen. */
  readonly freezes: readonly Pause[];
  readonly stalls: readonly Stall[];
  readonly way: Way;
}

const PERFECT: Nature = { rate: 1, offset: 0, freezes: [], stalls: [], way: { latencies: [1], outages: [] } };

/** A process of its own that competes. */
class Candidate {
  readonly election: LeaderElection;
  readonly story: string[] = [];
  isDead = false;
  isWorking = false;
  /** How long its work takes to end, by its clock. */
  drainMs = 0;
  isHealthy = true;
  requests = 0;
  readonly #world: World;
  readonly #store: Store;
  readonly #nature: Nature;
  readonly #freezes: Pause[];
  #writes = 0;

  constructor(world: World, store: Store, identity: string, nature: Nature, more: Partial<LeaderElectionOptions> = {}) {
    this.#world = world;
    this.#store = store;
    this.#nature = nature;
    this.#freezes = [...nature.freezes];
    this.election = new LeaderElection({
      objects: this.#objects(),
      namespace: 'a',
      name: 'lease',
      identity,
      now: () => this.clock(),
      worldNow: () => world.now,
      random: () => 0.5,
      wait: (ms, signal) => this.#wait(ms, signal),
      isHealthy: () => this.isHealthy,
      log: recordedLog('silent').log,
      onStarted: () => {
        this.isWorking = true;
        this.story.push(`${Math.round(world.now)} started`);
      },
      onStopped: async () => {
        await this.#wait(this.drainMs);
        this.isWorking = false;
        this.story.push(`${Math.round(world.now)} stopped`);
      },
      ...more,
    });
  }

  clock(): number {
    return this.#nature.offset + this.#world.now * this.#nature.rate;
  }

  /** Until when the process is frozen; null when it runs. */
  #frozenUntil(): number | null {
    const { now } = this.#world;
    return this.#freezes.find(({ from, until }) => now >= from && now < until)?.until ?? null;
  }

  #wait: Wait = async (ms, signal) => {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      this.#do(this.#world.now + ms / this.#nature.rate, resolve);
      signal?.addEventListener('abort', () => resolve());
    });
  };

  /** Does something within the process, which it cannot while it is frozen or dead. */
  #do(at: number, act: () => void): void {
    this.#world.at(at, () => {
      const until = this.#frozenUntil();
      if (until !== null) this.#do(until, act);
      else if (!this.isDead) act();
    });
  }

  async #ask<T>(serve: () => T, { timeoutMs = 30_000 }: RequestLimits = {}): Promise<T> {
    const { latencies, outages } = this.#nature.way;
    const latency = () => latencies[this.requests++ % latencies.length] ?? 0;
    const isOut = () => outages.some(({ from, until }) => this.#world.now >= from && this.#world.now < until);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#do(this.#world.now + timeoutMs / this.#nature.rate, () => reject(new Error('no answer')));
    this.#world.at(this.#world.now + latency(), () => {
      if (isOut()) return;
      let answer: () => void;
      try {
        const value = serve();
        answer = () => resolve(value);
      } catch (error) {
        answer = () => reject(error);
      }
      // The server has done it, even if the answer is lost.
      this.#do(this.#world.now + latency(), () => {
        if (!isOut()) answer();
      });
    });
    return await promise;
  }

  #write(object: KubeObject, isNew: boolean): KubeObject {
    const written = this.#store.write(object, isNew);
    this.#writes += 1;
    const stall = this.#nature.stalls.find(({ write }) => write === this.#writes);
    if (stall !== undefined) this.#freezes.push({ from: this.#world.now, until: this.#world.now + stall.ms });
    return written;
  }

  #objects(): Pick<Objects, 'get' | 'create' | 'replace'> {
    return {
      get: (_kind, _name, limits) => this.#ask(() => this.#store.lease, limits),
      create: (_kind, object, limits) => this.#ask(() => this.#write(object, true), limits),
      replace: (_kind, object, limits) => this.#ask(() => this.#write(object, false), limits),
    };
  }
}

function pair(first: Partial<Nature> = {}, second: Partial<Nature> = {}) {
  const world = new World();
  const store = new Store();
  const one = new Candidate(world, store, 'one', { ...PERFECT, ...first });
  const other = new Candidate(world, store, 'other', { ...PERFECT, ...second });
  one.election.start();
  return { world, store, one, other };
}

const leaders = (...all: Candidate[]) => all.filter(({ election }) => election.isLeader).length;

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

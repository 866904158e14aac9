import { ApiError } from './api-server.ts';
import type { Wait } from './backoff.ts';
import { LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
import type { KubeObject } from './object.ts';
import type { Objects, RequestLimits } from './objects.ts';
import { recordedLog } from './testing/log.ts';

/** Time as nobody in the process can see it, and what is to happen in it. */
export class World {
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
export class Store {
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

export interface Pause {
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

export interface Nature {
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
export class Candidate {
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

export function pair(first: Partial<Nature> = {}, second: Partial<Nature> = {}) {
  const world = new World();
  const store = new Store();
  const one = new Candidate(world, store, 'one', { ...PERFECT, ...first });
  const other = new Candidate(world, store, 'other', { ...PERFECT, ...second });
  one.election.start();
  return { world, store, one, other };
}

export const leaders = (...all: Candidate[]) => all.filter(({ election }) => election.isLeader).length;

import type { BasePoll } from '@voteapp/contracts/definition';
import { encodeBeat } from '@voteapp/contracts/message';
import { expect } from 'vitest';

import type { VoteStore } from '../port.ts';
import { basePollOf, batchOf, producerId, seqAt, T0, type TestBatch, type TestVote } from './fixtures.ts';
import type { StorePlace } from './store-place.ts';

export const OWNER = 'test/contract';
export const NOTHING = { batches: 0, accepted: 0, cast: 0, duplicates: 0, late: 0, rejected: {} };

/** A store, reopened at will, with a new round for whoever asks. */
export class Bench {
  readonly place: StorePlace;
  store: VoteStore;
  revision = 0;
  #rounds = 0;

  constructor(place: StorePlace, store: VoteStore) {
    this.place = place;
    this.store = store;
  }

  static async on(place: StorePlace): Promise<Bench> {
    const store = await place.connect();
    await store.open(OWNER);
    return new Bench(place, store);
  }

  async put(base: BasePoll, now = T0) {
    this.revision += 1;
    return await this.store.putBase(this.revision, base, now);
  }

  /** Starts a round of its own and returns its base. */
  async start(changes: Partial<BasePoll> = {}): Promise<BasePoll> {
    this.#rounds += 1;
    const base = basePollOf(`round-${this.#rounds}`, changes);
    expect(await this.put(base)).toEqual({ outcome: 'written' });
    return base;
  }

  apply(...batches: TestBatch[]) {
    return this.store.apply(batches[0]?.shard ?? 0, batches.map(batchOf), T0);
  }

  beat(
    round: string,
    beat: { producer?: number; shard?: number; b?: number; last?: number; closed?: boolean },
    now = T0,
  ) {
    const { producer = 1, shard = 0, b = 1, last = 0, closed = false } = beat;
    const message = { round, shard, def: 1, producer: producerId(producer) };
    return this.store.apply(
      shard,
      [encodeBeat({ ...message, beat: { b, last, clock: T0, closed, refused: {} } })],
      now,
    );
  }

  async snapshot(round: string) {
    const snapshot = await this.store.snapshot(round);
    if (snapshot === null) throw new Error(`No round ${round}`);
    return snapshot;
  }

  async tally(round: string): Promise<number[]> {
    return (await this.snapshot(round)).counts.map(({ votes }) => votes);
  }

  async current() {
    const definition = await this.store.currentDefinition();
    if (definition === null) throw new Error('No definition');
    return definition;
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await this.place.connect();
    await this.store.open(OWNER);
  }

  async end(): Promise<void> {
    await this.store.close();
    await this.place.remove();
  }
}

export function vote(voter: number, option: number, ms: number, id?: number): TestVote {
  return { voter, option, seq: seqAt(ms), id };
}

import { POLICIES, type Policy } from '@voteapp/contracts/poll';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Applied, VoteStore } from '../port.ts';
import { basePollOf, batchOf, optionList, seqAt, T0, type TestVote } from './fixtures.ts';
import { Model, type ModelBatch } from './model.ts';
import type { NewPlace, StorePlace } from './store-place.ts';

const REPLICAS = 3;
const OPTIONS_AT_FIRST = 2;
const OPTIONS_AT_MOST = 4;
const MOST_MESSAGES_PER_CALL = 6;

interface VoteStep {
  readonly kind: 'vote';
  readonly replica: number;
  readonly voter: number;
  readonly option: number;
  /** How far the real clock goes on before it, ms. */
  readonly pause: number;
  readonly tick: number;
  /** `own`: an id of this voter and option; `shared`: one that other voters use, too; `junk`: not a vote at all. */
  readonly id: 'none' | 'own' | 'shared' | 'junk';
}

type Step = VoteStep | { readonly kind: 'send' | 'restart'; readonly replica: number };

/** What happens to the store: `deliver` picks any message, `conflict` one with other bytes under the same name. */
interface Event {
  readonly kind: 'deliver' | 'conflict' | 'grow' | 'reopen';
  readonly pick: number;
  /** True: the call of apply ends here. */
  readonly cut: boolean;
}

interface History {
  readonly shards: number;
  /** Of each replica's clock, ms. */
  readonly skews: readonly number[];
  readonly steps: readonly Step[];
  readonly events: readonly Event[];
}

const replica = fc.nat(REPLICAS - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      replica,
      voter: fc.nat(4),
      option: fc.nat(OPTIONS_AT_MOST - 1),
      pause: fc.constantFrom(0, 0, 500, 1_000, 20_000),
      tick: fc.nat(1),
      id: fc.constantFrom(...(['none', 'none', 'none', 'own', 'own', 'shared', 'junk'] as const)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), replica }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), replica }) },
);

const kinds = fc.oneof(
  { weight: 20, arbitrary: fc.constant('deliver' as const) },
  { weight: 2, arbitrary: fc.constantFrom('conflict' as const, 'grow' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);

const history: fc.Arbitrary<History> = fc.record({
  shards: fc.integer({ min: 1, max: 2 }),
  skews: fc.array(fc.constantFrom(-2_000, -500, 0, 500, 2_000), { minLength: REPLICAS, maxLength: REPLICAS }),
  steps: fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
  events: fc.array(fc.record({ kind: kinds, pick: fc.nat(), cut: fc.boolean() }), { maxLength: 40, size: 'max' }),
});

/** The batches that replicas make of the steps; a restart loses what was not sent and takes a new producer id. */
function batchesOf({ shards, skews, steps }: History): ModelBatch[] {
  const sent: ModelBatch[] = [];
  const lastN = new Map<string, number>();
  const producers = skews.map((_, index) => index + 1);
  const waiting = skews.map((): (TestVote | null)[] => []);
  let clock = 0;
  const send = (replica: number): void => {
    const producer = producers[replica]!;
    const groups = Map.groupBy(waiting[replica]!.splice(0), (vote) => (vote === null ? 0 : vote.voter % shards));
    for (const [shard, votes] of groups) {
      const n = (lastN.get(`${producer} ${shard}`) ?? 0) + 1;
      lastN.set(`${producer} ${shard}`, n);
      sent.push({ producer, shard, n, nonce: 'first', votes });
    }
  };
  for (const step of steps) {
    if (step.kind === 'vote') {
      clock += step.pause;
      waiting[step.replica]!.push(voteOf(step, clock + skews[step.replica]!));
    } else if (step.kind === 'send') {
      send(step.replica);
    } else {
      waiting[step.replica] = [];
      producers[step.replica] = Math.max(...producers) + 1;
    }
  }
  skews.forEach((_, replica) => send(replica));
  return sent;
}

function voteOf({ voter, option, tick, id }: VoteStep, clock: number): TestVote | null {
  if (id === 'junk') return null;
  const vote = { voter, option, seq: seqAt(clock, tick) };
  if (id === 'none') return vote;
  return { ...vote, id: id === 'own' ? 10 + voter * OPTIONS_AT_MOST + option : option % 2 };
}

/** Plays one history against the store and the model at once. */
class Play {
  readonly model = new Model();
  readonly applied = { accepted: 0, cast: 0, duplicates: 0, rejected: 0 };
  options = OPTIONS_AT_FIRST;
  readonly #world: World;
  readonly #round: string;
  readonly #policy: Policy;
  readonly #shards: number;
  readonly #calls: { shard: number; bodies: Buffer[] }[] = [];
  #shard = 0;
  #bodies: Buffer[] = [];

  constructor(world: World, policy: Policy, shards: number) {
    this.#world = world;
    this.#round = world.newRound();
    this.#policy = policy;
    this.#shards = shards;
  }

  async run({ events, ...rest }: History): Promise<void> {
    await this.#define();
    const batches = batchesOf({ events, ...rest });
    for (const { kind, pick, cut } of events) {
      if (kind === 'grow') await this.#grow();
      else if (kind === 'reopen') await this.#reopen();
      else if (batches.length > 0) await this.#deliver(batches[pick % batches.length]!, kind === 'conflict');
      if (cut) await this.#flush();
    }
    for (const batch of batches) await this.#deliver(batch, false);
    await this.#flush();
  }

  async #define(): Promise<void> {
    const { options, policy, shards } = { options: this.options, policy: this.#policy, shards: this.#shards };
    await this.#world.define(this.#round, { options: optionList(options), policy, shards });
  }

  async #grow(): Promise<void> {
    await this.#flush();
    if (this.options === OPTIONS_AT_MOST) return;
    this.options += 1;
    await this.#define();
  }

  async #reopen(): Promise<void> {
    await this.#flush();
    await this.#world.reopen();
  }

  async #deliver(batch: ModelBatch, conflict: boolean): Promise<void> {
    const message: ModelBatch = conflict ? { ...batch, nonce: 'second' } : batch;
    if (message.shard !== this.#shard || this.#bodies.length >= MOST_MESSAGES_PER_CALL) await this.#flush();
    this.#shard = message.shard;
    this.#bodies.push(batchOf({ ...message, round: this.#round }));
    this.model.deliver(message, this.options);
  }

  async #flush(): Promise<void> {
    if (this.#bodies.length === 0) return;
    const call = { shard: this.#shard, bodies: this.#bodies };
    this.#bodies = [];
    this.#calls.push(call);
    this.#add(await this.#world.store.apply(call.shard, call.bodies, T0));
  }

  #add({ accepted, cast, duplicates, rejected }: Applied): void {
    this.applied.accepted += accepted;
    this.applied.cast += cast;
    this.applied.duplicates += duplicates;
    for (const entries of Object.values(rejected)) this.applied.rejected += entries;
  }

  /** Delivers all that was ever delivered once more, latest first. */
  async redeliver(): Promise<void> {
    for (const { shard, bodies } of this.#calls.toReversed())
      this.#add(await this.#world.store.apply(shard, bodies, T0));
  }

  async check(): Promise<void> {
    const { model, options } = this;
    const snapshot = (await this.#world.store.snapshot(this.#round))!;
    const tally = model.tally(this.#policy, options);
    expect(snapshot.counts.map(({ votes }) => votes)).toEqual(tally);
    expect(snapshot.counts.map(({ cast }) => cast)).toEqual(model.cast(options));
    const minutes = await this.#world.store.minutes(this.#round);
    expect(minutes).toEqual(model.minutes(options).sort((a, b) => a.minute - b.minute));

    const { accepted, duplicates, rejected } = model;
    expect(snapshot).toMatchObject({ accepted, duplicates, rejected, late: 0 });
    expect(this.applied).toEqual({ accepted, duplicates, rejected, cast: accepted - duplicates - rejected });

    expect(await this.#world.store.recount(this.#round)).toEqual([]);
    if (this.#policy === 'Unlimited') return;
    const rows = await this.#world.place.recount(this.#round);
    expect(rows).toEqual(tally.map((votes, choice) => ({ choice, votes })).filter(({ votes }) => votes > 0));
  }
}

/** One store for all histories: each has a round of its own. */
class World {
  readonly place: StorePlace;
  store: VoteStore;
  #revision = 0;
  #rounds = 0;

  constructor(place: StorePlace, store: VoteStore) {
    this.place = place;
    this.store = store;
  }

  newRound(): string {
    this.#rounds += 1;
    return `round-${this.#rounds}`;
  }

  async define(round: string, changes: Parameters<typeof basePollOf>[1]): Promise<void> {
    this.#revision += 1;
    const outcome = await this.store.putBase(this.#revision, basePollOf(round, changes), T0);
    expect(outcome).toEqual({ outcome: 'written' });
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await this.place.connect();
    await this.store.open('test/model');
  }
}

/** Checks a driver against {@link Model} on `runs` histories for each policy. */
export function describeModel(name: string, newPlace: NewPlace, runs: number): void {
  describe(`${name} counts as the model does`, () => {
    let world: World;

    beforeAll(async () => {
      const place = await newPlace();
      const store = await place.connect();
      await store.open('test/model');
      world = new World(place, store);
    });

    afterAll(async () => {
      await world.store.close();
      await world.place.remove();
    });

    it.each(POLICIES)('under %s', async (policy) => {
      const property = fc.asyncProperty(history, async (history) => {
        const play = new Play(world, policy, history.shards);
        await play.run(history);
        await play.check();
        await play.redeliver();
        await play.check();
      });
      await fc.assert(property, { numRuns: runs });
    });
  });
}

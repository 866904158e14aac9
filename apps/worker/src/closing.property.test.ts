import type { ClosingState } from '@voteapp/store/port';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decideClosing, decideUnordered, QuietWatch } from './closing.ts';

// A model of everything around the decision: producers that follow the rules of design 3 (first beats confirmed before
// they are ready, a beat every 5 s, a lease of 10 s of their own), queues that delay and lose, shards that commit each
// at its own pace, and two workers that look, stop and look again. Where the queue keeps no order it shows a message
// only after a while, to its counts as to its readers, then in any order and perhaps twice. Times in ms; the poll closes
// at CLOSE.
const STEP = 250;
const CLOSE = 20_000;
const OWN_LEASE = 10_000;
const HIDDEN = [0, 0, 0, STEP, 1_000, 10_000, 45_000];
const DELAYS = [0, 0, 0, 0, 0, 0, STEP, STEP, STEP, 1_000, 3_000, 8_000, Infinity];

type What = 'pause' | 'kill' | 'start' | 'stall' | 'outage' | 'pauseWorker' | 'retire';

interface Scenario {
  readonly ordered: boolean;
  readonly shards: number;
  readonly producers: readonly {
    readonly startsAt: number;
    readonly clockAhead: number;
    readonly learnsLate: number;
  }[];
  readonly faults: readonly {
    readonly what: What;
    readonly at: number;
    readonly lasts: number;
    readonly who: number;
  }[];
  readonly dice: readonly number[];
}

type Message =
  | { readonly kind: 'batch'; readonly producer: string; readonly n: number }
  | {
      readonly kind: 'beat';
      readonly producer: string;
      readonly b: number;
      readonly last: number;
      readonly closed: boolean;
    }
  | { readonly kind: 'marker'; readonly marker: number };

interface Queued {
  readonly message: Message;
  /** When the queue begins to show it. */
  readonly from: number;
}

interface Replica {
  readonly name: string;
  readonly clockAhead: number;
  readonly learnsLate: number;
  run: number;
  id: string;
  dead: boolean;
  pausedUntil: number;
  ready: boolean;
  leaseFrom: number;
  nextBeatAt: number;
  beats: number;
  said: boolean;
  last: number[];
  /** Taken votes whose batch is not published yet. */
  taken: { readonly shard: number; readonly at: number }[];
  unconfirmed: { readonly shard: number; readonly n: number; sentAt: number }[];
}

interface Known {
  lastBeatAt: number;
  retiredAt: number | null;
  readonly beats: Map<number, { b: number; last: number; closed: boolean }>;
  readonly batches: Map<number, Set<number>>;
}

interface Event {
  readonly due: number;
  readonly run: () => void;
  /** Runs only while this replica is awake and still the same producer. */
  readonly of?: { readonly replica: Replica; readonly id: string };
}

class World {
  readonly ordered: boolean;
  readonly shards: number;
  readonly dice: readonly number[];
  /** From then on nothing is delayed or lost any more. */
  readonly quietFrom: number;
  rolls = 0;
  now = 0;
  events: Event[] = [];
  readonly queues: Queued[][];
  readonly stalledUntil: number[];
  outageUntil = 0;
  readonly replicas: Replica[] = [];
  readonly workers = [
    { clockAhead: -200, pausedUntil: 0, act: null as (() => void) | null, watch: new QuietWatch() },
    { clockAhead: 200, pausedUntil: 0, act: null as (() => void) | null, watch: new QuietWatch() },
  ];
  readonly known = new Map<string, Known>();
  readonly markers: { marker: number; at: number; on: Set<number> }[] = [];
  readonly accepted: { readonly producer: string; readonly shard: number; readonly n: number; readonly at: number }[] =
    [];
  readonly committedAt = new Map<string, number>();
  finalAt: number | null = null;

  constructor({ ordered, shards, dice, faults }: Scenario) {
    this.ordered = ordered;
    this.quietFrom = Math.max(CLOSE + 30_000, ...faults.map(({ at, lasts }) => at + lasts));
    this.shards = shards;
    this.dice = dice;
    this.queues = Array.from({ length: shards }, () => []);
    this.stalledUntil = Array.from({ length: shards }, () => 0);
  }

  roll(sides: number): number {
    this.rolls += 1;
    return (Math.imul(this.dice[this.rolls % this.dice.length]! + this.rolls, 2_654_435_761) >>> 16) % sides;
  }

  #delay(): number {
    return this.now >= this.quietFrom ? 0 : DELAYS[this.roll(DELAYS.length)]!;
  }

  /** The network and the queue's disk: later, perhaps never; the answer may take as long again. */
  publish(shard: number, message: Message, confirmed: () => void, of?: Event['of']): void {
    const due = this.now + this.#delay();
    this.events.push({
      due,
      run: () => {
        const hidden = this.ordered || this.now >= this.quietFrom ? 0 : HIDDEN[this.roll(HIDDEN.length)]!;
        this.queues[shard]!.push({ message, from: this.now + hidden });
        const answer = { due: due + this.#delay(), run: confirmed };
        this.events.push(of === undefined ? answer : { ...answer, of });
      },
    });
  }

  step(): void {
    this.now += STEP;
    const due = this.events.filter((event) => event.due <= this.now && !this.#asleep(event));
    this.events = this.events.filter((event) => event.due < Infinity && !due.includes(event));
    for (const { run, of } of due) if (of === undefined || (!of.replica.dead && of.replica.id === of.id)) run();
    for (const replica of this.replicas) if (!replica.dead && replica.pausedUntil <= this.now) this.#live(replica);
    if (this.outageUntil > this.now) return;
    for (let shard = 0; shard < this.shards; shard += 1) {
      if (this.stalledUntil[shard]! <= this.now) this.#commit(shard);
    }
    for (const worker of this.workers) if (worker.pausedUntil <= this.now) this.#close(worker);
  }

  #asleep({ of }: Event): boolean {
    return of !== undefined && !of.replica.dead && of.replica.pausedUntil > this.now;
  }

  start(name: string, clockAhead: number, learnsLate: number): void {
    const replica = { name, clockAhead, learnsLate, run: 0, dead: false, pausedUntil: 0 } as Replica;
    this.replicas.push(replica);
    this.#renew(replica);
  }

  #renew(replica: Replica): void {
    replica.run += 1;
    Object.assign(replica, { id: `${replica.name}.${replica.run}`, ready: false, leaseFrom: this.now, beats: 0 });
    Object.assign(replica, { taken: [], unconfirmed: [], said: false });
    replica.last = this.queues.map(() => 0);
    this.#beat(replica);
  }

  // Whoever starts or renews itself reads the definition anew; an old run may know of the close only later.
  #closed(replica: Replica): boolean {
    const knows = replica.run > 1 || replica.learnsLate === 0 || this.now >= CLOSE + replica.learnsLate;
    return knows && this.now + replica.clockAhead >= CLOSE;
  }

  #beat(replica: Replica): void {
    const { id, last } = replica;
    const closed = this.#closed(replica) && replica.taken.length === 0;
    const sentAt = this.now;
    const b = (replica.beats += 1);
    const missing = new Set(last.keys());
    replica.nextBeatAt = this.now + 1_000;
    replica.said = closed;
    for (const shard of last.keys()) {
      const beat = { kind: 'beat', producer: id, b, last: last[shard]!, closed } as const;
      const confirmed = (): void => {
        missing.delete(shard);
        if (missing.size > 0) return;
        if (b === replica.beats) replica.nextBeatAt = sentAt + 5_000;
        replica.leaseFrom = Math.max(replica.leaseFrom, sentAt);
        replica.ready = true;
      };
      this.publish(shard, beat, confirmed, { replica, id });
    }
  }

  #send(replica: Replica, batch: Replica['unconfirmed'][number]): void {
    const { id } = replica;
    const { shard, n } = batch;
    batch.sentAt = this.now;
    const confirmed = (): void => {
      if (!replica.unconfirmed.includes(batch)) return;
      if (this.now - replica.leaseFrom > OWN_LEASE) return this.#renew(replica);
      replica.unconfirmed = replica.unconfirmed.filter((other) => other !== batch);
      this.accepted.push({ producer: id, shard, n, at: this.now });
    };
    this.publish(shard, { kind: 'batch', producer: id, n }, confirmed, { replica, id });
  }

  #live(replica: Replica): void {
    if (this.now - replica.leaseFrom > OWN_LEASE) this.#renew(replica);
    if (this.now >= replica.nextBeatAt) this.#beat(replica);
    if (!replica.ready) return;
    for (const { shard, at } of replica.taken.splice(0)) {
      if (this.now - at > 2_000) continue;
      const batch = { shard, n: (replica.last[shard]! += 1), sentAt: 0 };
      replica.unconfirmed.push(batch);
      this.#send(replica, batch);
    }
    for (const batch of replica.unconfirmed) if (this.now - batch.sentAt >= 1_500) this.#send(replica, batch);
    const closed = this.#closed(replica);
    if (!closed && this.roll(3) === 0) replica.taken.push({ shard: this.roll(this.shards), at: this.now });
    if (closed && !replica.said) this.#beat(replica);
  }

  #receive(shard: number, count: number): Message[] {
    const queue = this.queues[shard]!;
    if (this.ordered) return queue.splice(0, count).map(({ message }) => message);
    const received: Message[] = [];
    for (let left = count; left > 0; left -= 1) {
      const shown = queue.filter(({ from }) => from <= this.now);
      if (shown.length === 0) break;
      const one = shown[this.roll(shown.length)]!;
      received.push(one.message);
      const isTwice = this.now < this.quietFrom && this.roll(8) === 0;
      if (!isTwice) queue.splice(queue.indexOf(one), 1);
    }
    return received;
  }

  #depth(): number {
    return this.queues.flat().filter(({ from }) => from <= this.now).length;
  }

  #commit(shard: number): void {
    const clock = this.now + this.workers[this.roll(2)]!.clockAhead;
    for (const message of this.#receive(shard, this.now >= this.quietFrom ? Infinity : this.roll(4))) {
      if (message.kind === 'marker') {
        this.markers[message.marker - 1]!.on.add(shard);
        continue;
      }
      const { producer } = message;
      const known: Known = this.known.get(producer) ?? {
        lastBeatAt: 0,
        retiredAt: null,
        beats: new Map(),
        batches: new Map(),
      };
      this.known.set(producer, known);
      if (message.kind === 'batch') {
        known.batches.set(shard, (known.batches.get(shard) ?? new Set<number>()).add(message.n));
        const key = `${producer}/${shard}/${message.n}`;
        if (!this.committedAt.has(key)) this.committedAt.set(key, this.now);
      } else {
        known.lastBeatAt = clock;
        if ((known.beats.get(shard)?.b ?? 0) < message.b) known.beats.set(shard, message);
      }
    }
  }

  #state(): ClosingState {
    return {
      shards: this.shards,
      final: this.finalAt !== null,
      markers: this.markers.map(({ marker, at, on }) => ({ marker, at, committed: on.size === this.shards })),
      producers: [...this.known].map(([producer, { lastBeatAt, retiredAt, beats, batches }]) => ({
        producer,
        lastBeatAt,
        retiredAt,
        shards: [...beats].map(([shard, { last, closed }]) => {
          return { shard, last, closed, committed: batches.get(shard)?.size ?? 0 };
        }),
      })),
    };
  }

  /** Looks, and acts at a later step: another worker may have acted, or the world have moved, in between. */
  #close(worker: World['workers'][number]): void {
    if (worker.act !== null) {
      worker.act();
      worker.act = null;
      return;
    }
    const at = this.now + worker.clockAhead;
    const state = this.#state();
    const quiet = { depth: this.#depth(), since: worker.watch.observe(state, at) };
    const decision = this.ordered ? decideClosing(CLOSE, state, at) : decideUnordered(CLOSE, state, quiet, at);
    if (decision.act === 'finalize') {
      worker.act = () => {
        this.finalAt ??= this.now;
      };
    } else if (decision.act === 'publish-marker') {
      worker.act = () => {
        const marker = decision.marker ?? this.markers.push({ marker: this.markers.length + 1, at, on: new Set() });
        // A worker may die in the middle.
        const reached = this.now < this.quietFrom && this.roll(4) === 0 ? this.roll(this.shards + 1) : this.shards;
        for (let shard = 0; shard < reached; shard += 1) this.publish(shard, { kind: 'marker', marker }, () => {});
      };
    }
  }

  fault({ what, lasts, who }: Scenario['faults'][number]): void {
    const until = this.now + lasts;
    const replica = this.replicas[who % Math.max(1, this.replicas.length)];
    if (what === 'start') this.start(`late${this.replicas.length}`, 0, 0);
    else if (what === 'stall') this.stalledUntil[who % this.shards] = until;
    else if (what === 'outage') this.outageUntil = until;
    else if (what === 'pauseWorker') this.workers[who % 2]!.pausedUntil = until;
    else if (replica === undefined) return;
    else if (what === 'pause') replica.pausedUntil = until;
    else if (what === 'kill') replica.dead = true;
    else this.#retireAll();
  }

  /** A restart in one process: everybody dies, and the next run says so before it consumes. */
  #retireAll(): void {
    for (const replica of this.replicas) replica.dead = true;
    this.events = this.events.filter(({ of }) => of === undefined).filter(({ due }) => due < this.now);
    for (const known of this.known.values()) known.retiredAt = this.now;
  }
}

function simulate(scenario: Scenario): World {
  const world = new World(scenario);
  const { producers, faults } = scenario;
  const isNow = (at: number): boolean => at >= world.now && at < world.now + STEP;
  const isOver = (): boolean => world.finalAt !== null && world.now > Math.max(world.finalAt, world.quietFrom) + 30_000;
  while (world.now < world.quietFrom + 120_000 && !isOver()) {
    producers.forEach(({ startsAt, clockAhead, learnsLate }, index) => {
      // Whoever has not announced itself before the close learns of the close when it starts.
      if (isNow(startsAt)) world.start(`p${index}`, clockAhead, startsAt < CLOSE - 10_000 ? learnsLate : 0);
    });
    for (const fault of faults) if (isNow(fault.at)) world.fault(fault);
    world.step();
  }
  return world;
}

const scenarios: fc.Arbitrary<Omit<Scenario, 'ordered'>> = fc.record({
  shards: fc.integer({ min: 1, max: 3 }),
  producers: fc.array(
    fc.record({
      startsAt: fc.nat(CLOSE + 5_000),
      clockAhead: fc.integer({ min: -1_000, max: 1_000 }),
      learnsLate: fc.constantFrom(0, 0, 0, 4_000, 30_000),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  faults: fc.array(
    fc.record({
      what: fc.constantFrom<What>('pause', 'pause', 'kill', 'start', 'stall', 'outage', 'pauseWorker', 'retire'),
      at: fc.nat(CLOSE + 40_000),
      lasts: fc.oneof(fc.nat(40_000), fc.constant(10_000)),
      who: fc.nat(7),
    }),
    { maxLength: 8 },
  ),
  dice: fc.array(fc.nat(1_000), { minLength: 7, maxLength: 40 }),
});

test.each([
  { title: 'keeps the order', ordered: true },
  { title: 'keeps none', ordered: false },
])(
  'where the queue $title, a round becomes final, and never while an accepted vote is outside the store',
  ({ ordered }) => {
    let accepted = 0;
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { finalAt, accepted: batches, committedAt } = simulate({ ...scenario, ordered });
        expect(finalAt).not.toBeNull();
        const outside = batches.filter(
          ({ producer, shard, n }) => !((committedAt.get(`${producer}/${shard}/${n}`) ?? Infinity) <= finalAt!),
        );
        expect(outside).toEqual([]);
        accepted += batches.length;
      }),
      { numRuns: 1_000 },
    );
    // The model is worth something only if votes were accepted in it.
    expect(accepted).toBeGreaterThan(10_000);
  },
);

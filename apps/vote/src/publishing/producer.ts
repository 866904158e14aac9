import { randomBytes } from 'node:crypto';

import type { Definition } from '@voteapp/contracts/definition';
import { type ErrorCode, RequestError } from '@voteapp/contracts/errors';
import { encodeBeat } from '@voteapp/contracts/message';
import type { Logger } from '@voteapp/kit/log';
import type { VotePublisher, VoteQueue } from '@voteapp/queue/port';

import { GroupCommit, type PendingVote } from './group-commit.ts';
import { elapsed, type Moment, momentAt, NEVER } from './moment.ts';

const BEAT_INTERVAL_MS = 5_000;
/** How soon a beat or a declaration that was not confirmed is tried again. */
const RETRY_MS = 1_000;
/** A producer whose last confirmed beat is older publishes nothing more: the worker may take it for dead after 15 s. */
const LEASE_MS = 10_000;
const TICK_MS = 250;
/** Votes of all shards that may wait to be published. */
const MAX_PENDING = 20_000;

export interface ProducerDeps {
  readonly queue: VoteQueue;
  readonly publisher: VotePublisher;
  readonly definition: Definition;
  readonly now: () => number;
  readonly log: Logger;
  readonly onConfirmed: (votes: number, ms: number) => void;
  /** Every shard has confirmed a beat: from now on it takes votes. */
  readonly onReady: () => void;
  /** The lease ran out: its votes are refused, and nothing under its id is sent again. */
  readonly onLapsed: () => void;
}

interface Lane {
  readonly shard: number;
  readonly commit: GroupCommit;
  /** Number of the last beat sent, and whether it was a closing one. */
  beats: number;
  closed: boolean;
  sentAt: Moment;
  /** Number of the last beat confirmed. */
  confirmed: number;
  /** When that beat was sent. */
  leaseFrom: Moment;
}

/**
 * One numbered run of this replica in one round: the batches of each shard and the beats around them. `start` it once;
 * it ends by `retire` (all it took confirmed, then a closing beat), by `abandon`, or by itself when its lease runs out.
 */
export class Producer {
  readonly id = randomBytes(8).toString('hex');
  readonly round: string;
  readonly #deps: ProducerDeps;
  readonly #lanes: readonly Lane[];
  readonly #refused: Partial<Record<ErrorCode, number>> = {};
  readonly #ended = Promise.withResolvers<void>();
  #definition: Definition;
  #declared = false;
  #declaredAt = NEVER;
  #ready = false;
  #retiring = false;
  #over = false;
  #ticks: NodeJS.Timeout | undefined;

  constructor(deps: ProducerDeps) {
    const { definition, now, onConfirmed } = deps;
    const { round, shards } = definition;
    this.#deps = deps;
    this.#definition = definition;
    this.round = round;
    this.#lanes = Array.from({ length: shards }, (_, shard) => ({
      shard,
      commit: new GroupCommit({
        round,
        producer: this.id,
        shard,
        publish: (body, votes) => this.#publish(shard, body, votes),
        now,
        maxPending: Math.ceil(MAX_PENDING / shards),
        onConfirmed,
      }),
      beats: 0,
      closed: false,
      sentAt: NEVER,
      confirmed: 0,
      leaseFrom: NEVER,
    }));
  }

  get ready(): boolean {
    return this.#ready && !this.#over;
  }

  get pending(): number {
    return this.#lanes.reduce((sum, { commit }) => sum + commit.pending, 0);
  }

  get inFlight(): number {
    return this.#lanes.reduce((sum, { commit }) => sum + commit.inFlight, 0);
  }

  get breakerOpen(): boolean {
    return this.#lanes.some(({ commit }) => commit.breakerOpen);
  }

  start(): void {
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** Takes up a new version of its round's definition. */
  follow(definition: Definition): void {
    this.#definition = definition;
    this.#tick();
  }

  add(shard: number, vote: PendingVote): void {
    const lane = this.#lanes[shard];
    if (!this.ready || lane === undefined) vote.refused(new RequestError('queue_unavailable'));
    else lane.commit.add(vote);
  }

  /** Counts a refusal for the beats to tell. */
  countRefusal(code: ErrorCode): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  /** Resolves once all its batches and then its closing beats are confirmed, or when it ended in another way. */
  retire(): Promise<void> {
    this.#retiring = true;
    this.#tick();
    return this.#ended.promise;
  }

  /** Refuses what is not confirmed and falls silent. */
  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#ticks);
    for (const { commit } of this.#lanes) commit.drop();
    this.#ended.resolve();
  }

  /** Sends, but only while the lease holds; a confirm that comes after it proves nothing and counts as none. */
  async #publish(shard: number, body: Buffer, votes: number): Promise<void> {
    this.#demandLease();
    await this.#deps.publisher.publish(shard, body, { sentAt: this.#deps.now(), votes });
    this.#demandLease();
  }

  #demandLease(): void {
    if (this.#over || this.#lapse()) throw new RequestError('queue_unavailable');
  }

  /** Ends this producer if its lease has run out; the first beats have none to run out. */
  #lapse(): boolean {
    if (!this.#ready) return false;
    if (this.#lanes.every(({ leaseFrom }) => this.#since(leaseFrom) <= LEASE_MS)) return false;
    this.#deps.log.warn({ producer: this.id, round: this.round }, 'Producer lapsed: no beat was confirmed for 10 s');
    this.abandon();
    this.#deps.onLapsed();
    return true;
  }

  #since(moment: Moment): number {
    return elapsed(moment, momentAt(this.#deps.now()));
  }

  /** Level-based: looks at the state of things and does what is due, whatever led to it. */
  #tick(): void {
    if (this.#over || this.#lapse()) return;
    if (!this.#declared) {
      void this.#declare();
      return;
    }
    for (const lane of this.#lanes) {
      lane.commit.refuseOld();
      this.#beat(lane);
    }
    const closed = ({ beats, confirmed, closed, commit }: Lane): boolean =>
      closed && confirmed === beats && commit.idle;
    if (this.#retiring && this.#lanes.every(closed)) this.abandon();
  }

  async #declare(): Promise<void> {
    const { queue, now } = this.#deps;
    if (this.#retiring) this.abandon();
    if (this.#over || this.#since(this.#declaredAt) < RETRY_MS) return;
    this.#declaredAt = momentAt(now());
    try {
      await queue.declare(this.#lanes.length);
    } catch {
      return;
    }
    this.#declared = true;
    this.#tick();
  }

  #beat(lane: Lane): void {
    const { closesAt } = this.#definition;
    const ending = this.#retiring || (closesAt !== null && this.#deps.now() >= closesAt);
    const closed = ending && lane.commit.idle;
    const interval = lane.confirmed === lane.beats ? BEAT_INTERVAL_MS : RETRY_MS;
    const due = lane.beats === 0 || lane.closed !== closed || this.#since(lane.sentAt) >= interval;
    if (!due) return;
    // What a closing beat says must stay true: no batch follows it before an open one is confirmed.
    if (closed) lane.commit.hold();
    const clock = this.#deps.now();
    lane.beats += 1;
    lane.closed = closed;
    const sentAt = momentAt(clock);
    lane.sentAt = sentAt;
    const { round, id: producer } = this;
    const beat = { b: lane.beats, last: lane.commit.last, clock, closed, refused: this.#refused };
    const body = encodeBeat({ round, shard: lane.shard, def: this.#definition.version, producer, beat });
    this.#publish(lane.shard, body, 0).then(
      () => this.#onBeatConfirmed(lane, beat, sentAt),
      () => undefined,
    );
  }

  #onBeatConfirmed(lane: Lane, beat: { readonly b: number; readonly closed: boolean }, sentAt: Moment): void {
    if (this.#over) return;
    if (beat.b > lane.confirmed) {
      lane.confirmed = beat.b;
      lane.leaseFrom = sentAt;
    }
    if (!beat.closed && beat.b === lane.beats) lane.commit.release();
    if (!this.#ready && this.#lanes.every(({ confirmed }) => confirmed > 0)) {
      this.#ready = true;
      this.#deps.onReady();
    }
    this.#tick();
  }
}

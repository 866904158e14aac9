import type { Definition } from '@voteapp/contracts/definition';
import type { ErrorCode } from '@voteapp/contracts/errors';
import type { Logger } from '@voteapp/kit/log';
import type { VoteQueue } from '@voteapp/queue/port';

import { Producer } from './producer.ts';

export interface ProducersDeps {
  readonly queue: VoteQueue;
  readonly now: () => number;
  readonly log: Logger;
  /** Told of each confirmed batch: its votes, and how long the confirm took in ms. */
  readonly onConfirmed: (votes: number, ms: number) => void;
}

/** A definition with the producer that takes the votes judged by it. */
export interface Office {
  readonly definition: Definition;
  readonly producer: Producer;
}

/**
 * Which producer takes the votes: a new one follows when the lease of the old one runs out, and when the round changes.
 * In a change the old round goes on until every shard has confirmed a beat of the new round's producer.
 */
export class Producers {
  readonly #deps: ProducersDeps;
  readonly #publisher;
  /** Replaced ones that have batches or closing beats to be confirmed. */
  readonly #retiring = new Set<Producer>();
  #current: Office | null = null;
  #next: Office | null = null;
  #established = false;

  constructor(deps: ProducersDeps) {
    this.#deps = deps;
    this.#publisher = deps.queue.publisher();
  }

  /** What votes are judged by and who takes them; null until a definition is known. */
  get current(): Office | null {
    return this.#current;
  }

  /**
   * True once a first producer was ready. It stays true when a later one waits for a queue that is gone: the replica
   * must be reached then, to answer 503 itself.
   */
  get established(): boolean {
    return this.#established;
  }

  get pending(): number {
    return this.#sum(({ pending }) => pending);
  }

  get inFlight(): number {
    return this.#sum(({ inFlight }) => inFlight);
  }

  get breakerOpen(): boolean {
    return this.#current?.producer.breakerOpen ?? false;
  }

  /** Takes up the poll's newest definition. */
  follow(definition: Definition): void {
    const { round } = definition;
    if (this.#current === null) {
      this.#current = this.#appoint(definition);
    } else if (this.#current.definition.round === round) {
      this.#current = { ...this.#current, definition };
      this.#current.producer.follow(definition);
      this.#dismissNext();
    } else if (this.#next?.definition.round === round) {
      this.#next = { ...this.#next, definition };
      this.#next.producer.follow(definition);
    } else {
      this.#dismissNext();
      this.#next = this.#appoint(definition);
    }
  }

  countRefusal(code: ErrorCode): void {
    this.#current?.producer.countRefusal(code);
  }

  /** Flushes every producer and sends its closing beats; gives up on what is not confirmed within `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    if (this.#current !== null) this.#retire(this.#current.producer);
    this.#dismissNext();
    const limit = setTimeout(() => {
      for (const producer of this.#retiring) producer.abandon();
    }, limitMs);
    await Promise.all([...this.#retiring].map((producer) => producer.retire()));
    clearTimeout(limit);
    await this.#publisher.close();
  }

  #appoint(definition: Definition): Office {
    const producer = new Producer({
      ...this.#deps,
      publisher: this.#publisher,
      definition,
      onReady: () => this.#takeOver(producer),
      onLapsed: () => this.#replace(producer),
    });
    producer.start();
    return { definition, producer };
  }

  #takeOver(producer: Producer): void {
    const { round, id } = producer;
    this.#deps.log.info({ producer: id, round }, 'Producer is ready');
    this.#established = true;
    if (this.#next?.producer !== producer) return;
    if (this.#current !== null) this.#retire(this.#current.producer);
    this.#current = this.#next;
    this.#next = null;
  }

  #replace(producer: Producer): void {
    if (this.#current?.producer === producer && !this.#retiring.has(producer)) {
      this.#current = this.#appoint(this.#current.definition);
    } else if (this.#next?.producer === producer) {
      this.#next = this.#appoint(this.#next.definition);
    }
  }

  #dismissNext(): void {
    if (this.#next !== null) this.#retire(this.#next.producer);
    this.#next = null;
  }

  #retire(producer: Producer): void {
    this.#retiring.add(producer);
    void producer.retire().then(() => this.#retiring.delete(producer));
  }

  #sum(count: (producer: Producer) => number): number {
    const all = new Set(this.#retiring);
    if (this.#current !== null) all.add(this.#current.producer);
    return [...all].reduce((sum, producer) => sum + count(producer), 0);
  }
}

import { expect } from 'vitest';

import type { MessageHeaders } from '@voteapp/contracts/message';

import type { Delivery, VoteQueue, VoteSubscription } from '../port.ts';

/** One queue of a driver, empty at first. */
export interface QueueUnderTest {
  /** Connects to it; after a `close()` of what it returned last, which is then a restart. */
  open(): Promise<VoteQueue>;
  /** Removes it. What was opened has been closed before. */
  remove(): Promise<void>;
}

export const HEADERS: MessageHeaders = { sentAt: 1_764_000_000_000, votes: 1 };

export function textOf(delivery: Delivery): string {
  return Buffer.from(delivery.body).toString();
}

/** Takes until `count` deliveries are there. */
export async function takeCount(subscription: VoteSubscription, count: number, maxVotes = 1_000): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  while (taken.length < count) {
    const deliveries = await subscription.take(maxVotes);
    expect(deliveries, 'take returned nothing, as if the subscription were closed').not.toHaveLength(0);
    taken.push(...deliveries);
  }
  return taken;
}

/** Takes that many and acknowledges them on the way, as more than a driver lets be taken at a time. */
export async function drainTexts(subscription: VoteSubscription, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const deliveries = await takeCount(subscription, 1);
    texts.push(...deliveries.map(textOf));
    await subscription.ack(deliveries.at(-1)!);
  }
  return texts;
}

export async function takeTexts(subscription: VoteSubscription, count: number): Promise<string[]> {
  return (await takeCount(subscription, count)).map(textOf);
}

/** A queue with two shards for each test, restarted at will. */
export class QueueTrial {
  /** Whether it keeps the order of publication, and gives a shard to one subscription at a time. */
  readonly ordered: boolean;
  readonly #create: () => Promise<QueueUnderTest>;
  #underTest: QueueUnderTest | undefined;
  #queue: VoteQueue | undefined;

  constructor(create: () => Promise<QueueUnderTest>, ordered: boolean) {
    this.#create = create;
    this.ordered = ordered;
  }

  get queue(): VoteQueue {
    if (this.#queue === undefined) throw new Error('No test is under way.');
    return this.#queue;
  }

  async begin(): Promise<void> {
    this.#underTest = await this.#create();
    await this.#open();
  }

  async end(): Promise<void> {
    await this.#queue?.close();
    await this.#underTest?.remove();
  }

  async restart(): Promise<void> {
    await this.queue.close();
    await this.#open();
  }

  async #open(): Promise<void> {
    this.#queue = await this.#underTest?.open();
    await this.queue.declare(2);
  }

  /** Publishes one after the other. */
  async publish(shard: number, ...texts: string[]): Promise<void> {
    const publisher = this.queue.publisher();
    for (const each of texts) await publisher.publish(shard, Buffer.from(each), HEADERS);
  }

  /** What is compared of deliveries: where there is no order, only which they are. */
  arranged<T extends string | number>(values: readonly T[]): T[] {
    return this.ordered ? [...values] : [...values].sort((a, b) => (a < b ? -1 : 1));
  }

  expectTexts(texts: readonly string[], expected: readonly string[]): void {
    expect(this.arranged(texts)).toEqual(this.arranged(expected));
  }
}

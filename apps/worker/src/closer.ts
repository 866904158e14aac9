import type { Definition } from '@voteapp/contracts/definition';
import { ASSUMED } from '@voteapp/contracts/http/results';
import { encodeMarker } from '@voteapp/contracts/message';
import type { Logger } from '@voteapp/kit/log';
import type { VotePublisher } from '@voteapp/queue/port';
import type { WorkerStore } from '@voteapp/store/port';

import { type ClosingDecision, decideClosing, decideUnordered, QuietWatch } from './closing.ts';

/** A marker that is in the queue on every shard is not sent again sooner, in ms: it may stand behind a backlog. */
const RESEND_MS = 5_000;

export interface CloserDeps {
  readonly store: WorkerStore;
  readonly publisher: VotePublisher;
  /** Votes among the dead letters, which no marker follows; null: not known. */
  readonly deadLetters: () => Promise<number | null>;
  /** Messages in the queue, where it keeps no order; null: it does. */
  readonly depth: (() => Promise<number>) | null;
  readonly onFinal: () => void;
  readonly log: Logger;
  readonly now: () => number;
}

export interface Closer {
  /** Takes every closed round one step nearer to final. Rejects when the queue or the store is away. */
  advance(): Promise<void>;
}

export function createCloser({ store, publisher, deadLetters, depth, onFinal, log, now }: CloserDeps): Closer {
  const sentAt = new Map<string, number>();
  const watches = new Map<string, QuietWatch>();

  async function publishMarker({ round, shards }: Definition, repeated: number | null, time: number): Promise<void> {
    if (repeated !== null && time - (sentAt.get(round) ?? -Infinity) < RESEND_MS) return;
    const marker = repeated ?? (await store.addMarker(round, time));
    await Promise.all(
      Array.from({ length: shards }, (_, shard) =>
        publisher.publish(shard, encodeMarker({ round, shard, marker }), { sentAt: time, votes: 0 }),
      ),
    );
    sentAt.set(round, time);
  }

  async function decide({ round, closesAt }: Definition, time: number): Promise<ClosingDecision> {
    if (depth === null) return decideClosing(closesAt, await store.closingState(round), time);
    // In this order: what was in the queue at the first look is in the store at the second, or still in the queue.
    const messages = await depth();
    const state = await store.closingState(round);
    const watch = watches.get(round) ?? new QuietWatch();
    watches.set(round, watch);
    return decideUnordered(closesAt, state, { depth: messages, since: watch.observe(state, time) }, time);
  }

  async function advanceRound(definition: Definition): Promise<void> {
    const { round } = definition;
    const time = now();
    const decision = await decide(definition, time);
    switch (decision.act) {
      case 'publish-marker':
        return publishMarker(definition, decision.marker, time);
      case 'finalize':
        if ((await deadLetters()) !== 0) {
          log.warn({ round }, 'Round is not final while dead letters wait');
          return;
        }
        await (depth === null ? store.finalize(round, time) : store.finalize(round, time, ASSUMED));
        sentAt.delete(round);
        watches.delete(round);
        log.info({ round }, 'Round is final');
        onFinal();
        return;
      case 'wait':
        log.debug({ round, why: decision.why }, 'Round is not final yet');
    }
  }

  return {
    async advance() {
      const closed = (await store.unfinishedRounds()).filter(({ closesAt }) => closesAt !== null && now() >= closesAt);
      const outcomes = await Promise.allSettled(closed.map(advanceRound));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

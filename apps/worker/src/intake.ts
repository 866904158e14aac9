import type { Logger } from '@voteapp/kit/log';
import type { Delivery, VoteQueue } from '@voteapp/queue/port';
import type { WorkerStore } from '@voteapp/store/port';

import { atMost } from './at-most.ts';
import type { WorkerMetrics } from './metrics.ts';
import { untilAvailable } from './until-available.ts';

/** Entries of one transaction at most: beyond that a lock is held longer and nothing becomes faster. */
const MAX_TRANSACTION_VOTES = 5_000;
const MEAN_OF_MESSAGES = 100;

export interface IntakeDeps {
  readonly shard: number;
  readonly queue: VoteQueue;
  readonly store: WorkerStore;
  readonly metrics: WorkerMetrics;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

export interface Intake {
  readonly shard: number;
  /**
   * Votes that wait on this shard: those taken and not committed, and an estimate of those in the queue; null while
   * messages wait and none came here, for then they go to another worker, who knows their size.
   */
  waitingVotes(): Promise<number | null>;
  /**
   * Lets a transaction under way end, acknowledges it and takes no more. What has not ended after `limitMs` is
   * delivered again to the next subscription.
   */
  stop(limitMs: number): Promise<void>;
}

/**
 * Moves one shard's messages from the queue into the store, in order: takes what is there, applies it in one
 * transaction, and acknowledges it after the commit only. While the store is away it keeps what it has taken.
 */
export function startIntake({ shard, queue, store, metrics, log, now, random }: IntakeDeps): Intake {
  const subscription = queue.subscribe(shard);
  const stopping = new AbortController();
  const sizes: number[] = [];
  let held = 0;
  let committing = false;

  function hold(votes: number): void {
    held += votes;
    metrics.held(shard, held);
  }

  const whileAway = {
    signal: stopping.signal,
    random,
    onOutage: (error: unknown) => log.warn({ shard, held, ...kindOf(error) }, 'Store is away, votes are held'),
    onRecovery: () => log.info({ shard }, 'Store is back'),
  };

  async function apply(deliveries: readonly Delivery[]): Promise<void> {
    const bodies = deliveries.map(({ body }) => body);
    const applied = await untilAvailable(async () => {
      const stopwatch = metrics.startApply();
      try {
        return await store.apply(shard, bodies, now());
      } finally {
        stopwatch();
      }
    }, whileAway);
    metrics.applied(applied);
    for (const [reason, entries] of Object.entries(applied.rejected) as [keyof typeof applied.rejected, number][]) {
      if (entries === 0) continue;
      metrics.rejected(reason, entries);
      log.warn({ shard, reason, entries }, 'Entries were rejected');
    }
    const time = now();
    for (const { headers } of deliveries) metrics.committed(headers.sentAt, time);
  }

  /** A message that is neither applied nor set aside stays: nothing accepted may vanish. */
  async function setAside({ body, headers }: Delivery, error: unknown): Promise<void> {
    const detail = error instanceof Error ? error.message : String(error);
    await untilAvailable(() => store.reject(shard, body, 'store_error', detail, now()), {
      ...whileAway,
      isOutage: () => true,
      onOutage: (failure) => log.error({ shard, ...kindOf(failure) }, 'A message can be neither applied nor set aside'),
    });
    metrics.rejected('store_error', Math.max(1, headers.votes));
    log.warn({ shard, reason: 'store_error', entries: headers.votes, ...kindOf(error) }, 'A message was set aside');
  }

  async function acknowledge(last: Delivery): Promise<void> {
    try {
      await subscription.ack(last);
    } catch (error) {
      log.warn({ shard, ...kindOf(error) }, 'Acknowledgement failed; the messages come again and change nothing');
    }
  }

  async function commitEach(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      stopping.signal.throwIfAborted();
      try {
        await apply([delivery]);
      } catch (error) {
        stopping.signal.throwIfAborted();
        await setAside(delivery, error);
      }
      hold(-delivery.headers.votes);
      await acknowledge(delivery);
    }
  }

  async function commit(deliveries: readonly Delivery[], last: Delivery): Promise<void> {
    try {
      await apply(deliveries);
    } catch (error) {
      stopping.signal.throwIfAborted();
      log.warn(
        { shard, messages: deliveries.length, ...kindOf(error) },
        'Transaction failed, trying each message alone',
      );
      return commitEach(deliveries);
    }
    hold(-votesOf(deliveries));
    await acknowledge(last);
  }

  async function takeAndCommit(): Promise<boolean> {
    const deliveries = await subscription.take(MAX_TRANSACTION_VOTES);
    const last = deliveries.at(-1);
    if (last === undefined || stopping.signal.aborted) return false;
    hold(votesOf(deliveries));
    for (const { headers } of deliveries) sizes.push(headers.votes);
    sizes.splice(0, sizes.length - MEAN_OF_MESSAGES);
    committing = true;
    await commit(deliveries, last);
    committing = false;
    return !stopping.signal.aborted;
  }

  async function run(): Promise<void> {
    const attempts = {
      signal: stopping.signal,
      random,
      onOutage: (error: unknown) => log.warn({ shard, ...kindOf(error) }, 'Messages cannot be taken'),
      onRecovery: () => log.info({ shard }, 'Messages can be taken again'),
      isOutage: () => !stopping.signal.aborted,
    };
    try {
      while (await untilAvailable(takeAndCommit, attempts));
    } catch (error) {
      // Only the stop ends the attempts; what was taken and not acknowledged is delivered again.
      if (!stopping.signal.aborted) throw error;
    }
  }

  const ended = run();
  return {
    shard,
    async waitingVotes() {
      const ready = await subscription.ready();
      if (sizes.length === 0) return ready === 0 ? held : null;
      const mean = sizes.reduce((sum, votes) => sum + votes, 0) / sizes.length;
      return held + Math.round(ready * mean);
    },
    async stop(limitMs) {
      stopping.abort();
      if (!committing) await subscription.close();
      await atMost(limitMs, ended);
      await subscription.close();
    },
  };
}

function votesOf(deliveries: readonly Delivery[]): number {
  return deliveries.reduce((sum, { headers }) => sum + headers.votes, 0);
}

/** What may be logged of an error: its message can hold pieces of what failed. */
function kindOf(error: unknown): { error: string; code?: unknown } {
  if (!(error instanceof Error)) return { error: typeof error };
  return 'code' in error ? { error: error.name, code: error.code } : { error: error.name };
}

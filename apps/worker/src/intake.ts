import { setTimeout as delay } from 'node:timers/promises';

import type { Logger } from '@voteapp/kit/log';
import type { Delivery, VoteSubscription } from '@voteapp/queue/port';
import type { WorkerStore } from '@voteapp/store/port';

import { atMost } from './at-most.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { SkewWatch } from './skew.ts';
import { untilAvailable } from './until-available.ts';

/** Entries of one transaction at most: beyond that a lock is held longer and nothing becomes faster. */
const MAX_TRANSACTION_VOTES = 5_000;
/**
 * From one transaction's start to the next one's, at least: what comes meanwhile shares a transaction, half of whose
 * cost is its own. Nobody sees the count more often than ten times a second.
 */
const PACE_MS = 15;
const MEAN_OF_MESSAGES = 100;

/** A queue that messages come from. */
export interface Source<D extends Delivery> {
  /** In logs and metrics. */
  readonly name: string;
  readonly subscription: VoteSubscription<D>;
  /** The shard that a message was published to. */
  readonly shardOf: (delivery: D) => number;
}

export interface IntakeDeps<D extends Delivery> {
  readonly source: Source<D>;
  readonly store: WorkerStore;
  readonly metrics: WorkerMetrics;
  readonly skew: SkewWatch;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

export interface Intake {
  /**
   * Votes that wait in this queue: those taken and not committed, and an estimate of those in the queue; null while
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
 * Moves the messages of one queue into the store, in order: takes what is there, applies it in one
 * transaction, and acknowledges it after the commit only. While the store is away it keeps what it has taken.
 */
export function startIntake<D extends Delivery>(deps: IntakeDeps<D>): Intake {
  const { source, store, metrics, skew, log, now, random } = deps;
  const { name, subscription, shardOf } = source;
  const stopping = new AbortController();
  const sizes: number[] = [];
  let held = 0;
  let committing = false;

  function hold(votes: number): void {
    held += votes;
    metrics.held(name, held);
  }

  const whileAway = {
    signal: stopping.signal,
    random,
    onOutage: (error: unknown) => log.warn({ queue: name, held, ...kindOf(error) }, 'Store is away, votes are held'),
    onRecovery: () => log.info({ queue: name }, 'Store is back'),
  };

  async function apply(deliveries: readonly D[]): Promise<void> {
    // The dead letters of all shards come by one queue; a transaction is of one shard.
    for (const [shard, same] of Map.groupBy(deliveries, shardOf)) await applyTo(shard, same);
  }

  async function applyTo(shard: number, deliveries: readonly D[]): Promise<void> {
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
      log.warn({ queue: name, reason, entries }, 'Entries were rejected');
    }
    const time = now();
    for (const { headers } of deliveries) metrics.committed(headers.sentAt, time);
  }

  /** A message that is neither applied nor set aside stays: nothing accepted may vanish. */
  async function setAside(delivery: D, error: unknown): Promise<void> {
    const { body, headers } = delivery;
    const detail = error instanceof Error ? error.message : String(error);
    await untilAvailable(() => store.reject(shardOf(delivery), body, 'store_error', detail, now()), {
      ...whileAway,
      isOutage: () => true,
      onOutage: (failure) =>
        log.error({ queue: name, ...kindOf(failure) }, 'A message can be neither applied nor set aside'),
    });
    metrics.rejected('store_error', Math.max(1, headers.votes));
    log.warn(
      { queue: name, reason: 'store_error', entries: headers.votes, ...kindOf(error) },
      'A message was set aside',
    );
  }

  async function acknowledge(last: D): Promise<void> {
    try {
      await subscription.ack(last);
    } catch (error) {
      log.warn({ queue: name, ...kindOf(error) }, 'Acknowledgement failed; the messages come again and change nothing');
    }
  }

  async function commitEach(deliveries: readonly D[]): Promise<void> {
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

  async function commit(deliveries: readonly D[], last: D): Promise<void> {
    try {
      await apply(deliveries);
    } catch (error) {
      stopping.signal.throwIfAborted();
      log.warn(
        { queue: name, messages: deliveries.length, ...kindOf(error) },
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
    const paced = delay(PACE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    hold(votesOf(deliveries));
    const takenAt = now();
    for (const { headers } of deliveries) {
      sizes.push(headers.votes);
      skew.observe(headers.sentAt, takenAt);
    }
    sizes.splice(0, sizes.length - MEAN_OF_MESSAGES);
    committing = true;
    await commit(deliveries, last);
    committing = false;
    await paced;
    return !stopping.signal.aborted;
  }

  async function run(): Promise<void> {
    const attempts = {
      signal: stopping.signal,
      random,
      onOutage: (error: unknown) => log.warn({ queue: name, ...kindOf(error) }, 'Messages cannot be taken'),
      onRecovery: () => log.info({ queue: name }, 'Messages can be taken again'),
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

import type { ClosingState, ProducerState } from '@voteapp/store/port';

/** Markers wait so long after the close, in ms: clocks differ, and a vote may be 2 s old when it is published. */
const DRAIN_DELAY_MS = 3_000;

/**
 * Silence after which a producer counts as dead, in ms. It gives itself up 10 s after it sent its last confirmed beat,
 * so 5 s are left for what clocks differ by.
 */
const LEASE_MS = 15_000;

/** A marker that is not committed so long after it was taken, in ms, may never have been published: once more. */
const REPEAT_MARKER_MS = 5_000;

/** So long, in ms, SQS may take until its counts of messages are right; nothing may have come for as long. */
const QUIET_MS = 60_000;

export type ClosingDecision =
  /** `marker`: the number of one that is published again; null: the next one. */
  | { readonly act: 'publish-marker'; readonly marker: number | null }
  | { readonly act: 'finalize' }
  | { readonly act: 'wait'; readonly why: string };

/**
 * What brings a round one step nearer to final. Finalizes only when no accepted vote can be outside the store:
 *
 * 1. A committed marker proves that all that was queued before it is committed. Whoever accepted a vote had its first
 *    beat confirmed on every shard before, and the first marker is younger than the last vote: so once it is
 *    committed, every producer that matters is known here.
 * 2. A producer that says it is closed, with as many batches committed as it has numbered, has nothing left.
 * 3. A producer in silence for a whole lease accepts nothing any more; what it had accepted was queued before the
 *    lapse, so a marker younger than the lapse comes after all of it.
 *
 * Each of these stays true once it is, whichever worker looks, so several may decide at once.
 */
export function decideClosing(closesAt: number | null, state: ClosingState, now: number): ClosingDecision {
  if (state.final) return wait('the round is final');
  if (closesAt === null || now < closesAt + DRAIN_DELAY_MS) return wait('the round is not closed');

  // An edit in the last moment may have moved the close: a marker of before proves nothing about it.
  const markers = state.markers.filter(({ at }) => at >= closesAt + DRAIN_DELAY_MS);
  if (markers.length === 0) return { act: 'publish-marker', marker: null };
  const waiting = markers.find(({ committed }) => !committed);
  if (waiting !== undefined) {
    if (now - waiting.at >= REPEAT_MARKER_MS) return { act: 'publish-marker', marker: waiting.marker };
    return wait(`marker ${waiting.marker} is on its way`);
  }

  const provenUntil = Math.max(...markers.map(({ at }) => at));
  const outstanding = state.producers.filter(
    (producer) => !isComplete(producer, state.shards) && deadSince(producer) >= provenUntil,
  );
  if (outstanding.length === 0) return { act: 'finalize' };
  if (outstanding.some((producer) => deadSince(producer) < now)) return { act: 'publish-marker', marker: null };
  return wait(`${outstanding.length} producers have not closed`);
}

/**
 * The same where the queue keeps no order: no marker proves anything there. What is known has to be complete; that
 * nothing is unknown is assumed when the queue says that it holds no message, `depth`, and has been quiet for a minute:
 * nothing was committed since `since` (ms), and no producer was alive that has not closed.
 */
export function decideUnordered(
  closesAt: number | null,
  state: ClosingState,
  { depth, since }: { readonly depth: number; readonly since: number },
  now: number,
): ClosingDecision {
  if (state.final) return wait('the round is final');
  if (closesAt === null || now < closesAt + DRAIN_DELAY_MS) return wait('the round is not closed');
  if (depth > 0) return wait('messages are in the queue');
  const incomplete = state.producers.filter((producer) => !isComplete(producer, state.shards));
  const quietSince = Math.max(since, closesAt + DRAIN_DELAY_MS, ...incomplete.map(deadSince));
  return now - quietSince < QUIET_MS ? wait('the queue has not been quiet for a minute') : { act: 'finalize' };
}

/** Tells since when nothing of a round has changed in the store. */
export class QuietWatch {
  #seen = '';
  #since = 0;

  /** `state`: what is stored at `now`. Returns when a change was last seen, in ms as `now`. */
  observe({ producers }: ClosingState, now: number): number {
    const seen = JSON.stringify(producers.map(({ producer, shards }) => [producer, shards]));
    if (seen !== this.#seen) this.#since = now;
    this.#seen = seen;
    return this.#since;
  }
}

/** It says that it is closed on every shard, and all that it has numbered is committed. */
function isComplete(producer: ProducerState, shards: number): boolean {
  return (
    producer.shards.length === shards &&
    producer.shards.every(({ last, closed, committed }) => closed && committed === last)
  );
}

/** The moment (ms) from which on it accepts nothing, if no further beat of it comes. */
function deadSince({ retiredAt, lastBeatAt }: ProducerState): number {
  return retiredAt ?? lastBeatAt + LEASE_MS;
}

function wait(why: string): ClosingDecision {
  return { act: 'wait', why };
}

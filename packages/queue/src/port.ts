import type { MessageHeaders } from '@voteapp/contracts/message';

/** The queue did not confirm: it is down, full or silent. The message may or may not be stored. */
export class QueueUnavailable extends Error {
  override readonly name = 'QueueUnavailable';
}

/** The queue that is there is not the one that is meant: nothing may go through it, and waiting does not help. */
export class QueueMisconfigured extends Error {
  override readonly name = 'QueueMisconfigured';
}

export interface VotePublisher {
  /**
   * Resolves once the message is durable in the queue of that shard; the bytes are not kept or changed.
   * Rejects with {@link QueueUnavailable}; sending the same bytes again is then always right.
   */
  publish(shard: number, body: Uint8Array, headers: MessageHeaders): Promise<void>;
  close(): Promise<void>;
}

export interface Delivery {
  readonly body: Uint8Array;
  readonly headers: MessageHeaders;
  /** True when it may have been delivered before. */
  readonly redelivered: boolean;
}

/** A message that was delivered so often that the driver has given up on it. */
export interface DeadLetter extends Delivery {
  /** The shard it was published to. */
  readonly shard: number;
}

/**
 * Deliveries of one shard in the order of their confirmed publication, unless the queue keeps no order: then in any, a
 * message perhaps more than once, and shared among the subscriptions. One that was not acknowledged is given again, in
 * that order: to the next subscription when this one ends, to this one after a broken connection.
 */
export interface VoteSubscription<D extends Delivery = Delivery> {
  /**
   * Waits until at least one delivery is there and returns what is there: at most `maxVotes` entries by their headers,
   * but at least one message. Empty only once the subscription is closed. While 100 messages or more are taken and not
   * acknowledged, a driver may hold back the others.
   */
  take(maxVotes: number): Promise<readonly D[]>;
  /**
   * Acknowledges this delivery and everything taken before it. Of no effect when the subscription has lost them to a
   * broken connection in the meantime.
   */
  ack(last: D): Promise<void>;
  /** Messages waiting in the queue that no subscription has taken. Rejects with {@link QueueUnavailable}. */
  ready(): Promise<number>;
  close(): Promise<void>;
}

/** One driver's connection to the queues of one app. */
export interface VoteQueue {
  /**
   * Makes sure that the queues of shards 0 … `shards` − 1 exist. Rejects with {@link QueueUnavailable}, and with
   * {@link QueueMisconfigured} when one exists that is not as it must be.
   */
  declare(shards: number): Promise<void>;
  publisher(): VotePublisher;
  subscribe(shard: number): VoteSubscription;
  /** Of all shards. Absent in a driver that never gives up on a message. */
  deadLetters?(): VoteSubscription<DeadLetter>;
  /**
   * Present in a driver whose queue keeps no order, where what comes later proves nothing of what was sent before:
   * messages of all declared shards and among the dead letters that are not acknowledged, taken or not, by the queue's
   * own estimate. What was published in the last minute may be missing in it. Rejects with {@link QueueUnavailable}.
   */
  depth?(): Promise<number>;
  /** Resolves when the queue answers; rejects with {@link QueueUnavailable}. */
  ping(): Promise<void>;
  /** Ends every publisher and subscription. */
  close(): Promise<void>;
}

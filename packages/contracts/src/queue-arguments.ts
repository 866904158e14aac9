import { type AppIdentity, deadLetterQueueName, queueName } from './names.ts';

/** A RabbitMQ queue as whoever needs it declares it. It is always durable. */
export interface DeclaredQueue {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

export interface QueueLimits {
  /** A message that was given back more often goes to the dead letters. */
  readonly deliveries: number;
  /** What the messages of one queue may take; a publish beyond that is refused. */
  readonly bytes: number;
}

export const QUEUE_LIMITS: QueueLimits = { deliveries: 1_000, bytes: 2 * 1024 ** 3 };

// RabbitMQ refuses to declare a queue that exists with other arguments: under the names of today none may ever change.

/** The queue of one shard. */
export function shardQueue(app: AppIdentity, shard: number, limits: QueueLimits = QUEUE_LIMITS): DeclaredQueue {
  return {
    name: queueName(app, shard),
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-max-length-bytes': limits.bytes,
      'x-overflow': 'reject-publish',
      'x-delivery-limit': limits.deliveries,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': deadLetterQueueName(app),
      'x-dead-letter-strategy': 'at-least-once',
    },
  };
}

/** The queue of the dead letters. It has no limit of deliveries: beyond one it would drop them. */
export function deadLetterQueue(app: AppIdentity, limits: QueueLimits = QUEUE_LIMITS): DeclaredQueue {
  return {
    name: deadLetterQueueName(app),
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-max-length-bytes': limits.bytes,
      'x-overflow': 'reject-publish',
      'x-delivery-limit': -1,
    },
  };
}

import { encodeEntry } from '@voteapp/contracts/message';
import { QUEUE_LIMITS } from '@voteapp/contracts/queue-arguments';
import type { PollSpec } from '@voteapp/contracts/poll';

// Measured with every part on the same two cores (AMD EPYC, disk of 0.13 ms a flush), 25 s at 29,300 votes/s from HTTP
// to counted: of one core the vote service took 77 %, the database 36 %, the worker 20 % and the broker 18 %.
const MEASURED_VOTES_PER_S = 29_300;
const CORE_SHARES = { vote: 0.77, mysql: 0.36, worker: 0.2, rabbitmq: 0.18 } as const;
// Measured: with a new connection per vote a server answers 4.4 times fewer than over connections that are kept, and
// most voters come on new ones.
const NEW_CONNECTION_FACTOR = 4.4;
// Measured: multi-row upserts with counters into a table of 10 million rows, by the one writer that a shard has.
const SHARD_VOTES_PER_S = 78_000;

/** How much of what was measured is planned with: another machine, another disk, and room to catch up. */
const PLANNED_SHARE = 0.5;
/** How much of its core a vote pod is planned to use: queues grow without bound towards all of it. */
const PLANNED_CORE = 0.7;

/** Votes per second that one vote pod is planned to take, on a core of its own. */
export const VOTES_PER_POD = Math.floor(
  (MEASURED_VOTES_PER_S / CORE_SHARES.vote / NEW_CONNECTION_FACTOR) * PLANNED_CORE,
);
const VOTES_PER_SHARD = SHARD_VOTES_PER_S * PLANNED_SHARE;

/** How long the database may be away, in seconds. */
export const OUTAGE_S = 15 * 60;
/** How long a poll without a window is taken to be at its peak, in seconds. */
const UNKNOWN_WINDOW_S = 3_600;

// The longest entry of a message: with a caller's id.
const TAG = 'A'.repeat(22);
const ENTRY_BYTES = encodeEntry(TAG, 49, Number.MAX_SAFE_INTEGER, TAG).length + 1;
// RabbitMQ keeps 500 MB free (disk_free_limit of the operator's settings), and writes two logs of 512 MiB ahead of its
// queues: https://www.rabbitmq.com/docs/quorum-queues#resource-use
const BROKER_RESERVE_BYTES = 500e6 + 2 * 512 * 1024 ** 2;
// Columns of a row of `votes` with a round's name of 40 letters, what InnoDB adds to a row, and pages that are filled to
// two thirds by keys in no order: https://dev.mysql.com/doc/refman/9.7/en/innodb-physical-structure.html
const VOTER_ROW_BYTES = ((40 + 1 + 16 + 1 + 8 + 8 + 8 + 4 + 18) * 3) / 2;
// A gibibyte each: the redo log, and system tablespaces and undo logs of a server without data.
const DATABASE_RESERVE_BYTES = 2 * 1024 ** 3;

/** What a rate of votes needs. */
export interface Needs {
  readonly votePods: number;
  readonly shards: number;
  readonly workers: number;
  /** Bytes that wait in all queues after an outage of the database. */
  readonly queueBytes: number;
  /** Size of the volume of each broker, in bytes. */
  readonly brokerVolume: number;
  /** Seconds until what waited after an outage is counted, while as many votes come. */
  readonly catchUpS: number;
  /** Votes in the window of the poll, all of it at the peak. */
  readonly votes: number;
  /** Seconds of that window. */
  readonly windowS: number;
  /** Size of the database's volume, in bytes. */
  readonly databaseVolume: number;
  /** Cores that all pods of a part need together. */
  readonly cores: Readonly<Record<keyof typeof CORE_SHARES, number>>;
}

function windowOf({ opensAt, closesAt }: PollSpec): number {
  if (opensAt === undefined || closesAt === undefined) return UNKNOWN_WINDOW_S;
  return (Date.parse(closesAt) - Date.parse(opensAt)) / 1_000;
}

function coresFor(part: keyof typeof CORE_SHARES, peak: number): number {
  return (peak / MEASURED_VOTES_PER_S) * (CORE_SHARES[part] / PLANNED_SHARE);
}

/** What `peak` votes per second need of a poll. */
export function needsOf(peak: number, poll: PollSpec): Needs {
  const queueBytes = peak * OUTAGE_S * ENTRY_BYTES;
  const shards = Math.max(1, Math.ceil(peak / VOTES_PER_SHARD), Math.ceil(queueBytes / QUEUE_LIMITS.bytes));
  const windowS = windowOf(poll);
  const votes = peak * windowS;
  const rowBytes = poll.policy === 'Unlimited' ? 0 : VOTER_ROW_BYTES;
  const busyPods = Math.ceil(peak / VOTES_PER_POD);
  return {
    // One more, for any of them may be lost.
    votePods: busyPods + 1,
    shards,
    workers: Math.ceil(coresFor('worker', peak)) + 1,
    queueBytes,
    brokerVolume: queueBytes + BROKER_RESERVE_BYTES,
    catchUpS: (peak * OUTAGE_S) / (shards * SHARD_VOTES_PER_S - peak),
    votes,
    windowS,
    databaseVolume: votes * (ENTRY_BYTES + rowBytes) + DATABASE_RESERVE_BYTES,
    cores: {
      vote: busyPods,
      mysql: coresFor('mysql', peak),
      worker: coresFor('worker', peak),
      rabbitmq: coresFor('rabbitmq', peak),
    },
  };
}

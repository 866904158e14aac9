import { type FaultCase } from './case.ts';
import { caseOf } from './catalogue.ts';
import type { Rewrite } from './rewrites.ts';
import type { Outcome } from './run-case.ts';

/** The product with one safety removed. A case must fail with it, or the case proves nothing. */
export interface Mutant {
  readonly id: string;
  /** What is missing, as a sentence. */
  readonly missing: string;
  /** The case that shows it. */
  readonly shownBy: FaultCase;
  /** What is wrong then, as one of the reasons of the outcome: whatever else is wrong does not catch it. */
  readonly breaks: RegExp;
  readonly rewrites: readonly Rewrite[];
}

const LOST = /^I1 accepted and not applied/;
const DOUBLED = /^I2 applied or counted once too often/;
/** The tally is not what the rows of the voters come to. */
const DRIFTED = /^I2 option \d+ counts -?\d+ votes|^I2 applied or counted once too often/;
const WRONGLY_PICKED = /^I4 /;

const SUBSCRIPTION = 'packages/queue/src/amqp/subscription.ts';
const PLAN = 'packages/store/src/apply/plan.ts';
const LEDGER = 'packages/store/src/apply/round-ledger.ts';
const APPLY = 'packages/store/src/mysql/apply-transaction.ts';
const WRITER = 'packages/store/src/mysql/plan-writer.ts';
const MIGRATIONS = 'packages/store/src/mysql/migrations.ts';

const LOCK = "'UPDATE shards SET turn = turn + 1 WHERE round = ? AND shard = ?'";

/** The place of a batch in the log is the second guard of a shard: with it, two writers never get by each other. */
const NO_UNIQUE_PLACE: Rewrite = {
  file: MIGRATIONS,
  from: "'PRIMARY KEY (round, shard, log_index)'",
  to: "'KEY batches_in_order (round, shard, log_index)'",
};

export const MUTANTS: readonly Mutant[] = [
  {
    id: 'N1',
    missing: 'Messages are acknowledged when they are delivered',
    shownBy: caseOf('F3'),
    breaks: LOST,
    rewrites: [
      { file: SUBSCRIPTION, from: '      { priority },', to: '      { priority, noAck: true },' },
      { file: SUBSCRIPTION, from: '      this.#channel.channel.ack(message, true);', to: '' },
    ],
  },
  {
    id: 'N2',
    missing: 'A counter grows by one with each vote, whatever the voter had',
    shownBy: caseOf('F17'),
    breaks: DRIFTED,
    rewrites: [{ file: LEDGER, from: '      this.#add(stored.choice, -1, 0);', to: '' }],
  },
  {
    id: 'N3',
    missing: 'Messages are transient, in a classic queue',
    shownBy: caseOf('F7'),
    breaks: LOST,
    rewrites: [
      { file: 'packages/queue/src/amqp/publisher.ts', from: 'persistent: true', to: 'persistent: false' },
      {
        file: 'packages/contracts/src/queue-arguments.ts',
        from: `      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-max-length-bytes': limits.bytes,
      'x-overflow': 'reject-publish',
      'x-delivery-limit': limits.deliveries,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': deadLetterQueueName(app),
      'x-dead-letter-strategy': 'at-least-once',`,
        to: `      'x-queue-type': 'classic',
      'x-single-active-consumer': true,
      'x-max-length-bytes': limits.bytes,
      'x-overflow': 'reject-publish',`,
      },
    ],
  },
  {
    id: 'N4',
    missing: 'Whichever vote of a voter comes last counts, whatever its place',
    shownBy: caseOf('F15'),
    breaks: WRONGLY_PICKED,
    rewrites: [
      { file: LEDGER, from: "return policy === 'LastVoteWins' ? order > 0 : order < 0;", to: 'return order !== 0;' },
    ],
  },
  {
    id: 'N5',
    missing: 'No row is locked, under READ COMMITTED',
    shownBy: caseOf('F4'),
    breaks: DRIFTED,
    rewrites: [{ file: APPLY, from: LOCK, to: "'DO 0'" }, NO_UNIQUE_PLACE],
  },
  {
    id: 'N6',
    missing: "The shard's row is only selected",
    shownBy: caseOf('F4'),
    breaks: DRIFTED,
    rewrites: [
      { file: APPLY, from: LOCK, to: "'SELECT turn FROM shards WHERE round = ? AND shard = ?'" },
      NO_UNIQUE_PLACE,
    ],
  },
  {
    id: 'N7',
    missing: 'Nobody looks whether a batch is known',
    shownBy: caseOf('F2'),
    breaks: DOUBLED,
    rewrites: [
      {
        file: PLAN,
        from: "'votes' in message ? ledger.digestOf(message) === digest : ledger.facts.final",
        to: 'false',
      },
      { file: PLAN, from: 'if (ledger.digestOf(message) !== undefined) {', to: 'if (false) {' },
      { file: WRITER, from: '`INSERT INTO batches', to: '`INSERT IGNORE INTO batches' },
    ],
  },
  {
    id: 'N8',
    missing: 'Nobody looks whether an id is known',
    shownBy: caseOf('F16'),
    breaks: DOUBLED,
    rewrites: [
      {
        file: LEDGER,
        from: 'if (first !== undefined) return repeated(first, voter, choice);',
        to: 'void repeated; void first;',
      },
      { file: WRITER, from: "'INSERT INTO vote_ids", to: "'INSERT IGNORE INTO vote_ids" },
    ],
  },
  {
    id: 'N9',
    missing: 'Votes of one millisecond share a place',
    shownBy: caseOf('F17'),
    breaks: /^I4 .*share a place/,
    rewrites: [
      {
        file: 'apps/vote/src/sequence.ts',
        from: 'const next = Math.max(now * SEQ_PER_MS, last + 1);',
        to: 'const next = Math.max(now * SEQ_PER_MS, last);',
      },
    ],
  },
  {
    id: 'N10',
    missing: 'A closed round is final when the queue is empty',
    shownBy: caseOf('F21'),
    breaks: LOST,
    rewrites: [
      {
        file: 'apps/worker/src/closer.ts',
        from: 'if (depth === null) return decideClosing(closesAt, await store.closingState(round), time);',
        to: "if (depth === null) return { act: 'finalize' };",
      },
      {
        file: 'apps/worker/src/service.ts',
        from: 'deadLetters: async () => (deadLetters === undefined ? 0 : deadLetters.waitingVotes()),',
        to: `deadLetters: async () => {
      const waiting = await Promise.all(intakes.map((each) => each.waitingVotes()));
      return waiting.reduce((sum: number, votes) => sum + (votes ?? 0), 0);
    },`,
      },
    ],
  },
  {
    id: 'N11',
    missing: 'A message is given up on after five deliveries',
    shownBy: caseOf('F24'),
    breaks: /messages became dead letters/,
    rewrites: [{ file: 'packages/contracts/src/queue-arguments.ts', from: 'deliveries: 1_000', to: 'deliveries: 5' }],
  },
  {
    id: 'N12',
    missing: 'A vote is answered before the journal is synced',
    shownBy: caseOf('F25', 'SQLite + journal'),
    breaks: LOST,
    rewrites: [
      {
        file: 'packages/queue/src/embedded/journal-thread.ts',
        from: '      this.#appends.push({ shard, resolve, reject });',
        to: '      this.#appends.push({ shard, resolve, reject });\n      resolve();',
      },
    ],
  },
];

/** What shows that the safety is missing, among all that is wrong; null: nothing does. */
export function caughtBy({ breaks }: Mutant, { reasons }: Outcome): string | null {
  return reasons.find((reason) => breaks.test(reason)) ?? null;
}

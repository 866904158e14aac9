import { randomBytes } from 'node:crypto';

import { encodeEntry, encodeVotes } from '@voteapp/contracts/message';

import { deployed, embedded, type FaultCase, onBothQueues, type Stage } from '../case.ts';
import type { DeployedSystem } from '../deployed.ts';
import { OPTIONS } from '../ledger.ts';
import { until } from '../system.ts';

/** Each message is published three times. */
const THREE_MESSAGES = {
  file: 'apps/vote/src/publishing/producer.ts',
  from: 'await this.#deps.publisher.publish(shard, body, { sentAt: this.#deps.now(), votes });',
  to: `await Promise.all([1, 2, 3].map(() => this.#deps.publisher.publish(shard, body, { sentAt: this.#deps.now(), votes })));`,
};

/** A voter of the case's own, who is not in the ledger. */
function guest(guests: Set<string>): string {
  const tag = randomBytes(16).toString('base64url');
  guests.add(tag);
  return tag;
}

/** Publishes bytes as a vote replica would, but whatever they are. */
async function publish(system: DeployedSystem, bodies: readonly Buffer[], votes = 1): Promise<void> {
  const queue = await system.openQueue();
  try {
    const publisher = queue.publisher();
    for (const body of bodies) {
      const headers = { sentAt: Date.now(), votes };
      await until('the message is confirmed', () =>
        publisher.publish(0, body, headers).then(
          () => true,
          () => false,
        ),
      );
    }
  } finally {
    await queue.close();
  }
}

interface Batch {
  readonly n: number;
  readonly producer: string;
  readonly entries: readonly string[];
  readonly round: string;
}

function batchOf({ n, producer, entries, round }: Batch): Buffer {
  return encodeVotes({ round, def: 1, producer, shard: 0, n, nonce: 'faults' }, entries);
}

function tooLarge(index: number): Buffer {
  return Buffer.concat([Buffer.from(`${index}`), Buffer.alloc(5 * 1024 * 1024, 'x')]);
}

const POISON_DEMANDS = '99 of the hundred count, what is wrong is set aside with a reason, and the queue moves on';
const POISONED = 12;

/** `more`: makes one more message that cannot be read, of a number. */
async function poison(stage: Stage<DeployedSystem>, more: readonly ((index: number) => Buffer)[]): Promise<void> {
  const { system, strike, heal, demand, guests } = stage;
  const { round } = system;
  const producer = randomBytes(8).toString('hex');
  const bodies = Array.from({ length: POISONED }, (_, index) => {
    const entries = Array.from({ length: 99 }, () => {
      return encodeEntry(guest(guests), index % OPTIONS.length, Date.now() * 4_096);
    });
    const mixed = [...entries.slice(0, 50), '"a vote"', ...entries.slice(50)];
    return [
      Buffer.from(`no JSON ${index}`),
      Buffer.from(JSON.stringify({ v: 2, round, shard: 0, index })),
      batchOf({ n: index + 1, producer, round, entries: mixed }),
      ...more.map((make) => make(index)),
    ];
  }).flat();
  await strike(() => publish(system, bodies));
  heal();
  stage.setAside = bodies.length - POISONED;
  const reasons = new Map<string, number>();
  await until('what is wrong is set aside', async () => {
    const rows = await system.query('SELECT reason, SUM(entries) FROM rejected GROUP BY reason ORDER BY reason');
    for (const [reason = '', entries] of rows) reasons.set(reason, Number(entries));
    return [...reasons.values()].reduce((sum, entries) => sum + entries, 0) >= bodies.length;
  });
  const found = JSON.stringify([...reasons]);
  const right = JSON.stringify([
    ['malformed_entry', POISONED],
    ['malformed_message', stage.setAside],
  ]);
  demand(found === right, `set aside were ${found}`);
}

/** On every system alike. */
const THREE_TIMES = {
  id: 'F16',
  fault: 'Every vote is posted three times at once, and every message published three times',
  policy: 'Unlimited',
  load: { ids: 'all', copies: 3 },
  system: { rewrites: [THREE_MESSAGES] },
  async inject({ strike, pause }: Stage): Promise<void> {
    await strike(() => pause(5_000));
  },
} as const;

export const VOTE_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F14',
    fault: 'Wrong messages: no JSON, another version, a bad vote among a hundred, one of 5 MiB; 12 of each',
    demands: POISON_DEMANDS,
    inject: (stage) => poison(stage, [tooLarge]),
  }),
  deployed({
    id: 'F14',
    fault:
      'Wrong messages: no JSON, another version, a bad vote among a hundred; 12 of each (SQS takes none that is too large)',
    demands: POISON_DEMANDS,
    system: { queue: 'SQS' },
    inject: (stage) => poison(stage, []),
  }),
  deployed({
    id: 'F15',
    fault:
      'Order is turned round: a worker dies holding votes, and batches overtake one another, while the same 300 voters go on',
    load: { voters: 300 },
    async inject({ system, strike, heal, pause, guests }) {
      const [worker] = system.replicas.worker;
      await system.add('worker');
      await strike(() => worker?.signal('SIGSTOP'));
      await pause(1_000);
      worker?.signal('SIGKILL');
      await pause(2_000);
      const { round } = system;
      const producer = randomBytes(8).toString('hex');
      const voters = Array.from({ length: 100 }, () => guest(guests));
      const now = Date.now() * 4_096;
      const batches = [1, 2, 3].map((n) => {
        return batchOf({
          n,
          producer,
          round,
          entries: voters.map((voter, index) => encodeEntry(voter, n - 1, now + n * 100 + index)),
        });
      });
      await strike(() => publish(system, batches.toReversed(), 100));
      heal();
      await pause(1_000);
    },
  }),
  ...onBothQueues(THREE_TIMES),
  embedded(THREE_TIMES),
  ...onBothQueues({
    id: 'F17',
    fault: 'A thousand voters change their votes 20,000 times',
    load: { voters: 1_000 },
    inject: changeStorm,
  }),
  deployed({
    id: 'F17',
    fault: 'The same under FirstVoteWins, where the first vote stays',
    policy: 'FirstVoteWins',
    load: { voters: 1_000 },
    inject: changeStorm,
  }),
  embedded({
    id: 'F17',
    fault: 'A thousand voters change their votes 20,000 times',
    load: { voters: 1_000 },
    inject: changeStorm,
  }),
];

/** That the tally is of a thousand votes in the end is what I2 and I4 come to. */
async function changeStorm({ ledger, strike }: Parameters<FaultCase['inject']>[0]): Promise<void> {
  while (ledger.votes.length < 20_000) {
    await strike(() => ledger.burst(1_000));
    const sent = ledger.votes.length;
    await until('the burst is accepted', () => ledger.count('accepted') >= sent);
  }
}

import { deployed, embedded, type FaultCase, onBothQueues } from '../case.ts';
import { before, type Rewrite } from '../rewrites.ts';
import { CRASHES, until } from '../system.ts';

const INTAKE = 'apps/worker/src/intake.ts';
const CRASH = "process.kill(process.pid, 'SIGKILL');";
/** In every third transaction, but not before the process has served for a while. */
const NOW_AND_THEN = 'process.uptime() > 1.5 && Math.random() < 0.3';
const VOTES = 'votesOf(deliveries) > 0';

/** The process ends itself at this place. */
function crashBefore(file: string, from: string, condition: string): Rewrite {
  return before(file, from, `if (${condition} && ${NOW_AND_THEN}) ${CRASH}`);
}

const AFTER_COMMIT = crashBefore(INTAKE, '    hold(-votesOf(deliveries));\n    await acknowledge(last);', VOTES);
const OTHER_POINTS = [
  crashBefore(INTAKE, '      await apply(deliveries);', VOTES),
  {
    file: INTAKE,
    from: '    hold(-votesOf(deliveries));\n    await acknowledge(last);',
    to: `    hold(-votesOf(deliveries));\n    await acknowledge(last);\n    if (${VOTES} && ${NOW_AND_THEN}) setTimeout(() => ${CRASH.slice(0, -1)}, 2);`,
  },
];
const APPLY = 'packages/store/src/mysql/apply-transaction.ts';
const WRITES = '      session.later(planStatements(shard, plan, now));';
/** What a transaction writes goes out in one packet with its COMMIT. Here a part of it goes alone, and nothing follows. */
const IN_MYSQL = before(
  APPLY,
  WRITES,
  `      if (plan.applied.cast > 0 && ${NOW_AND_THEN}) {
        const writes = planStatements(shard, plan, now);
        // Votes without their counters; or everything, but for the COMMIT.
        const part = Math.random() < 0.5 ? writes.findIndex(({ sql }) => sql.startsWith('INSERT INTO counts')) : undefined;
        await session.ask([writes.slice(0, part)]);
        ${CRASH}
      }`,
);
const IN_SQLITE = [
  crashBefore(
    'packages/store/src/sqlite/apply-transaction.ts',
    '    for (const { choice, votes: inTally, cast } of counts)',
    'votes.length > 0',
  ),
];

/** Crash points need no hand: the case only waits. */
async function untilHit({ system }: { system: { crashes: () => number } }): Promise<void> {
  await until('the crash points are hit', () => system.crashes() >= CRASHES, 240_000);
}

/** As after a takeover that goes wrong: every worker gets messages of the shard at once. */
const ALL_AT_ONCE: readonly Rewrite[] = [
  {
    file: 'packages/contracts/src/queue-arguments.ts',
    from: `      'x-single-active-consumer': true,
      'x-max-length-bytes': limits.bytes,
      'x-overflow': 'reject-publish',
      'x-delivery-limit': limits.deliveries,`,
    to: `      'x-max-length-bytes': limits.bytes,
      'x-overflow': 'reject-publish',
      'x-delivery-limit': limits.deliveries,`,
  },
  { file: 'packages/queue/src/amqp/subscription.ts', from: '      { priority },', to: '      {},' },
];

export const WORKER_CASES: readonly FaultCase[] = [
  ...onBothQueues({
    id: 'F1',
    fault: 'The worker is killed eight times, a second after it is ready',
    demands: 'No voter notices: every answer is 202',
    async inject({ system, ledger, strike, heal, pause, demand }) {
      const from = Date.now();
      for (let kill = 0; kill < 8; kill += 1) {
        await strike(() => system.kill('worker'));
        await until('the worker is ready', () => system.replicas.worker.every(({ isBack }) => isBack));
        await pause(1_000);
      }
      heal();
      const others = ledger.answers((answer) => answer !== 202 && answer !== 'late', from);
      demand(others === 0, `${others} answers were not 202`);
    },
  }),
  deployed({
    id: 'F2',
    fault: 'The worker dies between COMMIT and acknowledgement',
    policy: 'Unlimited',
    load: { ids: 'some' },
    system: { crashPoints: [AFTER_COMMIT] },
    inject: untilHit,
  }),
  embedded({
    id: 'F2',
    fault: 'The process dies between COMMIT and acknowledgement',
    policy: 'Unlimited',
    system: { crashPoints: [AFTER_COMMIT] },
    inject: untilHit,
  }),
  deployed({
    id: 'F3',
    fault: 'The worker dies before a transaction, between votes and counters, before COMMIT, and after acknowledgement',
    load: { voters: 2_000 },
    system: { crashPoints: [...OTHER_POINTS, IN_MYSQL] },
    inject: untilHit,
  }),
  embedded({
    id: 'F3',
    fault: 'The process dies before a transaction, between votes and counters, and after acknowledgement',
    load: { voters: 2_000 },
    system: { crashPoints: [...OTHER_POINTS, ...IN_SQLITE] },
    inject: untilHit,
  }),
  deployed({
    id: 'F4',
    fault: 'Four workers take the messages of one shard at once, while 20 voters change their votes',
    demands: 'No transaction fails for good',
    // So few that any two transactions at a time have voters in common.
    load: { voters: 20 },
    system: { workers: 4, rewrites: ALL_AT_ONCE },
    async inject({ system, ledger, strike, pause, demand }) {
      for (let storm = 0; storm < 8; storm += 1) {
        await strike(() => ledger.burst(200));
        await pause(1_000);
      }
      demand(!system.logs('worker').includes('Transaction failed'), 'a transaction failed for good');
    },
  }),
];

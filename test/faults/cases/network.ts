import { deployed, type FaultCase, type Stage } from '../case.ts';
import type { DeployedSystem } from '../deployed.ts';
import { residentMiB } from '../system.ts';

const BAD_NETWORK = '200 ms of latency, connections that break at 5 % of their data, cut and half-open ones';

/** In the end connections are half-open: votes must be accepted again after `noticedMs`. */
async function badNetwork(stage: Stage<DeployedSystem>, noticedMs: number): Promise<void> {
  const { system, ledger, strike, heal, pause, demandWithin } = stage;
  const proxies = [...system.proxies.values()];
  for (const proxy of proxies) proxy.delayMs = 200;
  await strike(() => pause(3_000));
  for (const proxy of proxies) proxy.delayMs = 0;
  for (const proxy of proxies) proxy.resets = 0.05;
  await strike(() => pause(3_000));
  for (const proxy of proxies) proxy.resets = 0;
  for (const proxy of proxies) await strike(() => proxy.cut());
  await ledger.accepting();
  await pause(1_000);
  await strike(() => proxies.forEach((proxy) => proxy.silence()));
  heal();
  demandWithin('until votes are accepted again', await ledger.accepting(), noticedMs);
}

export const NETWORK_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F19',
    fault: `Between services and broker: ${BAD_NETWORK}`,
    demands:
      'A half-open connection is noticed by its heartbeat within 15 s, and votes are accepted 2 s later at the latest',
    // The broker gives what it had sent into silence to nobody else before it has noticed too.
    recoveryMs: 17_000,
    system: { through: ['vote', 'worker'] },
    inject: (stage) => badNetwork(stage, 17_000),
  }),
  deployed({
    id: 'F19',
    fault: `Between services and SQS: ${BAD_NETWORK}`,
    demands: 'Votes are accepted over new connections within 10 s; a receiver gives up on a silent one within 10 s too',
    recoveryMs: 12_000,
    system: { queue: 'SQS', through: ['vote', 'worker'] },
    inject: (stage) => badNetwork(stage, 10_000),
  }),
  deployed({
    id: 'F18',
    fault:
      'For 20 s three times as many votes come as the way to the broker can carry (four batches of 10 votes per 80 ms)',
    demands:
      'It goes on carrying 80 % of what it can; a vote waits for its turn for 2 s at most: 99 of 100 answers come within 2.5 s',
    slow: true,
    // Two of three are more than what it can carry, and nobody asks again.
    floor: 0.1,
    load: { votesPerSecond: 300, retryForMs: 0 },
    system: {
      votes: 1,
      through: ['vote'],
      rewrites: [
        { file: 'packages/contracts/src/message.ts', from: 'MAX_BATCH_VOTES = 2_000', to: 'MAX_BATCH_VOTES = 10' },
      ],
    },
    async inject({ system, ledger, strike, heal, pause, demand, demandWithin }) {
      const proxy = system.proxies.get('vote')!;
      await strike(() => (proxy.delayMs = 40));
      const rate = async (votesPerSecond: number, seconds: number): Promise<number> => {
        ledger.pace(votesPerSecond);
        await pause(4_000);
        const before = ledger.acceptances.length;
        await pause(seconds * 1_000);
        return (ledger.acceptances.length - before) / seconds;
      };
      const capacity = await rate(600, 5);
      const from = Date.now();
      const carried = await rate(1_500, 16);
      ledger.pace(300);
      heal();
      proxy.delayMs = 0;
      const slowest = ledger.slowest(() => true, from, Date.now() - 4_000);
      demand(carried >= 0.8 * capacity, `${Math.round(carried)} votes/s were accepted of ${Math.round(capacity)}`);
      demandWithin('an answer', slowest, 2_500);
    },
  }),
  deployed({
    id: 'F23',
    fault: 'Ten minutes of votes, and nothing else; the worker is killed at the end',
    demands: 'No process, with a heap of 48 MiB, is larger by a fifth (and 32 MiB) than after five minutes',
    slow: true,
    // With the memory of a whole machine for its limit, V8 leaves garbage where it is for long.
    system: { heapMiB: 48 },
    async inject({ system, strike, heal, pause, demand }) {
      const sizes = () =>
        Object.entries(system.replicas).flatMap(([service, replicas]) =>
          replicas.map(({ pid = 0 }) => ({ service, size: residentMiB(pid) })),
        );
      // Buffers that carry messages are freed by a full collection only: the first comes after some 50,000 votes.
      await pause(300_000);
      const before = sizes();
      await pause(300_000);
      sizes().forEach(({ service, size }, index) => {
        const earlier = before[index]?.size ?? 0;
        const most = Math.max(earlier * 1.2, earlier + 32);
        demand(size <= most, `a ${service} process grew from ${Math.round(earlier)} to ${Math.round(size)} MiB`);
      });
      await strike(() => system.kill('worker'));
      heal();
    },
  }),
];

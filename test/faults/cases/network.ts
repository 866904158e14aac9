import { deployed, type FaultCase } from '../case.ts';
import { residentMiB, until } from '../system.ts';

export const NETWORK_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F19',
    fault:
      'Between services and broker: 200 ms of latency, connections that break at 5 % of their data, cut and half-open ones',
    demands: 'A half-open connection is noticed by its heartbeat, within 20 s',
    system: { through: ['vote', 'worker'] },
    async inject({ system, ledger, strike, heal, pause, demand }) {
      const proxies = [...system.proxies.values()];
      for (const proxy of proxies) proxy.delayMs = 200;
      await strike(() => pause(3_000));
      for (const proxy of proxies) proxy.delayMs = 0;
      for (const proxy of proxies) proxy.resets = 0.05;
      await strike(() => pause(3_000));
      for (const proxy of proxies) proxy.resets = 0;
      for (const proxy of proxies) await strike(() => proxy.cut());
      await pause(1_000);
      await strike(() => proxies.forEach((proxy) => proxy.silence()));
      const silent = Date.now();
      const { length } = ledger.acceptances;
      await pause(1_000);
      await until('votes are accepted over new connections', () => {
        return ledger.acceptances.length > length + 100 && ledger.attempts.at(-1)?.answer === 202;
      });
      heal();
      const noticed = Date.now() - silent;
      demand(noticed <= 20_000, `it took ${noticed} ms`);
    },
  }),
  deployed({
    id: 'F18',
    fault:
      'For 20 s three times as many votes come as the way to the broker can carry (four batches of 20 votes per 80 ms)',
    demands: 'It goes on carrying 80 % of what it can, and nobody waits longer than 3 s for an answer',
    slow: true,
    floor: 0.1,
    load: { votesPerSecond: 300, retryForMs: 0 },
    system: {
      votes: 1,
      through: ['vote'],
      rewrites: [
        { file: 'packages/contracts/src/message.ts', from: 'MAX_BATCH_VOTES = 2_000', to: 'MAX_BATCH_VOTES = 20' },
      ],
    },
    async inject({ system, ledger, strike, heal, pause, demand }) {
      const proxy = system.proxies.get('vote')!;
      proxy.delayMs = 40;
      const rate = async (votesPerSecond: number, seconds: number): Promise<number> => {
        ledger.pace(votesPerSecond);
        await pause(4_000);
        const before = ledger.acceptances.length;
        await pause(seconds * 1_000);
        return (ledger.acceptances.length - before) / seconds;
      };
      const capacity = await rate(1_200, 5);
      const from = Date.now();
      await strike(() => {});
      const carried = await rate(3_000, 16);
      ledger.pace(300);
      heal();
      proxy.delayMs = 0;
      const answered = Date.now() - 4_000;
      const slow = ledger.attempts.filter(({ sentAt, answeredAt }) => {
        return sentAt >= from && sentAt <= answered && answeredAt - sentAt > 3_000;
      }).length;
      demand(carried >= 0.8 * capacity, `${Math.round(carried)} votes/s were accepted of ${Math.round(capacity)}`);
      demand(slow < 0.01 * ledger.attempts.length, `${slow} answers took over 3 s`);
    },
  }),
  deployed({
    id: 'F23',
    fault: 'Ten minutes of votes, and nothing else; the worker is killed at the end',
    demands: 'No process is larger by a third (and 48 MiB) than after two minutes',
    slow: true,
    async inject({ system, strike, heal, pause, demand }) {
      const sizes = (): number[] => system.pids().map(residentMiB);
      await pause(120_000);
      const before = sizes();
      await pause(480_000);
      sizes().forEach((size, index) => {
        const earlier = before[index] ?? 0;
        const most = Math.max(earlier * 1.33, earlier + 48);
        demand(size <= most, `a process grew from ${Math.round(earlier)} to ${Math.round(size)} MiB`);
      });
      await strike(() => system.kill('worker'));
      heal();
    },
  }),
];

import { deployed, type FaultCase } from '../case.ts';
import { until } from '../system.ts';

/** Votes that wait in the queue while its server is killed. */
const BACKLOG = 2_000;

/** What happens to a server of SQS itself; what happens beside it is declared with the same cases on RabbitMQ. */
export const SQS_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F7',
    fault: `The server of SQS is killed, once with an empty queue and once with ${BACKLOG} votes in it`,
    demands: 'Votes are accepted 5 s after it serves again at the latest',
    system: { queue: 'SQS' },
    async inject({ system, ledger, strike, heal, demandWithin }) {
      const { sqs } = system.servers;
      const kill = async (): Promise<void> => {
        await strike(() => sqs.kill());
        await sqs.restart();
        demandWithin('until votes are accepted again', await ledger.accepting(), 5_000);
      };
      await kill();
      system.remove('worker');
      const accepted = ledger.count('accepted');
      ledger.burst(BACKLOG);
      await until('the backlog is there', () => ledger.count('accepted') > accepted + BACKLOG);
      await kill();
      await system.restore('worker');
      heal();
    },
  }),
  deployed({
    id: 'F8',
    fault: 'The server of SQS stops for 4 s',
    demands: 'No voter waits for it: 99 of 100 answers come within the limit of a confirm and half a second (2 s)',
    system: { queue: 'SQS' },
    async inject({ system, ledger, strike, heal, pause, demandWithin }) {
      const { sqs } = system.servers;
      const from = Date.now();
      await strike(() => sqs.pause());
      await pause(4_000);
      const stopped = Date.now();
      sqs.resume();
      heal();
      await ledger.accepting();
      demandWithin(
        'an answer',
        ledger.slowest(() => true, from, stopped),
        2_000,
      );
    },
  }),
];

import { LOGIN } from '../../servers/server-process.ts';
import { deployed, type FaultCase } from '../case.ts';
import type { DeployedSystem } from '../deployed.ts';
import { until } from '../system.ts';
import { killTwice, STOP_DEMANDS, STOP_MS, stopAWhile } from './queue-outage.ts';

function queueOf({ round }: DeployedSystem): string {
  return `voteapp.default.${round}.votes.v1.0`;
}

/** Votes that wait in the queue while it is killed. */
const BACKLOG = 10_000;

/** A replica is connected again within a second, and tries a batch that was refused each second. */
const AGAIN_MS = 2_000;
const AGAIN =
  'votes are accepted again within 2 s (a second to connect, and one until the refused batch is tried again)';

export const BROKER_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F7',
    fault: `The broker is killed, once with an empty queue and once with ${BACKLOG} votes in it`,
    demands: 'Votes are accepted 15 s after it serves again at the latest',
    inject: killTwice(({ servers }) => servers.rabbitmq, BACKLOG, 15_000),
  }),
  deployed({
    id: 'F8',
    fault: `The broker stops for ${STOP_MS / 1_000} s`,
    demands: STOP_DEMANDS,
    inject: stopAWhile(({ servers }) => servers.rabbitmq),
  }),
  deployed({
    id: 'F9',
    fault: 'The broker raises the alarm of its memory, then of its disk, for 4 s each',
    demands: `99 of 100 refusals come within 100 ms; ${AGAIN}`,
    async inject({ system, ledger, strike, heal, pause, demandWithin, finally: atTheEnd }) {
      const { rabbitmq } = system.servers;
      const calm = async (): Promise<void> => {
        await rabbitmq.ctl('set_vm_memory_high_watermark', '0.6');
        await rabbitmq.ctl('set_disk_free_limit', '50MB');
      };
      atTheEnd(calm);
      for (const alarm of [
        ['set_vm_memory_high_watermark', '0'],
        ['set_disk_free_limit', '9000000GB'],
      ]) {
        await strike(() => rabbitmq.ctl(...alarm));
        await until('votes are refused', () => ledger.attempts.at(-1)?.answer === 503);
        const from = Date.now();
        await pause(4_000);
        demandWithin(
          'a refusal',
          ledger.slowest((answer) => answer === 503, from),
          100,
        );
        await calm();
        heal();
        demandWithin('until votes are accepted again', await ledger.accepting(), AGAIN_MS);
      }
    },
  }),
  deployed({
    id: 'F10',
    fault: 'An operator closes every connection of the broker, five times',
    demands: AGAIN,
    async inject({ system, ledger, strike, heal, pause, demandWithin }) {
      for (let closed = 0; closed < 5; closed += 1) {
        await strike(() => system.servers.rabbitmq.ctl('close_all_connections', 'fault suite'));
        heal();
        demandWithin('until votes are accepted again', await ledger.accepting(), AGAIN_MS);
        await pause(1_000);
      }
    },
  }),
  deployed({
    id: 'F11',
    fault: 'The queue is full: it takes 128 KiB, and there is no worker',
    demands: 'Votes are refused, and the queue stays within twice its limit',
    system: {
      rewrites: [
        { file: 'packages/contracts/src/queue-arguments.ts', from: 'bytes: 2 * 1024 ** 3', to: 'bytes: 128 * 1024' },
      ],
    },
    async inject({ system, ledger, strike, heal, pause, demand }) {
      await strike(() => system.remove('worker'));
      const from = Date.now();
      await until('votes are refused', () => ledger.answers((answer) => answer === 503, from) > 100);
      await pause(2_000);
      const listed = await system.servers.rabbitmq.ctl('list_queues', '--no-table-headers', 'name', 'message_bytes');
      const bytes = Number(
        listed
          .split('\n')
          .find((row) => row.startsWith(queueOf(system)))
          ?.split(/\s+/)[1],
      );
      demand(bytes <= 2 * 128 * 1_024, `the queue holds ${bytes} bytes`);
      await system.restore('worker');
      heal();
    },
  }),
  deployed({
    id: 'F12',
    fault: 'The queue is deleted while it is empty; a replica is started while one of another type has its name',
    demands: 'No vote is accepted before the queue is there again; the replica refuses to start',
    async inject({ system, ledger, strike, heal, demand }) {
      const { rabbitmq } = system.servers;
      const queue = queueOf(system);
      const url = `${rabbitmq.managementUrl}/api/queues/%2F/${queue}`;
      const headers = {
        authorization: `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`,
        'content-type': 'application/json',
      };
      const change = async (method: string, body?: object): Promise<void> => {
        const response = await fetch(url, {
          method,
          headers,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        if (!response.ok) throw new Error(`${method} of the queue: ${response.status} ${await response.text()}`);
      };
      ledger.pace(0);
      await until('the queue is empty', () => system.isDrained());
      await change('DELETE');
      await change('PUT', { durable: true, arguments: { 'x-queue-type': 'classic' } });
      const code = await system.refusal('vote');
      demand(code === 1, `it ended with ${code}`);
      await change('DELETE');
      const from = Date.now();
      await strike(() => ledger.burst(20));
      heal();
      ledger.pace(300);
      await ledger.accepting();
      const first = ledger.attempts.find(({ sentAt }) => sentAt >= from);
      demand(first?.answer !== 202, 'the first vote without a queue was accepted');
    },
  }),
];

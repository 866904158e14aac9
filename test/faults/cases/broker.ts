import { LOGIN } from '../../servers/server-process.ts';
import { deployed, type FaultCase } from '../case.ts';
import type { DeployedSystem } from '../deployed.ts';
import type { Ledger } from '../ledger.ts';
import { until } from '../system.ts';

function queueOf({ round }: DeployedSystem): string {
  return `voteapp.default.${round}.votes.v1.0`;
}

/** How long the answers to attempts of that time took, at that share of them, ms. */
function answerMs({ attempts }: Ledger, from: number, until: number, share: number): number {
  const times = attempts
    .filter(({ sentAt }) => sentAt >= from && sentAt <= until)
    .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
    .sort((a, b) => a - b);
  return times[Math.floor(times.length * share)] ?? 0;
}

async function serving({ acceptances, attempts }: Ledger): Promise<void> {
  const [from, before] = [Date.now(), acceptances.length];
  await until('votes are accepted', () => acceptances.length > before && attempts.at(-1)!.sentAt > from, 120_000);
}

export const BROKER_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F7',
    fault: 'The broker is killed, once with an empty queue and once with a backlog',
    async inject({ system, ledger, strike, heal, pause }) {
      const { rabbitmq } = system.servers;
      await strike(() => rabbitmq.kill());
      await rabbitmq.restart();
      heal();
      await serving(ledger);
      system.remove('worker');
      await pause(3_000);
      await strike(() => rabbitmq.kill());
      await rabbitmq.restart();
      heal();
      await serving(ledger);
      await system.restore('worker');
    },
  }),
  deployed({
    id: 'F8',
    fault: 'The broker stops for 4 s',
    demands: 'No voter waits for it: 99 of 100 answers come within the limit of a confirm and a second (2.5 s)',
    async inject({ system, ledger, strike, heal, pause, demand }) {
      const { rabbitmq } = system.servers;
      const from = Date.now();
      await strike(() => rabbitmq.pause());
      await pause(4_000);
      const stopped = Date.now();
      await rabbitmq.resume();
      heal();
      await serving(ledger);
      const p99 = answerMs(ledger, from, stopped, 0.99);
      demand(p99 <= 2_500, `1 of 100 answers took over ${p99} ms`);
    },
  }),
  deployed({
    id: 'F9',
    fault: 'The broker raises the alarm of its memory, then of its disk, for 4 s each',
    demands: 'Votes are refused at once: every second within 100 ms, or three times what an answer took before',
    load: { votesPerSecond: 150, retryForMs: 60_000 },
    async inject({ system, ledger, strike, heal, pause, demand, finally: atTheEnd }) {
      const { rabbitmq } = system.servers;
      const calm = async (): Promise<void> => {
        await rabbitmq.ctl('set_vm_memory_high_watermark', '0.6');
        await rabbitmq.ctl('set_disk_free_limit', '50MB');
      };
      atTheEnd(calm);
      const usual = answerMs(ledger, 0, Date.now(), 0.5);
      for (const alarm of [
        ['set_vm_memory_high_watermark', '0'],
        ['set_disk_free_limit', '9000000GB'],
      ]) {
        await strike(() => rabbitmq.ctl(...alarm));
        await until('votes are refused', () => ledger.attempts.at(-1)?.answer === 503);
        const from = Date.now();
        await pause(4_000);
        const median = answerMs(ledger, from, Date.now() - 500, 0.5);
        demand(
          median <= Math.max(100, 3 * usual),
          `every second refusal took over ${median} ms, an answer before ${usual} ms`,
        );
        await calm();
        heal();
        await serving(ledger);
      }
    },
  }),
  deployed({
    id: 'F10',
    fault: 'An operator closes every connection of the broker, five times',
    async inject({ system, ledger, strike, heal }) {
      for (let closed = 0; closed < 5; closed += 1) {
        await strike(() => system.servers.rabbitmq.ctl('close_all_connections', 'fault suite'));
        heal();
        await serving(ledger);
      }
    },
  }),
  deployed({
    id: 'F11',
    fault: 'The queue is full: it takes 128 KiB, and there is no worker',
    demands: 'Votes are refused, and the queue stays within four times its limit',
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
      demand(bytes <= 4 * 128 * 1_024, `the queue holds ${bytes} bytes`);
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
      await serving(ledger);
      const first = ledger.attempts.find(({ sentAt }) => sentAt >= from);
      demand(first?.answer !== 202, 'the first vote without a queue was accepted');
    },
  }),
];

import { deployed, embedded, type FaultCase, onBothQueues } from '../case.ts';
import type { Replica } from '../deployed.ts';
import type { Rewrite } from '../rewrites.ts';
import { until } from '../system.ts';

/** The replica's clock, as an offset in ms by the seconds that it runs. */
function clock(offset: string): Rewrite {
  return {
    file: 'apps/vote/src/service.ts',
    from: 'registry, now = Date.now, random',
    to: `registry, now = () => Date.now() + (${offset}), random`,
  };
}

async function readiness(url: string): Promise<string> {
  return (await (await fetch(`${url}/readyz`)).text()).trim();
}

/** What comes after the close is refused, and is more than what came before. */
const UNTIL_THE_CLOSE = 0.3;

/** From the edit of the poll to its close; every replica has heard of it by then. */
const CLOSES_IN_MS = 2_500;

export const REPLICA_CASES: readonly FaultCase[] = [
  ...onBothQueues({
    id: 'F13',
    fault: 'Vote replicas are killed four times, then ended in order twice, after a load balancer has left them',
    demands: 'An end in order breaks no connection',
    async inject({ system, ledger, strike, heal, pause, demand }) {
      const { vote } = system.replicas;
      const back = (): Promise<void> => until('both replicas are ready', () => vote.every(({ isBack }) => isBack));
      for (let kill = 0; kill < 4; kill += 1) {
        await strike(() => vote[kill % 2]?.signal('SIGKILL'));
        await back();
      }
      const from = Date.now();
      for (const replica of vote) {
        await strike(() => system.drain(replica));
        await back();
      }
      heal();
      await pause(500);
      const broken = ledger.answers((answer) => answer === 'broken', from);
      demand(broken === 0, `${broken} connections were broken`);
    },
  }),
  embedded({
    id: 'F13',
    fault: 'Everything is killed four times, for it is one process',
    async inject({ system, strike, heal, pause }) {
      for (let kill = 0; kill < 4; kill += 1) {
        await strike(() => system.kill());
        await pause(300);
        await until('it serves', () => system.targets().length > 0);
        heal();
        await pause(3_000);
      }
    },
  }),
  deployed({
    id: 'F20',
    fault: 'The clock of one of two replicas goes 5 s ahead for 6 s, then 5 s behind; another starts 5 s ahead',
    demands: 'Whoever is 5 s off says that it is not ready; each replica gives each place once',
    load: { voters: 400 },
    system: { votes: 1 },
    async inject({ system, strike, heal, pause, demand }) {
      const off = 'process.uptime() < 10 ? 0 : process.uptime() < 16 ? 5_000 : process.uptime() < 22 ? -5_000 : 0';
      const replica = await system.add('vote', [clock(off)]);
      const { url } = replica.process!;
      const says = (what: string) =>
        until(`it says "${what}"`, async () => (await readiness(url)).startsWith(what), 40_000);
      await strike(() => says('the clock is'));
      await pause(7_000);
      await strike(() => says('the clock is'));
      await says('ok');
      heal();
      const late = system.add('vote', [clock('5_000')]).then(
        () => true,
        () => false,
      );
      const started = await Promise.race([late, pause(6_000).then(() => false)]);
      demand(!started, 'a replica that starts 5 s ahead was ready');
    },
  }),
  deployed({
    id: 'F21',
    fault: 'The poll closes under load, while the worker that holds votes is stopped for 6 s and another stands by',
    demands: 'Votes after the close are refused, the result becomes final, and is exact',
    floor: UNTIL_THE_CLOSE,
    system: { workers: 2 },
    async inject({ system, ledger, strike, pause }) {
      const [first, second] = system.replicas.worker;
      const closesAt = Date.now() + CLOSES_IN_MS;
      await system.edit({ closesAt: new Date(closesAt).toISOString() });
      await pause(closesAt - Date.now() - 1_200);
      // The shard may have gone from the one to the other: whoever counts now holds it.
      const before = await castBy(first);
      await pause(closesAt - Date.now() - 400);
      const holder = (await castBy(first)) > before ? first : second;
      await strike(() => holder?.signal('SIGSTOP'));
      await until('votes are refused', () => ledger.answers((answer) => answer === 403) > 100);
      ledger.pace(10);
      await pause(6_000);
      holder?.signal('SIGCONT');
      await until('the result is final', async () => (await system.query('SELECT round FROM finals')).length > 0);
    },
  }),
  embedded({
    id: 'F21',
    fault: 'The poll closes under load, and the process is killed a second later',
    demands: 'Votes after the close are refused, the result becomes final, and is exact',
    floor: UNTIL_THE_CLOSE,
    async inject({ system, ledger, strike, pause }) {
      const closesAt = Date.now() + CLOSES_IN_MS;
      await system.edit({ closesAt: new Date(closesAt).toISOString() });
      await pause(closesAt - Date.now() - 100);
      await strike(() => pause(1_100));
      system.kill();
      await until('votes are refused', () => ledger.answers((answer) => answer === 403) > 100);
      ledger.pace(10);
      await until('the result is final', async () => (await system.query('SELECT round FROM finals')).length > 0);
    },
  }),
];

/** Votes that this worker has applied, by its own count. */
async function castBy(worker: Replica | undefined): Promise<number> {
  const metrics = await (await fetch(`${worker?.process?.url}/metrics`)).text();
  return Number(/^voteapp_worker_cast_total\S* (\d+)/m.exec(metrics)?.[1] ?? 0);
}

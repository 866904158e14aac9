import { runSql } from '../../servers/mysql.ts';
import { deployed, type FaultCase, onBothQueues } from '../case.ts';
import { until } from '../system.ts';

export const DATABASE_CASES: readonly FaultCase[] = [
  ...onBothQueues({
    id: 'F5',
    fault: 'The database is killed and down for 2 s, then for 15 s',
    demands: 'No voter notices: no answer is 503',
    async inject({ system, ledger, strike, heal, pause, demand }) {
      const { mysql } = system.servers;
      const from = Date.now();
      for (const seconds of [2, 15]) {
        await strike(() => mysql.kill());
        await pause(seconds * 1_000);
        await mysql.restart();
        heal();
        await pause(2_000);
      }
      const refused = ledger.answers((answer) => answer === 503, from);
      demand(refused === 0, `${refused} answers were 503`);
    },
  }),
  deployed({
    id: 'F6',
    fault: 'The database stops for 4 s, its shard row is locked for 5 s by somebody else, it takes no writes for 3 s',
    demands: 'The worker lives on',
    async inject({ system, strike, heal, pause, demand, finally: atTheEnd }) {
      const { mysql } = system.servers;
      const [worker] = system.replicas.worker;
      const { pid } = worker!;
      await strike(() => mysql.pause());
      await pause(4_000);
      await mysql.resume();
      await pause(1_000);
      const lock = `USE ${system.database}; START TRANSACTION; UPDATE shards SET turn = turn + 1; DO SLEEP(5); ROLLBACK`;
      await strike(() => runSql(mysql, lock));
      atTheEnd(() => runSql(mysql, 'SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0'));
      await strike(() => runSql(mysql, 'SET GLOBAL super_read_only = 1'));
      await pause(3_000);
      await runSql(mysql, 'SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
      heal();
      demand(worker?.pid === pid, 'the worker was started anew');
    },
  }),
  deployed({
    id: 'F24',
    fault: 'While the database is down, the worker loses its connection to the broker eight times',
    demands: 'No message becomes a dead letter',
    system: { through: ['worker'] },
    async inject({ system, strike, heal, pause, demand }) {
      const { mysql } = system.servers;
      const proxy = system.proxies.get('worker')!;
      await strike(() => mysql.kill());
      for (let cut = 0; cut < 8; cut += 1) {
        // A delivery that has not arrived is none: the worker must have taken what is to be taken from it.
        const { accepted } = proxy;
        await pause(500);
        proxy.cut();
        await until('the worker is back', () => proxy.accepted > accepted);
        await pause(1_000);
      }
      const dead = (await system.depths()).get('dead');
      demand(dead === 0, `${dead} messages became dead letters`);
      await mysql.restart();
      heal();
    },
  }),
];

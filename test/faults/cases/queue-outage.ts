import type { Stage } from '../case.ts';
import type { DeployedSystem } from '../deployed.ts';
import { until } from '../system.ts';

/** What a case does to a server of the queue. */
interface QueueServer {
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void | Promise<void>;
  resume(): void | Promise<void>;
}

type On = (system: DeployedSystem) => QueueServer;

export const STOP_MS = 4_000;
export const STOP_DEMANDS =
  'No voter waits for it: 99 of 100 answers come within the limit of a confirm and half a second (2 s)';

/** Kills it with an empty queue, then with so many votes in it; votes must be accepted again within `limitMs`. */
export function killTwice(server: On, backlog: number, limitMs: number) {
  return async ({ system, ledger, strike, heal, demandWithin }: Stage<DeployedSystem>): Promise<void> => {
    const kill = async (): Promise<void> => {
      await strike(() => server(system).kill());
      await server(system).restart();
      demandWithin('until votes are accepted again', await ledger.accepting(), limitMs);
    };
    await kill();
    system.remove('worker');
    const accepted = ledger.count('accepted');
    ledger.burst(backlog);
    await until('the backlog is there', () => ledger.count('accepted') > accepted + backlog);
    await kill();
    await system.restore('worker');
    heal();
  };
}

/** Stops it for {@link STOP_MS}, and demands {@link STOP_DEMANDS}. */
export function stopAWhile(server: On) {
  return async ({ system, ledger, strike, heal, pause, demandWithin }: Stage<DeployedSystem>): Promise<void> => {
    const from = Date.now();
    await strike(() => server(system).pause());
    await pause(STOP_MS);
    const stopped = Date.now();
    await server(system).resume();
    heal();
    await ledger.accepting();
    demandWithin(
      'an answer',
      ledger.slowest(() => true, from, stopped),
      2_000,
    );
  };
}

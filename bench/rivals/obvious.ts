import { startRabbitMq } from '../../test/servers/rabbitmq.ts';
import { withProcesses } from '../cpu-time.ts';
import { BALLOTS } from '../load/load.ts';
import { optionIds } from '../load/request-writer.ts';
import { startDatabase } from '../targets/database.ts';
import { forkServer } from '../targets/forked.ts';
import { countedIn, tallyOf } from '../targets/store-tally.ts';
import { NAMED, type Target } from '../targets/target.ts';
import type { RivalOptions } from './options.ts';
import { createTables } from './tables.ts';

/** Express, a message for each vote, and a worker with a transaction for each. */
export async function startObvious(): Promise<Target> {
  const { started: rabbitmq, pids } = await withProcesses(startRabbitMq);
  const database = await startDatabase();
  await createTables(database, BALLOTS.options);
  const { host, port, user, password } = database.server;
  const options: RivalOptions = {
    options: optionIds(BALLOTS.options),
    mysql: { host, port, user, password, database: database.name },
    amqp: { hostname: rabbitmq.host, port: rabbitmq.port, username: rabbitmq.user, password: rabbitmq.password },
  };
  const worker = await forkServer(new URL('obvious/worker.ts', import.meta.url), options);
  const api = await forkServer(new URL('obvious/api.ts', import.meta.url), options);
  return {
    ...NAMED,
    // It accepts some ten times as many as it counts.
    longestLoadMs: 1_000,
    name: 'the obvious design',
    policy: 'LastVoteWins',
    port: api.port,
    path: '/vote',
    parts: { api: [api.pid], worker: [worker.pid], rabbitmq: pids, mysql: database.pids },
    counted: () => countedIn(database.query),
    tally: () => tallyOf(database.query, BALLOTS.options, true),
    async stop() {
      await api.stop();
      await worker.stop();
      await Promise.all([database.stop(), rabbitmq.stop()]);
    },
  };
}

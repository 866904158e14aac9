import { BALLOTS } from '../load/load.ts';
import { optionIds } from '../load/request-writer.ts';
import { startDatabase } from '../targets/database.ts';
import { forkServer } from '../targets/forked.ts';
import { tallyOf } from '../targets/store-tally.ts';
import { NAMED, type Target } from '../targets/target.ts';
import type { RivalOptions } from './options.ts';
import { createTables } from './tables.ts';

/** An API that commits votes to the database in batches, and needs no queue; it is named by the connections it gets. */
export async function startGroupCommit(connections: number): Promise<Target> {
  const database = await startDatabase();
  await createTables(database, BALLOTS.options);
  const { host, port, user, password } = database.server;
  const options: Pick<RivalOptions, 'mysql' | 'options'> = {
    options: optionIds(BALLOTS.options),
    mysql: { host, port, user, password, database: database.name },
  };
  const api = await forkServer(new URL('group-commit/server.ts', import.meta.url), options);
  return {
    ...NAMED,
    name: `group commit into the database, ${connections} connections`,
    policy: 'LastVoteWins',
    port: api.port,
    path: '/vote',
    parts: { api: [api.pid], mysql: database.pids },
    // Counted when it is answered.
    counted: null,
    tally: () => tallyOf(database.query, BALLOTS.options, true),
    async stop() {
      await api.stop();
      await database.stop();
    },
  };
}

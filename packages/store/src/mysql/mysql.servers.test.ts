import { runSql } from '../../../../test/servers/mysql.ts';
import { describeStore } from '../contract/store-contract.ts';
import { describeModel } from '../contract/store-model.ts';
import type { StorePlace } from '../contract/store-place.ts';
import { describeServers, TestDatabase } from './fixtures/servers.ts';

function placeIn(database: TestDatabase): StorePlace {
  return {
    connect: () => Promise.resolve(database.store()),
    async recount(round) {
      const printed = await runSql(
        database.server,
        `SELECT JSON_OBJECT('choice', choice, 'votes', count(*)) FROM ${database.name}.votes
         WHERE round = '${round}' GROUP BY choice ORDER BY choice`,
      );
      const lines = printed.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as { choice: number; votes: number });
    },
    remove: () => database.remove(),
  };
}

await describeServers('the store', (server) => {
  const newPlace = async () => placeIn(await TestDatabase.on(server));
  describeStore(server.engine, newPlace);
  describeModel(server.engine, newPlace, 25);
});

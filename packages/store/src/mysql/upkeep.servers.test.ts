import { afterEach, beforeEach, expect, it } from 'vitest';

import { basePollOf, T0 } from '../contract/fixtures.ts';
import { describeServers, type Rival, TestDatabase } from './fixtures/servers.ts';
import type { MySqlStore } from './store.ts';

/** By the counters, so that the rows are counted in many parts. */
const CAST = 1_000_000;
/** The first and the last voter there can be, and those on both sides of the middle. */
const EDGES = ['0'.repeat(32), '8'.padEnd(32, '0'), '7'.padEnd(32, 'F'), 'F'.repeat(32)];

await describeServers('a recount of many', (server) => {
  let database: TestDatabase;
  let store: MySqlStore;
  let rival: Rival;

  beforeEach(async () => {
    database = await TestDatabase.on(server);
    store = database.store();
    rival = await database.rival();
    await store.open('test/upkeep');
    await store.putBase(1, basePollOf('round'), T0);
    const spread = Array.from({ length: 996 }, (_, n) => `UNHEX(LEFT(SHA2('${n}', 256), 32))`);
    const voters = [...spread, ...EDGES.map((edge) => `UNHEX('${edge}')`)];
    const rows = voters.map((voter, n) => `('round', ${voter}, ${n % 2}, ${n}, '', 0, 0)`);
    await rival.run(`INSERT INTO votes (round, voter, choice, seq, producer, n, idx) VALUES ${rows.join()}`);
    await rival.run(`INSERT INTO counts VALUES ('round', 0, 0, 500, ${CAST}), ('round', 0, 1, 500, 0)`);
  });
  afterEach(() => database.remove());

  it('counts each row once', async () => {
    expect(await store.recount('round')).toEqual([]);
  });

  it.each(EDGES)('misses none that is gone: the voter %s', async (edge) => {
    await rival.run(`DELETE FROM votes WHERE voter = UNHEX('${edge}')`);
    const choice = EDGES.indexOf(edge) % 2;
    expect(await store.recount('round')).toEqual([{ choice, counter: 500, rows: 499 }]);
  });

  it.each([
    ['nothing', 0],
    ['less than nothing', -3],
    ['more than there can be', 1e15],
  ])('is right where the counters say %s', async (_, wrong) => {
    await rival.run('UPDATE counts SET votes = ?, `cast` = ? WHERE choice = 0', [wrong, wrong]);
    expect(await store.recount('round')).toEqual([{ choice: 0, counter: wrong, rows: 500 }]);
  });
});

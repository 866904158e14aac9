import { afterEach, beforeEach, expect, it } from 'vitest';

import { basePollOf, T0 } from '../contract/fixtures.ts';
import { StoreOwnedByOther, StoreUnavailable } from '../port.ts';
import { describeServers, type Rival, TestDatabase } from './fixtures/servers.ts';
import { migrate, MIGRATIONS } from './migrations.ts';
import { Session } from './session.ts';

const QUERIES = [
  `SELECT table_name, engine, table_collation FROM information_schema.tables WHERE table_schema = DATABASE()`,
  `SELECT table_name, column_name, ordinal_position, column_type, is_nullable, column_default, collation_name
   FROM information_schema.columns WHERE table_schema = DATABASE()`,
  `SELECT table_name, index_name, non_unique, seq_in_index, column_name
   FROM information_schema.statistics WHERE table_schema = DATABASE()`,
  'SELECT step FROM schema_version',
  'SELECT id, CONVERT(owner USING utf8mb4) AS owner FROM identity',
];

/** All that a migration makes, in an order of its own. */
async function schema(rival: Rival): Promise<string[][]> {
  const parts = [];
  for (const query of QUERIES) parts.push((await rival.run(query)).map((row) => JSON.stringify(row)).sort());
  return parts;
}

await describeServers('migrations', (server) => {
  let database: TestDatabase;
  let rival: Rival;

  beforeEach(async () => {
    database = await TestDatabase.on(server);
    rival = await database.rival();
  });
  afterEach(() => database.remove());

  const whole = async () => {
    const other = await TestDatabase.on(server);
    try {
      await other.store().open('a/b');
      return await schema(await other.rival());
    } finally {
      await other.remove();
    }
  };

  it('go on from wherever a worker was killed', async () => {
    const { host, port, user, password } = server;
    const options = { host, port, user, password, database: database.name };
    let deaths = 0;
    for (;;) {
      const session = await Session.open(options, 'writing');
      diesAfterOneChange(session);
      const failure = await migrate(session, 'a/b').catch((error: unknown) => error);
      session.end();
      if (failure === undefined) break;
      expect(failure).toBeInstanceOf(StoreUnavailable);
      deaths += 1;
    }
    // After the table of the notes, then after each table and its note; the owner's row ends it.
    expect(deaths).toBe(1 + 2 * MIGRATIONS.length);
    expect(await schema(rival)).toEqual(await whole());
  });

  it('change nothing that is up to date', async () => {
    const store = database.store();
    await store.open('a/b');
    await store.putBase(1, basePollOf('round'), T0);
    const before = [await schema(rival), await store.rounds()];
    await database.store().open('a/b');
    expect([await schema(rival), await store.rounds()]).toEqual(before);
  });

  it('are done once by several workers that start together', async () => {
    await Promise.all(Array.from({ length: 4 }, () => database.store().open('a/b')));
    expect(await schema(rival)).toEqual(await whole());
  });

  it('give an empty database to one of two apps', async () => {
    const owners = ['a/b', 'a/c'];
    const outcomes = await Promise.allSettled(owners.map((owner) => database.store().open(owner)));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(refused).toEqual([expect.any(StoreOwnedByOther)]);
    const [{ owner }] = (await rival.run('SELECT CONVERT(owner USING utf8mb4) AS owner FROM identity')) as [
      { owner: string },
    ];
    expect(owner).toBe(owners[outcomes.findIndex(({ status }) => status === 'fulfilled')]);
  });

  it('touch nothing of another app, also where a later release would', async () => {
    await database.store().open('a/b');
    await rival.run('DELETE FROM schema_version');
    await rival.run('DROP TABLE comments');
    const before = await schema(rival);
    await expect(database.store().open('a/c')).rejects.toThrow(StoreOwnedByOther);
    expect(await schema(rival)).toEqual(before);
  });

  it('wait for another worker for a while, not for ever', async () => {
    const store = database.store();
    await store.open('a/b');
    const [lock] = await rival.run("SELECT GET_LOCK(CONCAT('voteapp ', LEFT(SHA2(DATABASE(), 256), 32)), 0) AS locked");
    expect(lock).toEqual({ locked: 1 });
    await expect(store.open('a/b')).rejects.toThrow(StoreUnavailable);
  });
});

/** Cuts the connection once the server has done a statement that changes something. */
function diesAfterOneChange(session: Session): void {
  const run = session.run.bind(session);
  session.run = async (sql, ...rest) => {
    const rows = await run(sql, ...rest);
    session.drop();
    return rows;
  };
}

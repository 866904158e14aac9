import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { type MySqlServer, runSql, startMySql } from '../../../../test/servers/mysql.ts';
import { unlessMissing } from '../../../../test/servers/software.ts';
import { basePollOf, batchOf, seqAt, T0 } from '../contract/fixtures.ts';
import { StoreUnavailable } from '../port.ts';
import { ENGINES, TestDatabase } from './fixtures/servers.ts';
import { ANSWER_LIMIT_MS } from './session.ts';
import type { MySqlStore } from './store.ts';

function apply(store: MySqlStore, n: number) {
  return store.apply(0, [batchOf({ round: 'round', n, votes: [{ voter: n, option: n % 2, seq: seqAt(n) }] })], T0);
}

/** As the worker does: again and again while the store is away. */
async function applyUntilAvailable(store: MySqlStore, n: number): Promise<void> {
  for (;;) {
    try {
      await apply(store, n);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await wait(20);
    }
  }
}

function describeFaults(server: MySqlServer): void {
  let database: TestDatabase;
  let store: MySqlStore;
  let lastN = 0;

  beforeAll(async () => {
    database = await TestDatabase.on(server);
    store = database.store();
    await store.open('test/faults');
    await store.putBase(1, basePollOf('round'), T0);
  });
  afterAll(() => server.stop());

  const applyNext = () => apply(store, (lastN += 1));
  const counted = async () => (await store.snapshot('round'))!.counts.reduce((sum, { votes }) => sum + votes, 0);

  it('counts each vote once when it is killed and started again', async () => {
    const done = new AbortController();
    const applying = (async () => {
      while (!done.signal.aborted) await applyUntilAvailable(store, (lastN += 1));
    })();
    for (let kills = 0; kills < 2; kills += 1) {
      const before = await counted();
      await expect.poll(counted).toBeGreaterThan(before + 20);
      await server.kill();
      await expect(store.ping()).rejects.toThrow(StoreUnavailable);
      await server.restart();
    }
    const before = await counted();
    await expect.poll(counted).toBeGreaterThan(before + 20);
    done.abort();
    await applying;
    expect(await counted()).toBe(lastN);
  });

  it('is called unavailable while it is stopped, soon enough, and then used again', async () => {
    await Promise.all([applyNext(), store.ping()]);
    const before = lastN;
    onTestFinished(() => server.resume());
    await server.pause();
    // Its threads stop one after the other.
    const silent = () =>
      store.ping().then(
        () => false,
        () => true,
      );
    while (!(await Promise.race([silent(), wait(200, true)])));
    const start = performance.now();
    const narrow = database.store({ poolSize: 1 });
    const calls = [apply(store, before + 1), store.ping(), narrow.ping(), narrow.ping()];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(StoreUnavailable) as unknown });
    }
    expect(performance.now() - start).toBeLessThan(ANSWER_LIMIT_MS + 1_000);
    await server.resume();
    await applyUntilAvailable(store, (lastN += 1));
    expect(await counted()).toBe(lastN);
  });

  it('is called unavailable while it takes no writes, and still read', async () => {
    // Whoever may do everything may write even then.
    await runSql(
      server,
      `CREATE USER writer IDENTIFIED BY 'secret'; GRANT ALL ON ${database.name}.* TO writer; FLUSH PRIVILEGES`,
    );
    const login = { user: 'writer', password: 'secret' };
    const writer = database.store(login);
    await apply(writer, (lastN += 1));
    await runSql(server, 'SET GLOBAL read_only = 1');
    for (const other of [writer, writer, database.store(login)]) {
      await expect(apply(other, lastN + 1)).rejects.toThrow(StoreUnavailable);
    }
    // A name may lead elsewhere by now: none of these connections is used again.
    const connections = "SELECT count(*) FROM information_schema.processlist WHERE user = 'writer'";
    await expect.poll(async () => Number(await runSql(server, connections))).toBe(0);
    expect((await writer.snapshot('round'))!.accepted).toBe(lastN);
    await runSql(server, 'SET GLOBAL read_only = 0');
    await apply(writer, (lastN += 1));
    expect(await counted()).toBe(lastN);
  });

  it('refuses a wrong password and an unknown database as an outage', async () => {
    for (const changes of [{ password: 'wrong' }, { database: 'missing' }, { port: 1 }]) {
      await expect(database.store(changes).ping()).rejects.toThrow(StoreUnavailable);
    }
  });

  it('is said to be less than durable when it is', async () => {
    expect(await store.warnings()).toEqual([]);
    await runSql(server, 'SET GLOBAL innodb_flush_log_at_trx_commit = 2; SET GLOBAL sync_binlog = 0');
    expect(await store.warnings()).toEqual([
      expect.stringContaining('innodb_flush_log_at_trx_commit is 2'),
      expect.stringContaining('sync_binlog is 0'),
    ]);
  });
}

for (const engine of ENGINES) {
  const server = await unlessMissing(engine.replace(/-.*/, ''), startMySql(engine));
  if (server !== null) describe(`${engine} in trouble`, () => describeFaults(server));
  else it(`${engine} in trouble`, ({ skip }) => skip(`${engine} cannot be had here`));
}

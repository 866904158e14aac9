import { type AddressInfo, connect, createServer, type Server } from 'node:net';

import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';

import type { MySqlAddress } from '../../../../test/servers/mysql.ts';
import { basePollOf, batchOf, idTag, seqAt, T0, tagFor, type TestBatch } from '../contract/fixtures.ts';
import { StoreUnavailable } from '../port.ts';
import { describeServers, type Rival, TestDatabase } from './fixtures/servers.ts';
import type { MySqlStore } from './store.ts';

const OWNER = 'test/transactions';
const NOTHING = { batches: 0, accepted: 0, cast: 0, duplicates: 0, late: 0, rejected: {} };

function apply(store: MySqlStore, batch: Omit<TestBatch, 'round'>) {
  return store.apply(batch.shard ?? 0, [batchOf({ round: 'round', ...batch })], T0);
}

function vote(voter: number, option: number, id?: number) {
  return { voter, option, seq: seqAt(voter), id };
}

/** Passes bytes on until the client says COMMIT; that reaches the server, but the answer is lost. */
async function losingAnswers(server: MySqlAddress): Promise<Server> {
  const proxy = createServer((client) => {
    const upstream = connect(server.port, server.host);
    let lost = false;
    client.on('data', (bytes: Buffer) => {
      lost ||= bytes.toString('latin1').endsWith('COMMIT');
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (lost) client.destroy();
      else client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await vi.waitFor(() => expect(proxy.listening).toBe(true), 30_000);
  onTestFinished(() => void proxy.close());
  return proxy;
}

await describeServers('transactions', (server) => {
  let database: TestDatabase;
  let store: MySqlStore;
  let rival: Rival;

  beforeEach(async () => {
    database = await TestDatabase.on(server);
    store = database.store();
    await store.open(OWNER);
    await store.putBase(1, basePollOf('round', { shards: 2 }), T0);
    rival = await database.rival();
  });
  afterEach(() => database.remove());

  // A list of transactions that is asked for more often than each 100 ms is never made anew.
  const patience = { interval: 150, timeout: 10_000 };
  const waiting = async () => {
    const [id] = await vi.waitUntil(() => rival.waiting().then((ids) => (ids.length > 0 ? ids : null)), patience);
    return id!;
  };
  const numbers = async () => {
    const { counts, accepted } = (await store.snapshot('round'))!;
    return { votes: counts.map(({ votes }) => votes), accepted };
  };

  it('gives way in a deadlock and then goes on', async () => {
    await apply(store, { n: 1, votes: [vote(1, 0)] });
    await rival.run('CREATE TABLE weight (a INT PRIMARY KEY)');
    await rival.run('START TRANSACTION');
    // The server ends the transaction that has changed less.
    await rival.run(`INSERT INTO weight VALUES ${Array.from({ length: 500 }, (_, a) => `(${a})`).join()}`);
    const voter = Buffer.from(tagFor(1), 'base64url');
    await rival.run('SELECT 1 FROM votes WHERE round = ? AND voter = ? FOR UPDATE', ['round', voter]);
    const applied = apply(store, { n: 2, votes: [vote(1, 1), vote(2, 1)] });
    await waiting();
    await rival.run('UPDATE shards SET turn = turn + 1 WHERE round = ? AND shard = 0', ['round']);
    await rival.run('COMMIT');
    expect(await applied).toMatchObject({ batches: 1, cast: 2 });
    expect(await numbers()).toEqual({ votes: [0, 2], accepted: 3 });
  });

  it('waits for a lock longer than the server lets it', async () => {
    await rival.run('START TRANSACTION');
    await rival.run('UPDATE shards SET turn = turn + 1 WHERE round = ?', ['round']);
    const applied = apply(store, { votes: [vote(1, 0)] });
    const first = (await waiting()).trx;
    await vi.waitUntil(async () => (await waiting()).trx !== first, patience);
    await rival.run('ROLLBACK');
    expect(await applied).toMatchObject({ cast: 1 });
  });

  it('sees an id that another shard has applied at the same time', async () => {
    await rival.run('START TRANSACTION');
    const values = ['round', Buffer.from(idTag(1), 'base64url'), Buffer.from(tagFor(9, 1), 'base64url'), 0, seqAt(0)];
    await rival.run('INSERT INTO vote_ids (round, id, voter, choice, seq) VALUES (?)', [values]);
    const applied = apply(store, { votes: [vote(1, 0, 1), vote(2, 0, 2)] });
    await waiting();
    await rival.run('COMMIT');
    expect(await applied).toMatchObject({ accepted: 2, cast: 1, rejected: { id_conflict: 1 } });
    expect(await numbers()).toEqual({ votes: [1, 0], accepted: 2 });
  });

  it('leaves nothing of a transaction whose connection is cut in its middle', async () => {
    await apply(store, { n: 1, votes: [vote(1, 0)] });
    const before = await store.snapshot('round');
    await rival.run('START TRANSACTION');
    await rival.run('SELECT 1 FROM votes FOR UPDATE');
    const batch = { n: 2, votes: [vote(1, 1), vote(2, 0)] };
    const cut = expect(apply(store, batch)).rejects.toThrow(StoreUnavailable);
    await rival.run(`KILL ${(await waiting()).connection}`);
    await cut;
    await rival.run('ROLLBACK');
    expect(await store.snapshot('round')).toEqual(before);
    expect(await apply(store, batch)).toMatchObject({ batches: 1, cast: 2 });
    expect(await numbers()).toEqual({ votes: [1, 1], accepted: 3 });
  });

  it('calls an answer to COMMIT that is lost an outage, and finds the batch when it comes again', async () => {
    const proxy = await losingAnswers(server);
    const { port } = proxy.address() as AddressInfo;
    const remote = database.store({ port });
    const batch = { votes: [vote(1, 0), vote(2, 1)] };
    await expect(apply(remote, batch)).rejects.toThrow(StoreUnavailable);
    await vi.waitFor(async () => expect(await numbers()).toEqual({ votes: [1, 1], accepted: 2 }), 30_000);
    expect(await apply(store, batch)).toEqual(NOTHING);
  });

  it('keeps counters and rows equal when several workers apply the same shards at once', async () => {
    const workers = [store, database.store(), database.store()];
    const calls = Array.from({ length: 60 }, (_, call) => {
      const votes = Array.from({ length: 20 }, (_, index) =>
        vote((call * 7 + index) % 50, (call + index) % 2, call % 10 === 0 ? index : undefined),
      );
      return { shard: call % 2, n: call + 1, producer: 1 + (call % 4), votes };
    });
    const applied = await Promise.all(workers.flatMap((worker) => calls.map((batch) => apply(worker, batch))));
    const sum = (of: (one: (typeof applied)[number]) => number) => applied.reduce((total, one) => total + of(one), 0);
    expect([sum(({ batches }) => batches), sum(({ accepted }) => accepted)]).toEqual([60, 1200]);
    const rows = await rival.run('SELECT count(*) AS votes FROM votes GROUP BY choice ORDER BY choice');
    const snapshot = (await store.snapshot('round'))!;
    expect(snapshot.counts.map(({ votes }) => votes)).toEqual(rows.map(({ votes }) => votes));
    expect(snapshot.counts.reduce((total, { cast }) => total + cast, 0)).toBe(sum(({ cast }) => cast));
    const ids = await rival.run('SELECT count(*) AS ids FROM vote_ids');
    expect(ids).toEqual([{ ids: 20 }]);
    const logs = await rival.run(
      'SELECT shard, count(*) AS size, max(log_index) AS last FROM batches GROUP BY shard ORDER BY shard',
    );
    expect(logs).toEqual([0, 1].map((shard) => ({ shard, size: 30, last: 30 })));
  });

  it('applies nothing to a round that is final, however close the two come', async () => {
    const batches = Array.from({ length: 30 }, (_, index) => ({ n: index + 1, votes: [vote(index, 0)] }));
    const applied = batches.map((batch) => apply(store, batch));
    await store.finalize('round', T0);
    const cast = (await Promise.all(applied)).reduce((total, one) => total + one.cast, 0);
    const [final] = await rival.run('SELECT tally FROM finals');
    const { options } = JSON.parse(String(final!['tally'])) as { options: { votes: number }[] };
    expect(options[0]!.votes).toBe(cast);
    expect((await numbers()).votes).toEqual([cast, 0]);
  });

  it('gives every edit and action a version of its own when several write at once', async () => {
    const other = database.store();
    const titles = Array.from({ length: 12 }, (_, index) => `Title ${index}`);
    const written = await Promise.all(
      titles.map((title, index) =>
        index % 2 === 0
          ? (index % 4 === 0 ? store : other).addControl({ action: 'title', by: 'pat', reason: '', title }, T0)
          : other.putBase(index + 1, basePollOf('round', { shards: 2, title }), T0),
      ),
    );
    const { version } = (await store.currentDefinition())!;
    const changes = written.filter((one) => !('outcome' in one) || one.outcome === 'written').length;
    expect(version).toBe(1 + changes);
  });

  it('keeps what is too large for the server from stopping the queue', async () => {
    const junk = Buffer.alloc(9 << 20, 'x');
    const good = batchOf({ round: 'round', votes: [vote(1, 0)] });
    const longName = batchOf({ round: 'r'.repeat(100_000), votes: [vote(1, 0)] });
    const bodies = [junk, good, longName];
    const rejected = { malformed_message: 1, unknown_round: 1 };
    expect(await store.apply(0, bodies, T0)).toMatchObject({ cast: 1, rejected });
    expect(await store.apply(0, bodies, T0)).toEqual(NOTHING);
    const many = Array.from({ length: 5 }, (_, n) => Buffer.alloc(4 << 20, n));
    expect(await store.apply(0, many, T0)).toMatchObject({ rejected: { malformed_message: 5 } });
  });
});

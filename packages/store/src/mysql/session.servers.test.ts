import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { describeServers, TestDatabase } from './fixtures/servers.ts';
import { type MySqlOptions, type Purpose, Session } from './session.ts';

await describeServers('a connection', (server) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await TestDatabase.on(server);
  });
  afterAll(() => database.remove());

  async function ask(sql: string, purpose: Purpose = 'reading', tls?: MySqlOptions['tls']) {
    const { host, port, user, password } = server;
    const options = { host, port, user, password, database: database.name };
    const session = await Session.open(tls === undefined ? options : { ...options, tls }, purpose);
    try {
      return (await session.rows<Record<string, unknown>>(sql))[0];
    } finally {
      session.end();
    }
  }

  it.each([
    ['reading', 'REPEATABLE-READ'],
    ['writing', 'READ-COMMITTED'],
  ] as const)('for %s is in the mode that the statements are written for', async (purpose, isolation) => {
    const variables = server.engine.startsWith('mariadb') ? '@@tx_isolation' : '@@transaction_isolation';
    const modes = await ask(
      `SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%' AS strict, @@time_zone AS zone, ${variables} AS isolation,
              @@character_set_client AS characters`,
      purpose,
    );
    expect(modes).toEqual({ strict: 1, zone: '+00:00', isolation, characters: 'utf8mb4' });
  });

  it('gives numbers and bytes as they are', async () => {
    const values = await ask(
      `SELECT 9007199254740991 AS large, CAST(sum(4503599627370495) AS DECIMAL(30)) AS total, X'00FF' AS bytes, '👋' AS text, NULL AS nothing`,
    );
    expect(values).toEqual({
      large: 9_007_199_254_740_991,
      total: 4_503_599_627_370_495,
      bytes: Buffer.from([0, 255]),
      text: '👋',
      nothing: null,
    });
  });

  it('answers all questions of one moment at once, and ends where one of them fails', async () => {
    const { host, port, user, password } = server;
    const session = await Session.open({ host, port, user, password, database: database.name }, 'reading');
    const question = (sql: string) => [{ sql, values: [] }];
    const answers = await session.askOnce('START TRANSACTION', [
      question('SELECT 1 AS one'),
      question('SELECT 2 AS two'),
    ]);
    expect(answers).toEqual([[{ one: 1 }], [{ two: 2 }]]);
    const failing = session.askOnce('START TRANSACTION', [question('SELECT 1'), question('SELECT exp(1000)')]);
    await expect(failing).rejects.toThrow('out of range');
    // An error of values ends neither the connection nor the transaction that is open on it.
    expect(session.usable).toBe(false);
  });

  describe('inserts what is new', () => {
    const row = (id: number, text = 'first') => [id, text];
    const rows = (first: number, count: number) => Array.from({ length: count }, (_, index) => row(first + index));
    let session: Session;
    beforeAll(async () => {
      const { host, port, user, password } = server;
      session = await Session.open({ host, port, user, password, database: database.name }, 'writing');
      await session.run('CREATE TABLE things (id TINYINT UNSIGNED NOT NULL PRIMARY KEY, text VARCHAR(8) NOT NULL)');
      await session.run('CREATE TABLE many (id INT NOT NULL PRIMARY KEY, text VARCHAR(8) NOT NULL)');
    });
    afterAll(() => session.end());

    it('and counts it, however much there was already', async () => {
      expect(await session.insertNew('many (id, text)', [])).toBe(0);
      expect(await session.insertNew('many (id, text)', rows(0, 2_000))).toBe(2_000);
      expect(await session.insertNew('many (id, text)', rows(5, 2_000))).toBe(5);
    });

    it('and leaves what there was', async () => {
      expect(await session.insertNew('things (id, text)', [row(1)])).toBe(1);
      expect(await session.insertNew('things (id, text)', [row(1, 'second'), row(2, 'second')])).toBe(1);
      expect(await session.rows('SELECT text FROM things ORDER BY id')).toEqual([
        { text: 'first' },
        { text: 'second' },
      ]);
    });

    it.each([
      ['a number that is too large', [row(9), row(300)]],
      ['a text that is too long', [row(10, 'a long text')]],
      ['one that bends to a key that is taken', [row(255), row(999)]],
    ])('but not %s', async (_, bad) => {
      await expect(session.insertNew('things (id, text)', bad)).rejects.toThrow('did not fit things (id, text)');
    });
  });

  const cipher = `SHOW STATUS LIKE 'Ssl_cipher'`;

  const unverified = { rejectUnauthorized: false };
  const verified = { rejectUnauthorized: true };

  if (server.engine === 'mariadb-10.11') {
    it('is not made when the server cannot encrypt it', async () => {
      await expect(ask(cipher, 'reading', unverified)).rejects.toThrow(/secure connection/);
    });
    return;
  }

  it('is encrypted on request', async () => {
    expect(await ask(cipher)).toMatchObject({ Value: '' });
    const status = await ask(cipher, 'reading', unverified);
    expect(status).toMatchObject({ Value: expect.stringMatching(/^TLS/) as unknown });
  });

  it('is not made with a server that cannot prove who it is', async () => {
    await expect(ask(cipher, 'reading', verified)).rejects.toThrow(/self.signed certificate/);
  });

  if (server.engine !== 'mysql-9.7') return;
  it('is not made with another server that the same authority vouches for', async () => {
    const ca = await readFile(join(server.folder, 'data', 'ca.pem'), 'utf8');
    await expect(ask(cipher, 'reading', { ca, ...verified })).rejects.toThrow(/does not match/);
  });
});

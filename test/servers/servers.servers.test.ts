import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { createDatabase, MYSQL_GREETING, type MySqlEngine, type MySqlServer, runSql, startMySql } from './mysql.ts';
import { AMQP_GREETING, rabbitmqctl, type RabbitMqServer, startRabbitMq } from './rabbitmq.ts';
import { askVersion, freePort, startServer } from './server-process.ts';
import { sharedMySql, sharedRabbitMq } from './shared.ts';

const WAIT = { timeout: 20_000, interval: 50 };

const SHOWS = ['cmdline', 'mountinfo'] as const;

function readProcess(pid: string, file: (typeof SHOWS)[number]): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended
  }
}

/** All that there is of a server: processes that name its folder or have it mounted (epmd among them), the folder itself. */
function tracesOf(folder: string): string[] {
  const name = basename(folder);
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const mine = pids.filter((pid) => SHOWS.some((file) => readProcess(pid, file).includes(name)));
  return [...mine.map((pid) => `${pid} ${readProcess(pid, 'cmdline')}`), ...(existsSync(folder) ? [folder] : [])];
}

const rabbit = await sharedRabbitMq();

describe.skipIf(rabbit === null)('RabbitMQ', () => {
  let own: RabbitMqServer;
  beforeAll(async () => {
    own = await startRabbitMq();
  });
  afterAll(() => own.stop());

  async function manage(path: string, method: string, body: unknown): Promise<unknown> {
    const authorization = `Basic ${Buffer.from(`${own.user}:${own.password}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(`${own.managementUrl}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json().catch(() => null);
  }

  test('two of them answer with their version and know nothing of each other', async () => {
    expect(await askVersion(rabbit!.port, AMQP_GREETING)).toMatch(/^4\./);
    expect(await askVersion(own.port, AMQP_GREETING)).toBe(rabbit!.version);
    await own.ctl('add_vhost', 'mine');
    expect(await own.ctl('list_vhosts')).toContain('mine');
    expect(await rabbitmqctl(rabbit!, 'list_vhosts')).not.toContain('mine');
  });

  test('a confirmed message survives SIGKILL', async () => {
    await manage('queues/%2F/kept', 'PUT', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    const message = { routing_key: 'kept', payload: 'a vote', payload_encoding: 'string' };
    await manage('exchanges/%2F/amq.default/publish', 'POST', { ...message, properties: { delivery_mode: 2 } });
    // The broker writes down that the queue exists half a second after it has declared it, and forgets what was
    // confirmed before, should it be killed in between.
    const names = `${own.folder}/data/rabbit@localhost/quorum/rabbit@localhost/names.dets`;
    await vi.waitFor(() => expect(readFileSync(names, 'latin1')).toContain('kept'), WAIT);
    await own.kill();
    await expect(askVersion(own.port, AMQP_GREETING)).rejects.toThrow('ECONNREFUSED');
    await own.restart();
    const got = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' };
    await vi.waitFor(async () => {
      expect(await manage('queues/%2F/kept/get', 'POST', got)).toMatchObject([{ payload: 'a vote' }]);
    }, WAIT);
  });

  test('paused it takes connections and says nothing, resumed it answers', async () => {
    await own.pause();
    await expect(askVersion(own.port, AMQP_GREETING)).rejects.toThrow('aborted');
    await own.resume();
    expect(await askVersion(own.port, AMQP_GREETING)).toBe(own.version);
  });

  test('stopped it leaves no process, mount or folder', async () => {
    expect(tracesOf(own.folder).join('\n')).toMatch(/beam[^]*epmd/);
    await own.stop();
    expect(tracesOf(own.folder)).toEqual([]);
  });
});

const engines: readonly MySqlEngine[] = ['mysql-9.7', 'mariadb-11.8', 'mariadb-10.11'];
const sharedDatabases = await Promise.all(engines.map(sharedMySql));

describe.each(engines.map((engine, i) => ({ engine, shared: sharedDatabases[i]! })))(
  '$engine',
  ({ engine, shared }) => {
    describe.skipIf(shared === null)('as a server', () => {
      let own: MySqlServer;
      beforeAll(async () => {
        own = await startMySql(engine);
      });
      afterAll(() => own.stop());

      test('two of them answer with their version and know nothing of each other', async () => {
        expect(engine).toContain((await askVersion(shared.port, MYSQL_GREETING)).replace(/\.\d+$/, ''));
        expect(await askVersion(own.port, MYSQL_GREETING)).toBe(shared.version);
        expect(await runSql(own, 'SELECT VERSION()')).toContain(own.version);
        const database = await own.createDatabase();
        expect(await runSql(own, 'SHOW DATABASES')).toContain(database);
        expect(await runSql(shared, 'SHOW DATABASES')).not.toContain(database);
        expect(await createDatabase(shared)).not.toBe(database);
      });

      test('a commit is as durable as in production, and survives SIGKILL', async () => {
        expect(await runSql(own, 'SELECT @@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin')).toBe(
          '1\t1\t1\n',
        );
        const table = `${await own.createDatabase()}.kept`;
        await runSql(own, `CREATE TABLE ${table} (vote INT) ENGINE=InnoDB; INSERT INTO ${table} VALUES (42)`);
        await own.kill();
        await expect(askVersion(own.port, MYSQL_GREETING)).rejects.toThrow('ECONNREFUSED');
        await own.restart();
        expect(await runSql(own, `SELECT vote FROM ${table}`)).toBe('42\n');
      });

      test('paused it takes connections and says nothing, resumed it answers', async () => {
        await own.pause();
        await expect(askVersion(own.port, MYSQL_GREETING)).rejects.toThrow('aborted');
        await own.resume();
        expect(await askVersion(own.port, MYSQL_GREETING)).toBe(own.version);
      });

      test('stopped while it is paused it leaves no process, mount or folder', async () => {
        expect(tracesOf(own.folder).join('\n')).toMatch(/mysqld|mariadbd/);
        await own.pause();
        await own.stop();
        expect(tracesOf(own.folder)).toEqual([]);
      });
    });
  },
);

describe('whatever the server', () => {
  test('one that cannot start says why and leaves nothing', async () => {
    let folder = '';
    const starting = startServer({
      name: 'hopeless',
      root: null,
      async prepare(own) {
        folder = own;
        return ['sh', '-c', 'echo no such luck; exit 3'];
      },
      port: await freePort(),
      greeting: AMQP_GREETING,
    });
    await expect(starting).rejects.toThrow('no such luck');
    expect(tracesOf(folder)).toEqual([]);
  });

  test.skipIf(rabbit === null || sharedDatabases[0] === null).each(['SIGKILL', 'SIGINT'] as const)(
    '%s to the program that started servers leaves no process, mount or folder of theirs',
    async (signal) => {
      const main = fileURLToPath(new URL('main.ts', import.meta.url));
      const runner = spawn(process.execPath, [main, 'rabbitmq', 'mysql'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => runner.once('exit', resolve));
      let said = '';
      runner.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await vi.waitFor(() => expect(said.match(/^export /gm)).toHaveLength(2), { ...WAIT, timeout: 60_000 });
      const children = readFileSync(`/proc/${runner.pid}/task/${runner.pid}/children`, 'utf8').trim().split(' ');
      const folders = children.map((pid) => /\/\S*voteapp-[^\s/]+/.exec(readProcess(pid, 'cmdline'))![0]);
      expect(folders).toHaveLength(2);
      for (const folder of folders) expect(tracesOf(folder).length).toBeGreaterThan(4);

      runner.kill(signal);
      await ended;
      await vi.waitFor(() => expect(folders.flatMap(tracesOf)).toEqual([]), WAIT);
    },
    120_000,
  );
});

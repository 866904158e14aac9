import { type Connection, createConnection } from 'mysql2/promise';

import { withProcesses } from '../cpu-time.ts';
import { type MySqlServer, startMySql } from '../../test/servers/mysql.ts';
import type { Query } from './store-tally.ts';

export interface BenchDatabase {
  readonly server: MySqlServer;
  readonly name: string;
  readonly pids: readonly number[];
  readonly query: Query;
  readonly connection: Connection;
  stop(): Promise<void>;
}

// What a server for millions of voters has, where those of the tests are as small as can be.
const SIZES = ['innodb_buffer_pool_size = 2147483648', 'innodb_redo_log_capacity = 2147483648'];

/** A MySQL of its own with an empty database, as durable as in production, and as the operator runs it: without a binary log. */
export async function startDatabase(): Promise<BenchDatabase> {
  const { started: server, pids } = await withProcesses(() => startMySql('mysql-9.7', ['--disable-log-bin']));
  const name = await server.createDatabase();
  const { host, port, user, password } = server;
  const connection = await createConnection({ host, port, user, password, database: name });
  for (const size of SIZES) await connection.query(`SET GLOBAL ${size}`);
  return {
    server,
    name,
    pids,
    connection,
    async query(sql) {
      const [rows] = await connection.query(sql);
      return rows as Record<string, unknown>[];
    },
    async stop() {
      await connection.end();
      await server.stop();
    },
  };
}

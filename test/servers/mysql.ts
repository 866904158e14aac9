import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { cacheFolder } from '../tools/debian-root.ts';
import { freePort, LOGIN, type ServerAddress, type ServerProcess, startServer } from './server-process.ts';
import { findSoftware, type Root, runIn, seenFrom, type Wanted } from './software.ts';

export type MySqlEngine = 'mysql-9.7' | 'mariadb-11.8' | 'mariadb-10.11';

export interface MySqlAddress extends ServerAddress {
  readonly engine: MySqlEngine;
}

export interface MySqlServer extends MySqlAddress, ServerProcess {
  /** Makes an empty database and returns its name. */
  createDatabase(): Promise<string>;
}

// A packet: its length and number, then a 10 and the version. MariaDB 10 puts 5.5.5 in front, for clients that think ten
// is less than five.
export const MYSQL_GREETING = { version: /^[^]{4}\n(?:5\.5\.5-)?([\d.]+)/ };

// For scripts of the servers, and of the images that are made of the same roots.
const SHELL = ['bash', 'coreutils', 'dash', 'findutils', 'grep', 'hostname', 'sed'];

interface Engine extends Wanted {
  readonly client: string;
  readonly initialise: readonly [program: string, ...args: string[]];
  readonly options: readonly string[];
}

function mariadb(suite: string, version: RegExp): Engine {
  return {
    suite,
    packages: ['mariadb-server-core', 'mariadb-client-core', ...SHELL],
    program: 'mariadbd',
    version,
    client: 'mariadb',
    initialise: ['mariadb-install-db', '--skip-test-db', '--skip-name-resolve', '--innodb-log-file-size=4M'],
    options: ['--log-bin=binlog'],
  };
}

/** Where each engine comes from and how it starts. */
export const ENGINES: Readonly<Record<MySqlEngine, Engine>> = {
  'mysql-9.7': {
    suite: 'sid',
    packages: ['mysql-server-core', 'mysql-client-core', ...SHELL],
    program: 'mysqld',
    version: /Ver 9\.(?!.*MariaDB)/,
    client: 'mysql',
    initialise: ['mysqld', '--initialize-insecure', '--secure-file-priv=NULL', '--innodb-redo-log-capacity=8M'],
    options: ['--secure-file-priv=NULL', '--mysqlx=OFF'],
  },
  'mariadb-11.8': mariadb('trixie', /Ver 1[1-9]\..*MariaDB/),
  'mariadb-10.11': mariadb('bookworm', /Ver 10\.11\..*MariaDB/),
};

const USERS = `CREATE USER IF NOT EXISTS '${LOGIN.user}'@'%' IDENTIFIED BY '${LOGIN.password}';
GRANT ALL ON *.* TO '${LOGIN.user}'@'%' WITH GRANT OPTION;
`;

/** What the servers and their tools need to be told alike; they refuse to be root unless told so. */
function everywhere(root: Root, seen: string): string[] {
  return ['--no-defaults', `--user=${root === null ? userInfo().username : 'root'}`, `--datadir=${join(seen, 'data')}`];
}

/** An initialised data folder to copy, made once for each version of the server. */
async function dataTemplate(engine: MySqlEngine, root: Root): Promise<string> {
  const { initialise, program } = ENGINES[engine];
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'initialise-'));
  try {
    const version = await runIn(root, work, [program, '--version']);
    const hash = createHash('sha256')
      .update([version, ...initialise].join(' '))
      .digest('hex')
      .slice(0, 8);
    const template = join(cacheFolder(), `${engine}-data-${hash}`);
    if (existsSync(template)) return template;
    const [initialiser, ...args] = initialise;
    await runIn(root, work, [initialiser, ...everywhere(root, seenFrom(root, work)), ...args]);
    // Another run may have come first; its result is as good.
    await rename(join(work, 'data'), template).catch((error: unknown) => {
      if (!existsSync(template)) throw error;
    });
    return template;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs statements through the server's own client and returns what it printed: rows without a heading. */
export async function runSql(server: MySqlAddress, statements: string): Promise<string> {
  const { engine, root, folder, host, port, user, password } = server;
  const how = [
    '--protocol=tcp',
    `--host=${host}`,
    `--port=${port}`,
    `--user=${user}`,
    '--batch',
    '--skip-column-names',
  ];
  const command = [ENGINES[engine].client, '--no-defaults', ...how, `--execute=${statements}`];
  return await runIn(root, folder, command, { MYSQL_PWD: password });
}

/** Makes an empty database, of a name that no other has unless told, and returns its name. */
export async function createDatabase(
  server: MySqlAddress,
  name = `test_${randomBytes(8).toString('hex')}`,
): Promise<string> {
  await runSql(server, `CREATE DATABASE ${name}`);
  return name;
}

/** Starts a MySQL or MariaDB of its own, as durable as in production but small, with whatever other options. */
export async function startMySql(engine: MySqlEngine, further: readonly string[] = []): Promise<MySqlServer> {
  const { program, options, ...wanted } = ENGINES[engine];
  const root = await findSoftware({ ...wanted, program });
  const template = await dataTemplate(engine, root);
  const port = await freePort();
  const process = await startServer({
    name: engine,
    root,
    async prepare(folder, seen) {
      await cp(template, join(folder, 'data'), { recursive: true });
      await writeFile(join(folder, 'users.sql'), USERS);
      return [
        program,
        ...everywhere(root, seen),
        `--init-file=${join(seen, 'users.sql')}`,
        `--tmpdir=${seen}`,
        `--socket=${join(seen, 'socket')}`,
        `--pid-file=${join(seen, 'pid')}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--skip-name-resolve',
        '--innodb-flush-log-at-trx-commit=1',
        '--sync-binlog=1',
        '--innodb-buffer-pool-size=64M',
        '--performance-schema=OFF',
        ...options,
        ...further,
      ];
    },
    port,
    greeting: MYSQL_GREETING,
  });
  const server = { ...process, engine };
  return { ...server, createDatabase: () => createDatabase(server) };
}

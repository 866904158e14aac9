import { MANAGED_USER } from '@voteapp/contracts/cluster-objects';
import { DEFAULT_DATABASE, DEFAULT_MYSQL_PORT } from '@voteapp/contracts/resource/database';
import { wholeUnits } from '@voteapp/contracts/resource/quantity';
import { DEFAULT_STORAGE_SIZE } from '@voteapp/contracts/resource/storage';

import type { Context } from './context.ts';
import { resourcesOf } from './pod.ts';
import { declareServerServices } from './service.ts';
import { declareStatefulSet, secretVariable } from './stateful-set.ts';

/** What differs between the official images of the engines (docs/images.md). */
const ENGINES = {
  MySQL: {
    prefix: 'MYSQL',
    client: 'mysql',
    redoLog: '--innodb-redo-log-capacity',
    // Nobody reads a binary log here: it would double what is written, and fill the volume. Nor the performance schema,
    // which takes 250 MiB.
    args: ['--disable-log-bin', '--performance-schema=OFF', '--mysqlx=OFF'],
  },
  MariaDB: { prefix: 'MARIADB', client: 'mariadb', redoLog: '--innodb-log-file-size', args: [] },
} as const;

const MAX_CONNECTIONS = 500;
const SMALLEST_BUFFER_POOL = 128 * 1024 ** 2;

/** Half of the memory that the container is given, in bytes. */
function bufferPool(context: Context): number {
  const { limits, requests } = resourcesOf(context, 'mysql');
  const memory = limits?.['memory'] ?? requests?.['memory'] ?? 0;
  return Math.max(SMALLEST_BUFFER_POOL, Math.floor(wholeUnits(memory) / 2));
}

/** A gibibyte, of a small volume an eighth, in bytes: 100 MB, the default, are full after 400,000 votes (decision 0033). */
function redoLogBytes(storageSize: string): number {
  const eighthInMib = Math.floor(wholeUnits(storageSize) / 8 / 1024 ** 2);
  return Math.min(1024, eighthInMib) * 1024 ** 2;
}

/** A database of one instance. */
export function declareDatabase(context: Context): void {
  const managed = context.app.spec.database?.managed;
  const { prefix, client, redoLog, args } = ENGINES[managed?.engine ?? 'MySQL'];
  const port = { name: 'mysql', port: DEFAULT_MYSQL_PORT };
  // As the services log in: `mysqladmin ping` is content with a password that is refused.
  const login = {
    exec: {
      command: [
        'sh',
        '-c',
        `MYSQL_PWD="$${prefix}_PASSWORD" exec ${client} --host=127.0.0.1 --user=${MANAGED_USER} --execute='DO 0' ${DEFAULT_DATABASE}`,
      ],
    },
    timeoutSeconds: 5,
  };
  declareStatefulSet(context, {
    part: 'mysql',
    storage: managed?.storage,
    dataFolder: '/var/lib/mysql',
    scratch: { run: '/var/run/mysqld', tmp: '/tmp' },
    container: {
      args: [
        `--max-connections=${MAX_CONNECTIONS}`,
        `--innodb-buffer-pool-size=${bufferPool(context)}`,
        `${redoLog}=${redoLogBytes(managed?.storage?.size ?? DEFAULT_STORAGE_SIZE)}`,
        ...args,
      ],
      env: [
        { name: `${prefix}_DATABASE`, value: DEFAULT_DATABASE },
        { name: `${prefix}_USER`, value: MANAGED_USER },
        { name: `${prefix}_ROOT_HOST`, value: 'localhost' },
        secretVariable(context, `${prefix}_PASSWORD`, 'mysql_password'),
        secretVariable(context, `${prefix}_ROOT_PASSWORD`, 'mysql_root_password'),
      ],
      ports: [{ name: port.name, containerPort: port.port, protocol: 'TCP' }],
      // A first start must not be killed: what it leaves looks like a database.
      startupProbe: { ...login, periodSeconds: 2, failureThreshold: 450 },
      readinessProbe: { ...login, periodSeconds: 5, failureThreshold: 2 },
      livenessProbe: { tcpSocket: { port: port.name }, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    },
  });
  declareServerServices(context, 'mysql', { port, nodePorts: [port] });
}

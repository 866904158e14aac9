import { describe, expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

function databaseOf(managed: object = {}) {
  const container = objectsOf({ database: { type: 'Managed', managed } }).container('mysql');
  const env = new Map(container.env?.map((variable) => [variable.name, variable]));
  return {
    container,
    args: container.args ?? [],
    value: (name: string) => env.get(name)?.value,
    secret: (name: string) => env.get(name)?.valueFrom?.secretKeyRef,
    names: [...env.keys()],
  };
}

const ENGINES = { MySQL: 'MYSQL', MariaDB: 'MARIADB' } as const;

describe.each(Object.entries(ENGINES))('%s', (engine, prefix) => {
  const { value, secret, names, container } = databaseOf({ engine });

  test('makes the database and the user of the services at its first start, with passwords of the Secret alone', () => {
    expect(Object.fromEntries(names.map((name) => [name, value(name) ?? secret(name)]))).toEqual({
      [`${prefix}_DATABASE`]: 'voteapp',
      [`${prefix}_USER`]: 'voteapp',
      [`${prefix}_PASSWORD`]: { name: 'shop-voteapp-secret', key: 'mysql_password' },
      [`${prefix}_ROOT_PASSWORD`]: { name: 'shop-voteapp-secret', key: 'mysql_root_password' },
      [`${prefix}_ROOT_HOST`]: 'localhost',
    });
  });

  test('is asked as the services ask: it is ready once they can log in', () => {
    const commands = [container.startupProbe, container.readinessProbe].map((probe) => probe?.exec?.command);
    for (const command of commands) {
      expect(command?.slice(0, 2)).toEqual(['sh', '-c']);
      expect(command?.[2]).toContain(`MYSQL_PWD="$${prefix}_PASSWORD" exec ${engine.toLowerCase()} `);
      expect(command?.[2]).toContain('--user=voteapp');
    }
  });

  test('has a quarter of an hour for its first start, and is not killed while a query is slow', () => {
    const { periodSeconds = 10, failureThreshold = 3 } = container.startupProbe ?? {};
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(900);
    expect(container.livenessProbe).toMatchObject({ tcpSocket: { port: 'mysql' } });
  });
});

test('nothing that only MySQL knows is said to MariaDB', () => {
  const [mysql, mariadb] = [databaseOf({ engine: 'MySQL' }), databaseOf({ engine: 'MariaDB' })];
  expect(mysql.args.filter((each) => !mariadb.args.includes(each))).toEqual([
    '--innodb-redo-log-capacity=1073741824',
    '--disable-log-bin',
    '--performance-schema=OFF',
    '--mysqlx=OFF',
  ]);
  expect(mariadb.args.filter((each) => !mysql.args.includes(each))).toEqual(['--innodb-log-file-size=1073741824']);
});

test.each<[string, object, number]>([
  ['of a volume nobody gave a size, a gibibyte is for changes that are not in their tables yet', {}, 1024],
  ['of a large volume, no more', { storage: { size: '200Gi' } }, 1024],
  ['of a small one, an eighth', { storage: { size: '2Gi' } }, 256],
  ['of an odd one, in whole mebibytes', { storage: { size: '3G' } }, 357],
  ['of the smallest, more than MySQL takes by itself', { storage: { size: '1Gi' } }, 128],
])('%s', (_, managed, mib) => {
  expect(databaseOf(managed).args).toContain(`--innodb-redo-log-capacity=${mib * 1024 ** 2}`);
});

test.each<[string, object | undefined, string]>([
  ['half of the memory of a container holds pages', undefined, '1073741824'],
  ['of a limit, half of that', { requests: { memory: '1Gi' }, limits: { memory: '8Gi' } }, '4294967296'],
  ['of a request without a limit, half of that', { requests: { memory: 3_000_000_001 } }, '1500000000'],
  ['of nothing said, the least there is', {}, '134217728'],
  ['of too little, the least there is', { limits: { memory: '100Mi' } }, '134217728'],
  ['of an amount that is no whole number of bytes, it is one', { limits: { memory: '1.001Gi' } }, '537407782'],
])('%s', (_, resources, bytes) => {
  expect(databaseOf({ resources }).args).toContain(`--innodb-buffer-pool-size=${bytes}`);
});

test('an external database is not run', () => {
  const external = { host: 'db.example.com', secretRef: { name: 'login' } };
  const objects = objectsOf({ database: { type: 'External', external } });
  expect(objects.namesOf('StatefulSet')).toEqual(['shop-rabbitmq']);
  expect(objects.all.filter(({ metadata }) => metadata.name.includes('mysql'))).toEqual([]);
});

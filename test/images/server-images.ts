import { join } from 'node:path';

import { imageOf } from '../../scripts/images/image-of.ts';
import type { Image } from '../../scripts/images/images.ts';
import { ENGINES } from '../servers/mysql.ts';
import { RABBITMQ } from '../servers/rabbitmq.ts';
import { findSoftware, type Wanted } from '../servers/software.ts';

/** What stands in for the official image of a server. */
interface ServerImage {
  readonly software: Wanted;
  readonly files: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
}

function local(path: string): string {
  return join(import.meta.dirname, path);
}

const ENTRYPOINT = 'usr/local/bin/docker-entrypoint.sh';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

// Both official images give their user this number, and so does the one of RabbitMQ.
const ACCOUNT = '999:999';

function database(software: Wanted, server: string): ServerImage {
  return {
    software,
    files: {
      [ENTRYPOINT]: local('database/docker-entrypoint.sh'),
      'etc/my.cnf': local('database/my.cnf'),
      'etc/mysql/conf.d/docker.cnf': local('database/docker.cnf'),
      'etc/passwd': local('database/passwd'),
      'etc/group': local('database/group'),
    },
    config: {
      User: ACCOUNT,
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: [server],
      Env: [`PATH=${PATH}`, 'LANG=C.UTF-8'],
      ExposedPorts: { '3306/tcp': {} },
    },
  };
}

const SERVERS = {
  mysql: database(ENGINES['mysql-9.7'], 'mysqld'),
  mariadb: database(ENGINES['mariadb-11.8'], 'mariadbd'),
  rabbitmq: {
    // The official image has a bash, with which its port is probed.
    software: { ...RABBITMQ, packages: [...RABBITMQ.packages, 'bash'] },
    files: {
      [ENTRYPOINT]: local('rabbitmq/docker-entrypoint.sh'),
      'etc/passwd': local('rabbitmq/passwd'),
      'etc/group': local('rabbitmq/group'),
      'etc/rabbitmq/conf.d/10-defaults.conf': local('rabbitmq/10-defaults.conf'),
      'etc/rabbitmq/conf.d/20-management_agent.disable_metrics_collector.conf': local(
        'rabbitmq/20-management_agent.disable_metrics_collector.conf',
      ),
      'etc/rabbitmq/enabled_plugins': local('rabbitmq/enabled_plugins'),
    },
    config: {
      User: ACCOUNT,
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['rabbitmq-server'],
      Env: [
        // Debian's wrappers of its programs change the user.
        `PATH=/usr/lib/rabbitmq/bin:${PATH}`,
        'HOME=/var/lib/rabbitmq',
        'LANG=C.UTF-8',
        // The script then becomes the node instead of waiting for it.
        'RUNNING_UNDER_SYSTEMD=true',
      ],
      ExposedPorts: { '4369/tcp': {}, '5672/tcp': {}, '15692/tcp': {}, '25672/tcp': {} },
    },
  },
} as const satisfies Record<string, ServerImage>;

export type ServerImageName = keyof typeof SERVERS;

export const SERVER_IMAGE_NAMES = Object.keys(SERVERS) as ServerImageName[];

/** Makes the image of a server from the same unpacked root that the tests run it from by hand. */
export async function serverImage(name: ServerImageName): Promise<Image> {
  const { software, files, config } = SERVERS[name];
  const root = await findSoftware(software);
  if (root === null) throw new Error(`there is no unpacked ${name} to make an image of`);
  const reference = `localhost/${name}:test`;
  const archive = await imageOf({ reference, files: { '.': root, ...files }, config });
  return { reference, archive };
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freePort, LOGIN, type ServerAddress, type ServerProcess, startServer } from './server-process.ts';
import { findSoftware, runIn, seenFrom, type Wanted } from './software.ts';

export const AMQP_GREETING = { hello: 'AMQP\0\0\u0009\u0001', version: /versionS[^]{4}([\d.]+)/ };

export interface RabbitMqAddress extends ServerAddress {
  readonly vhost: string;
  readonly managementUrl: string;
  /** By which its own tools find the node. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface RabbitMqServer extends RabbitMqAddress, ServerProcess {
  /** Runs `rabbitmqctl` against the node and returns what it printed. */
  ctl(...args: readonly string[]): Promise<string>;
}

/** Runs `rabbitmqctl` against a node and returns what it printed. */
export async function rabbitmqctl(node: RabbitMqAddress, ...args: readonly string[]): Promise<string> {
  return await runIn(node.root, node.folder, ['rabbitmqctl', '--quiet', ...args], node.variables);
}

/** Where it comes from. */
export const RABBITMQ: Wanted = {
  suite: 'sid',
  packages: ['rabbitmq-server', 'dash', 'coreutils', 'sed', 'grep', 'mawk', 'findutils', 'procps', 'hostname'],
  program: 'rabbitmq-server',
};

/** Starts a RabbitMQ of its own. */
export async function startRabbitMq(): Promise<RabbitMqServer> {
  const root = await findSoftware(RABBITMQ);
  const [port, management] = [await freePort(), await freePort()];
  const ofNode = {
    // Else whichever tool finds no port mapper makes one, as a daemon that stays.
    ERL_AFLAGS: '-start_epmd false',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(await freePort()),
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_NODENAME: 'rabbit@localhost',
    RABBITMQ_LOGS: '-',
    // Idle schedulers that spin would take the cores from the tests.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none +sbwtdcpu none +sbwtdio none',
    // The script then becomes the node instead of waiting for it.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
  const variables = (seen: string) => ({
    ...ofNode,
    RABBITMQ_CONFIG_FILE: join(seen, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(seen, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(seen, 'enabled_plugins'),
    RABBITMQ_LOG_BASE: seen,
    RABBITMQ_MNESIA_BASE: join(seen, 'data'),
  });
  const settings = {
    'listeners.tcp.default': `127.0.0.1:${port}`,
    'management.tcp.ip': '127.0.0.1',
    'management.tcp.port': management,
    default_user: LOGIN.user,
    default_pass: LOGIN.password,
  };
  const server = await startServer({
    name: 'rabbitmq',
    root,
    variables,
    async prepare(folder) {
      const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
      await mkdir(join(folder, 'data'));
      await writeFile(join(folder, 'rabbitmq.conf'), lines.join(''));
      await writeFile(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
      return ['sh', '-c', 'epmd & exec rabbitmq-server'];
    },
    port,
    greeting: AMQP_GREETING,
  });
  const node = {
    ...server,
    vhost: '/',
    managementUrl: `http://127.0.0.1:${management}`,
    variables: variables(seenFrom(root, server.folder)),
  };
  return { ...node, ctl: (...args) => rabbitmqctl(node, ...args) };
}

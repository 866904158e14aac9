import { type ServerName, SERVERS } from './catalogue.ts';
import { createDatabase, type MySqlServer } from './mysql.ts';
import type { RabbitMqServer } from './rabbitmq.ts';

/** Lines for a shell: which server it is, and the environment that leads the services to it. */
async function introduce(name: ServerName, server: RabbitMqServer | MySqlServer): Promise<string> {
  const product = name.startsWith('rabbitmq') ? 'RABBITMQ' : 'MYSQL';
  const { host, port, user, password, version } = server;
  const variables: Record<string, string | number> = { HOST: host, PORT: port, USER: user, PASSWORD: password };
  if ('engine' in server) variables['DB'] = await createDatabase(server, 'voteapp');
  const management = 'managementUrl' in server ? `, management at ${server.managementUrl}` : '';
  const assignments = Object.entries(variables).map(([variable, value]) => `${product}_${variable}=${value}`);
  return `# ${name.replace(/-.*/, '')} ${version}${management}\nexport ${assignments.join(' ')}\n`;
}

async function run(names: readonly ServerName[]): Promise<number> {
  // From the beginning, so that whatever has been started by then is ended in order; npm passes Ctrl-C on a second time.
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  });
  const servers = await Promise.all(
    names.map(async (name) => {
      try {
        const server = await SERVERS[name]();
        process.stdout.write(await introduce(name, server));
        return server;
      } catch (error) {
        process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
        return null;
      }
    }),
  );
  const running = servers.filter((server) => server !== null);
  if (running.length > 0) {
    process.stderr.write('Ctrl-C ends them and removes their data.\n');
    await interrupted;
  }
  await Promise.all(running.map((server) => server.stop()));
  return running.length > 0 ? 0 : 1;
}

const all = Object.keys(SERVERS) as ServerName[];
const asked = process.argv.slice(2).map((word) => ({
  word,
  // "mariadb" is the first of its versions.
  name: all.find((name) => name === word || name.startsWith(`${word}-`)),
}));
const unknown = asked.filter(({ name }) => name === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `No server is named ${unknown.map(({ word }) => word).join(', ')}; there are ${all.join(', ')}.\n`,
  );
  process.exitCode = 2;
} else {
  const names = asked.map(({ name }) => name).filter((name) => name !== undefined);
  process.exitCode = await run(names.length > 0 ? names : all);
}

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PORTS } from '@voteapp/contracts/ports';
import { createLogger } from '@voteapp/kit/log';

import { followFile } from '../cli/src/embedded/follow-file.ts';
import { writePollFile } from '../cli/src/embedded/poll-source.ts';
import { readVotingApp } from '../cli/src/embedded/voting-app-file.ts';
import { serverEnvironment } from '../test/servers/environment.ts';
import { startMySql } from '../test/servers/mysql.ts';
import { startRabbitMq } from '../test/servers/rabbitmq.ts';

// The three services as processes on throw-away servers, started anew when a source changes. Ctrl-C ends everything.
const root = fileURLToPath(new URL('..', import.meta.url));
const file = process.argv[2] ?? join(root, 'manifests/samples/coca-pepsi.yaml');
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => resolve());
});

const app = await readVotingApp(file);
const folder = await mkdtemp(join(tmpdir(), 'voteapp-dev-'));
const pollFile = join(folder, 'poll.json');
let revision = 1;
const write = ({ name, poll }: typeof app): void => writePollFile(pollFile, { name, revision, poll });
write(app);
const [rabbitmq, mysql] = await Promise.all([startRabbitMq(), startMySql('mysql-9.7')]);

const environment = {
  PATH: process.env['PATH'],
  FORCE_COLOR: process.stdout.isTTY ? '1' : '0',
  LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
  APP_NAME: app.name,
  HOST: '127.0.0.1',
  POLL_FILE: pollFile,
  FRONT_URL: `http://127.0.0.1:${PORTS.front}`,
  PUBLIC_VOTE_URL: `http://localhost:${PORTS.vote}`,
  PUBLIC_RESULTS_URL: `http://localhost:${PORTS.front}`,
  SESSION_KEY: randomBytes(32).toString('base64'),
  ROUND_KEY: randomBytes(32).toString('base64'),
  ...serverEnvironment(rabbitmq, mysql, await mysql.createDatabase()),
};
const services = ['worker', 'front', 'vote'].map((service) =>
  spawn(process.execPath, ['--watch', '--watch-preserve-output', join(root, 'apps', service, 'src/main.ts')], {
    env: environment,
    stdio: 'inherit',
    // Ctrl-C in a terminal reaches the whole group; they are ended below, in order.
    detached: true,
  }),
);
const log = createLogger({ level: 'info', service: 'dev', pretty: process.stdout.isTTY });
log.info(
  { vote: environment.PUBLIC_VOTE_URL, results: environment.PUBLIC_RESULTS_URL, queue: rabbitmq.managementUrl },
  `RabbitMQ ${rabbitmq.version}, MySQL ${mysql.version}; Ctrl-C ends everything`,
);
// What the round forbids the worker says.
const take = async (edited: typeof app): Promise<string> => {
  revision += 1;
  write(edited);
  return '';
};
const edits = followFile(file, app, take, (problem) => log.warn(problem), log);

await interrupted;
await edits.stop();
await Promise.all(
  services.map(async (service) => {
    const exited = once(service, 'exit');
    service.kill('SIGTERM');
    await exited;
  }),
);
await Promise.all([rabbitmq.stop(), mysql.stop()]);
await rm(folder, { recursive: true });

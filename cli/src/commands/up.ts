import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sharedEnv } from '@voteapp/contracts/env/shared';
import { storeOwner } from '@voteapp/contracts/names';
import { pollState } from '@voteapp/contracts/definition';
import { PORTS } from '@voteapp/contracts/ports';
import { sentence } from '@voteapp/contracts/problems';
import { parseConfig } from '@voteapp/kit/config';
import { createLoggers, type Logger } from '@voteapp/kit/log';
import { drainOnSignal } from '@voteapp/kit/lifecycle';
import { CannotListen } from '@voteapp/kit/server';
import { openEmbeddedQueue } from '@voteapp/queue/embedded/embedded-queue';
import { openSqliteStore } from '@voteapp/store/sqlite/store';
import { StoreOwnedByOther, type VoteStore } from '@voteapp/store/port';
import { Command, InvalidArgumentError } from 'commander';
import { destination } from 'pino';
import * as z from 'zod';

import { type DataFolder, openDataFolder } from '../embedded/data-folder.ts';
import { showCount } from '../embedded/count-line.ts';
import { followEdits, writePollFile } from '../embedded/poll-source.ts';
import { startServices, type Urls } from '../embedded/services.ts';
import { type LoadedVotingApp, readVotingApp } from '../embedded/voting-app-file.ts';
import { EXIT, UsageError } from '../exit-codes.ts';

const SAMPLE = fileURLToPath(new URL('../../../manifests/samples/coca-pepsi.yaml', import.meta.url));

const LOG_ENV = z.object({ LOG_LEVEL: sharedEnv.LOG_LEVEL });

interface UpOptions {
  readonly file?: string;
  readonly data: string;
  readonly host: string;
  readonly votePort: number;
  readonly workerPort: number;
  readonly frontPort: number;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port number from 0 to 65535; 0 takes a free one.');
}

/** `voteapp up`: runs a whole poll in this process, on SQLite and a journal on disk. */
export function upCommand(): Command {
  return new Command('up')
    .description('Run a poll on this machine: no cluster, no database, no broker.')
    .option('-f, --file <file>', 'VotingApp file; without it a sample poll, coca × pepsi')
    .option('--data <folder>', 'where polls keep their data', '.voteapp')
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--vote-port <port>', 'port of the vote page and API', portNumber, PORTS.vote)
    .option('--worker-port <port>', 'port of the worker’s health routes', portNumber, PORTS.worker)
    .option('--front-port <port>', 'port of the results', portNumber, PORTS.front)
    .action(async (options: UpOptions) => {
      process.exitCode = await up(options);
      // The log's and the store's threads are gone; nothing else should hold the process.
    });
}

async function up(options: UpOptions): Promise<number> {
  const file = options.file ?? SAMPLE;
  const app = await readVotingApp(file);
  const folder = openDataFolder(join(options.data, app.name));
  try {
    return await runPoll(options, file, app, folder);
  } catch (error) {
    if (error instanceof CannotListen || error instanceof StoreOwnedByOther) {
      throw new UsageError(error.message, { cause: error });
    }
    throw error;
  } finally {
    folder.release();
  }
}

async function runPoll(options: UpOptions, file: string, app: LoadedVotingApp, folder: DataFolder): Promise<number> {
  const logger = embeddedLogger();
  const log = logger('voteapp');
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const store = await openSqliteStore(folder.store);
  const opened = [() => store.close()];
  try {
    const revision = await takeUpPoll(store, file, app);
    writePollFile(folder.pollFile, app, revision);
    const queue = await openEmbeddedQueue({
      directory: folder.queue,
      onFailure(error) {
        log.fatal({ err: error }, 'The journal cannot be written');
        process.exit(EXIT.failed);
      },
    });
    opened.unshift(() => queue.close());
    const services = await startServices({
      host: options.host,
      ports: { vote: options.votePort, worker: options.workerPort, front: options.frontPort },
      app,
      folder,
      queue,
      store,
      logger,
      onRefusedEdit: (problems) => say(problems.map((problem) => `${file}: ${problem}.`).join('\n')),
    });
    opened.unshift(() => services.stop());
    folder.writeRun({ pid: process.pid, urls: services.urls });
    await greet(store, app, services.urls, folder);
    const edits = followEdits({ file, app, pollFile: folder.pollFile, revision }, say, log);
    const count = showCount(store, { stream: process.stderr, now: Date.now, log });
    return await drainOnSignal(
      {
        async stop() {
          await edits.stop();
          await services.stop();
          await count.stop();
        },
      },
      log,
    );
  } finally {
    for (const close of opened) await close();
  }
}

/** Makes the file's poll the stored one; returns its revision. Throws {@link UsageError} when the round forbids it. */
async function takeUpPoll(store: VoteStore, file: string, app: LoadedVotingApp): Promise<number> {
  await store.open(storeOwner(app));
  const revision = ((await store.currentDefinition())?.revision ?? 0) + 1;
  const result = await store.putBase(revision, app.base, Date.now());
  if (result.outcome !== 'refused') return revision;
  throw new UsageError(result.problems.map((problem) => `${file}: ${sentence(problem)}.`).join('\n'));
}

async function greet(store: VoteStore, app: LoadedVotingApp, urls: Urls, folder: DataFolder): Promise<void> {
  const definition = await store.currentDefinition();
  if (definition === null) throw new Error('The poll was written and is not there.');
  const final = (await store.snapshot(definition.round))?.final !== null;
  const lines = [
    `${definition.title} (${pollState(definition, Date.now(), final).toLowerCase()})`,
    '',
    `  Vote      ${urls.vote}`,
    `  Results   ${urls.results}`,
    `  Worker    ${urls.worker}/api/healthchecksqs`,
    `  Data      ${relative(process.cwd(), folder.path) || '.'}`,
    '',
    ...(app.ignored.length > 0 ? [`Ignored without a cluster: ${app.ignored.join(', ')}.`] : []),
    'Ctrl-C stops the poll; its votes stay.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Logs go to standard error: standard output is for the answer. LOG_LEVEL chooses how much; default: warnings. */
function embeddedLogger(): (service: string) => Logger {
  const { LOG_LEVEL: level } = parseConfig(LOG_ENV, { LOG_LEVEL: 'warn', ...process.env });
  return createLoggers({
    level,
    pretty: process.stderr.isTTY,
    destination: destination({ dest: 2, sync: true }),
  });
}

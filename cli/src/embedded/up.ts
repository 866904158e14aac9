import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sharedEnv } from '@voteapp/contracts/env/shared';
import { pollState } from '@voteapp/contracts/definition';
import { parseConfig } from '@voteapp/kit/config';
import { createLoggers, type Logger } from '@voteapp/kit/log';
import { drainOnSignal } from '@voteapp/kit/lifecycle';
import { CannotListen } from '@voteapp/kit/server';
import { openEmbeddedQueue } from '@voteapp/queue/embedded/embedded-queue';
import { openSqliteStore } from '@voteapp/store/sqlite/store';
import { StoreOwnedByOther, type VoteStore } from '@voteapp/store/port';
import { destination } from 'pino';
import * as z from 'zod';

import { openControl } from './control.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { showCount } from './count-line.ts';
import { PollSource } from './poll-source.ts';
import { startServices, type Urls } from './services.ts';
import { type LoadedVotingApp, readVotingApp } from './voting-app-file.ts';
import { EXIT, UsageError } from '../exit-codes.ts';

const SAMPLE = fileURLToPath(new URL('../../../manifests/samples/coca-pepsi.yaml', import.meta.url));

const LOG_ENV = z.object({ LOG_LEVEL: sharedEnv.LOG_LEVEL });

export interface UpOptions {
  readonly file?: string;
  readonly data: string;
  readonly host: string;
  readonly votePort: number;
  readonly workerPort: number;
  readonly frontPort: number;
}

/** Runs the poll of a file until a signal ends it. Throws {@link UsageError}. */
export async function up(options: UpOptions): Promise<number> {
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
    const source = new PollSource({ file, app, folder, store, now: Date.now });
    await source.start();
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
    });
    opened.unshift(() => services.stop());
    const control = await openControl(app.name, source, log);
    opened.unshift(() => control.stop());
    const { namespace } = app;
    folder.writeRun({ pid: process.pid, namespace, urls: services.urls, control: control.address });
    await greet(store, app, services.urls, folder, source.changedOnAir);
    const edits = source.follow(say, log);
    const count = showCount(store, { stream: process.stderr, now: Date.now, log });
    return await drainOnSignal(
      {
        async stop() {
          await control.stop();
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

async function greet(
  store: VoteStore,
  app: LoadedVotingApp,
  urls: Urls,
  folder: DataFolder,
  changed: readonly string[],
): Promise<void> {
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
    ...(changed.length > 0 ? [`Not as the file says, for it was changed on air: ${changed.join(', ')}.`] : []),
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

import type * as z from 'zod';

import { ConfigError, parseConfig } from './config.ts';
import { drainOnSignal, type Running } from './lifecycle.ts';
import { createLogger, type Logger } from './log.ts';
import { createRegistry, type Registry } from './metrics.ts';

/** Exit codes of a service. */
export const EXIT = { drained: 0, fatal: 1, badConfig: 2 } as const;

export interface ServiceProcess<Config> {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  /** Ends the process after an error from which it cannot recover. */
  readonly fatal: (error: unknown) => never;
}

/**
 * Runs a service as a process of its own: configuration from the environment, logs to standard output (for a person
 * when that is a terminal), a drain on SIGTERM. Ends the process with one of {@link EXIT}.
 */
export async function runProcess<Schema extends z.ZodObject<{ LOG_LEVEL: z.ZodType<string> }>>(
  service: string,
  schema: Schema,
  start: (process: ServiceProcess<z.output<Schema>>) => Promise<Running>,
): Promise<void> {
  const config = readConfig(schema);
  const log = createLogger({ level: config.LOG_LEVEL, service, pretty: process.stdout.isTTY });
  const fatal = (error: unknown): never => {
    log.fatal({ err: error }, 'Fatal error');
    process.exit(EXIT.fatal);
  };
  // After an error that nobody handled the state is unknown; a supervisor starts a process whose state is known.
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  const running = await start({ config, log, registry: createRegistry(service, true), fatal });
  process.exit(await drainOnSignal(running, log));
}

function readConfig<Schema extends z.ZodObject>(schema: Schema): z.output<Schema> {
  try {
    return parseConfig(schema, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT.badConfig);
  }
}

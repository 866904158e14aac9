import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export interface LogOptions {
  readonly level: string;
  /** Coloured lines for a person instead of JSON for a collector. */
  readonly pretty?: boolean;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * JSON lines with `level` as a word, `time` in ISO 8601 and `service`. Gives a logger for each service that shares the
 * destination.
 */
export function createLoggers({
  level,
  pretty: forPerson = false,
  destination,
}: LogOptions): (service: string) => Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const person = {
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'service',
    messageFormat: '{service}: {msg}',
    destination: destination ?? 1,
    sync: true,
  };
  const root = forPerson ? pino(options, pretty(person)) : pino(options, destination ?? pino.destination(1));
  return (service) => root.child({ service });
}

/** The logger of a process with one service. */
export function createLogger({ service, ...options }: LogOptions & { readonly service: string }): Logger {
  return createLoggers(options)(service);
}

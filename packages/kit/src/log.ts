import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export interface LogOptions {
  readonly level: string;
  /** Every line carries it as `service`. */
  readonly service: string;
  /** Coloured lines for a person instead of JSON for a collector. */
  readonly pretty?: boolean;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** JSON lines with `level` as a word and `time` in ISO 8601. */
export function createLogger({ level, service, pretty: forPerson = false, destination }: LogOptions): Logger {
  const options = {
    level,
    base: { service },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (!forPerson) return destination === undefined ? pino(options) : pino(options, destination);
  return pino(
    options,
    pretty({
      translateTime: 'SYS:HH:MM:ss',
      ignore: 'pid,hostname,service',
      messageFormat: '{service}: {msg}',
      destination: destination ?? 1,
      sync: true,
    }),
  );
}

import { Writable } from 'node:stream';

import { createLogger, type Logger } from '@voteapp/kit/log';

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A logger whose lines a test can read. */
export function recordedLog(level = 'info'): { readonly log: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  return { log: createLogger({ level, service: 'test', destination }), lines };
}

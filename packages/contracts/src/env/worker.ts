import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { pollFile, port, sharedEnv } from './shared.ts';

/** Environment of the worker. Each name may be given as `<NAME>_FILE` instead. */
export const workerEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.worker).describe('Port of the health routes.'),
  POLL_FILE: pollFile,
});

export type WorkerConfig = z.output<typeof workerEnv>;

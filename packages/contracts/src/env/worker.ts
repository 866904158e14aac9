import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { port, sharedEnv } from './shared.ts';

/** Environment of the worker. Each name may be given as `<NAME>_FILE` instead. */
export const workerEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.worker),
  POLL_FILE: z.string().min(1),
});

export type WorkerConfig = z.output<typeof workerEnv>;

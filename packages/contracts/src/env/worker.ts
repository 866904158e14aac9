import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { queueEnv, withQueue } from './queue.ts';
import { pollFile, port, sharedEnv } from './shared.ts';
import { storeEnv } from './store.ts';

/** What the worker itself is told, wherever it runs. */
export const workerEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.worker).describe('Port of the health routes.'),
  POLL_FILE: pollFile,
});

export type WorkerConfig = z.output<typeof workerEnv>;

/** Environment of the worker as a process. Each name may be given as `<NAME>_FILE` instead. */
export const workerProcessEnv = withQueue(z.object({ ...workerEnv.shape, ...queueEnv, ...storeEnv }));

import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { port, publicVoteUrl, sessionKey, sharedEnv } from './shared.ts';
import { storeEnv } from './store.ts';

/** What the front service itself is told, wherever it runs. */
export const frontEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.front).describe('Port of the results.'),
  PUBLIC_VOTE_URL: publicVoteUrl,
  SESSION_KEY: sessionKey,
});

export type FrontConfig = z.output<typeof frontEnv>;

/** Environment of the front service as a process. Each name may be given as `<NAME>_FILE` instead. */
export const frontProcessEnv = z.object({ ...frontEnv.shape, ...storeEnv });

import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { port, secretKey, sharedEnv } from './shared.ts';

/** Environment of the front service. Each name may be given as `<NAME>_FILE` instead. */
export const frontEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.front),
  PUBLIC_VOTE_URL: z.url().optional(),
  PUBLIC_RESULTS_URL: z.url().optional(),
  SESSION_KEY: secretKey,
  TRUSTED_PROXIES: z.string().default(''),
});

export type FrontConfig = z.output<typeof frontEnv>;

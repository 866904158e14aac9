import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { port, secretKey, sharedEnv } from './shared.ts';

/** Environment of the vote service. Each name may be given as `<NAME>_FILE` instead. */
export const voteEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.vote),
  POLL_FILE: z.string().min(1),
  FRONT_URL: z.url(),
  PUBLIC_VOTE_URL: z.url().optional(),
  PUBLIC_RESULTS_URL: z.url().optional(),
  SESSION_KEY: secretKey,
  ROUND_KEY: secretKey,
  TRUSTED_PROXIES: z.string().default(''),
});

export type VoteConfig = z.output<typeof voteEnv>;

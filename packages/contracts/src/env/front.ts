import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { port, publicResultsUrl, publicVoteUrl, sessionKey, sharedEnv, trustedProxies } from './shared.ts';

/** Environment of the front service. Each name may be given as `<NAME>_FILE` instead. */
export const frontEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.front).describe('Port of the results.'),
  PUBLIC_VOTE_URL: publicVoteUrl,
  PUBLIC_RESULTS_URL: publicResultsUrl,
  SESSION_KEY: sessionKey,
  TRUSTED_PROXIES: trustedProxies,
});

export type FrontConfig = z.output<typeof frontEnv>;

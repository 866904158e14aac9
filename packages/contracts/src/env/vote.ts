import * as z from 'zod';

import { PORTS } from '../ports.ts';
import {
  pollFile,
  port,
  publicResultsUrl,
  publicVoteUrl,
  secretKey,
  sessionKey,
  sharedEnv,
  trustedProxies,
} from './shared.ts';

/** Environment of the vote service. Each name may be given as `<NAME>_FILE` instead. */
export const voteEnv = z.object({
  ...sharedEnv,
  PORT: port.default(PORTS.vote).describe('Port of the vote page and API.'),
  POLL_FILE: pollFile,
  FRONT_URL: z.url().describe('Where the definition and the results are pulled from.'),
  PUBLIC_VOTE_URL: publicVoteUrl,
  PUBLIC_RESULTS_URL: publicResultsUrl,
  SESSION_KEY: sessionKey,
  ROUND_KEY: secretKey.describe('Makes tags of voters; only the vote service holds it.'),
  TRUSTED_PROXIES: trustedProxies,
});

export type VoteConfig = z.output<typeof voteEnv>;

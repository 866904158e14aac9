import * as z from 'zod';

import { PORTS } from '../ports.ts';
import { queueEnv, withQueue } from './queue.ts';
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

/** What the vote service itself is told, wherever it runs. */
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

/** Environment of the vote service as a process. Each name may be given as `<NAME>_FILE` instead. */
export const voteProcessEnv = withQueue(z.object({ ...voteEnv.shape, ...queueEnv }));

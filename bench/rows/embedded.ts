import { POLICIES } from '@voteapp/contracts/poll';

import { startEmbedded } from '../targets/embedded.ts';
import { comparison } from './comparison.ts';

const RATE_SHARE = 0.4;
const VOTES_PER_SECOND = 15_000;

/** One process on a laptop. */
export const EMBEDDED = POLICIES.map((policy) =>
  comparison({
    name: `embedded-${policy}`,
    title: `\`voteapp up\`, ${policy}`,
    runs: policy === 'LastVoteWins' ? 'quick' : 'whole',
    target: () => startEmbedded(policy),
    limits: ({ ratios, votesPerSecond }) => [
      {
        name: 'votes/s, share of bare',
        measured: ratios.rate.lower,
        keeps: 'at least',
        limit: RATE_SHARE,
        unit: '×',
      },
      { name: 'durable votes/s', measured: votesPerSecond, keeps: 'at least', limit: VOTES_PER_SECOND, unit: '/s' },
    ],
  }),
);

import type { Definition } from '@voteapp/contracts/definition';

/** An open coca × pepsi poll in which `changes` hold. */
export function definition(changes: Partial<Definition> = {}): Definition {
  return {
    round: 'drinks',
    title: 'Coca × Pepsi',
    options: [
      { id: 'coca', label: 'Coca' },
      { id: 'pepsi', label: 'Pepsi' },
    ],
    policy: 'LastVoteWins',
    shards: 1,
    voters: ['Cookie', 'Named'],
    timeZone: 'UTC',
    visibility: 'Always',
    comments: { enabled: false, publicEmails: false },
    retentionDays: 30,
    opensAt: null,
    closesAt: null,
    suspensions: [],
    version: 1,
    revision: 1,
    ...changes,
  };
}

/** What `voteapp status --for` waits for: conditions of a VotingApp. */
export const GOALS = ['Ready', 'Open', 'Final'] as const;
export type Goal = (typeof GOALS)[number];

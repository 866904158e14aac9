// Apart from the schema, for help that loads none.

/** Which votes of one voter count. */
export const POLICIES = ['LastVoteWins', 'FirstVoteWins', 'Unlimited'] as const;

/** When the results are shown. */
export const VISIBILITIES = ['Always', 'AfterVote', 'AfterClose'] as const;

export type Policy = (typeof POLICIES)[number];
export type Visibility = (typeof VISIBILITIES)[number];

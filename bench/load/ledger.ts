import type { Policy } from '@voteapp/contracts/poll';

/** The votes of a run by number: 0, 1, 2, … Who votes for what follows from the number alone. */
export interface Ballots {
  /** Vote k is voter k mod `voters`' vote number k div `voters`. */
  readonly voters: number;
  /** The j-th vote of voter i is for option (i + j) mod `options`, so that nobody votes twice for the same. */
  readonly options: number;
}

export function voterOf({ voters }: Ballots, vote: number): number {
  return vote % voters;
}

export function optionOf({ voters, options }: Ballots, vote: number): number {
  return ((vote % voters) + Math.floor(vote / voters)) % options;
}

/** What a store says of a poll, in the order of the options. */
export interface Tally {
  /** Votes applied, and votes that the policy counts, as the counters have them. */
  readonly cast: readonly number[];
  readonly votes: readonly number[];
  /** The same counted anew from what is stored of each voter; null where nothing is. */
  readonly rows: readonly number[] | null;
  /** Entries set aside, and votes applied before. */
  readonly rejected: number;
  readonly duplicates: number;
}

/** No votes for any option. */
export function zeros(options: number): number[] {
  return Array.from({ length: options }, () => 0);
}

/** The tally of the votes 0 … `sent` − 1 but those that were `refused`, each applied once. */
export function expectedTally(
  ballots: Ballots,
  policy: Policy,
  sent: number,
  refused: ReadonlySet<number>,
): { readonly cast: readonly number[]; readonly votes: readonly number[] } {
  const { voters, options } = ballots;
  const cast = zeros(options);
  const choices = new Uint8Array(voters);
  for (let vote = 0; vote < sent; vote += 1) {
    if (refused.has(vote)) continue;
    const option = optionOf(ballots, vote);
    cast[option] = (cast[option] ?? 0) + 1;
    const voter = voterOf(ballots, vote);
    // 0: has not voted.
    if (policy === 'LastVoteWins' || choices[voter] === 0) choices[voter] = option + 1;
  }
  if (policy === 'Unlimited') return { cast, votes: cast };
  const votes = zeros(options);
  for (const choice of choices) if (choice > 0) votes[choice - 1] = (votes[choice - 1] ?? 0) + 1;
  return { cast, votes };
}

/** How many votes a store has wrong: missing, doubled, for another option, set aside, or differently stored and counted. */
export function wrongVotes(tally: Tally, expected: ReturnType<typeof expectedTally>): number {
  const apart = (some: readonly number[], others: readonly number[]): number =>
    others.reduce((sum, other, option) => sum + Math.abs((some[option] ?? 0) - other), 0);
  const inRows = tally.rows === null ? 0 : apart(tally.rows, expected.votes);
  return (
    apart(tally.cast, expected.cast) + apart(tally.votes, expected.votes) + inRows + tally.rejected + tally.duplicates
  );
}

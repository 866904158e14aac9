import { randomUUID } from 'node:crypto';

import { type PublicPoll, publicPoll } from '@voteapp/contracts/http/poll';

import type { PollOptions } from '../command.ts';
import { EXIT, type ExitCode, UsageError } from '../exit-codes.ts';
import { failureOf, jsonOf } from '../poll/answers.ts';
import type { Poll } from '../poll/poll.ts';
import { withPoll } from '../poll/with-poll.ts';
import { shownCount } from '../terminal/count.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Ballot, cast, type Outcome } from './cast.ts';
import { type VoteOutput, voteOutput } from './vote-output.ts';

export interface VoteOptions extends PollOptions {
  readonly voter?: string;
  readonly count: number;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Votes on their way at once. */
const IN_FLIGHT = 16;
const PROGRESS_MS = 5_000;

async function readPoll(poll: Poll): Promise<PublicPoll> {
  const answer = await poll.ask('vote', '/api/poll');
  const body = await jsonOf(answer);
  const read = publicPoll.safeParse(body);
  if (!read.success) throw failureOf(poll.name, answer.status, body);
  return read.data;
}

/** The voter of each vote: the named one, or another for each; undefined: whoever the service gives a cookie. */
function voterOf({ voters }: PublicPoll, { voter }: VoteOptions, run: string): (nth: number) => string | undefined {
  if (voter !== undefined) return () => voter;
  // A named voter stays the same when a vote is sent again, whatever became of the first answer.
  return voters.includes('Named') ? (nth) => `voteapp-${run}-${nth}` : () => undefined;
}

interface Tally {
  accepted: number;
  unknown: number;
  /** Why the last of the unknown ones is so. */
  why: string;
  readonly refused: Map<string, { message: string; votes: number }>;
  last: Outcome | null;
}

function count(tally: Tally, outcome: Outcome): void {
  tally.last = outcome;
  if (outcome.kind === 'accepted') tally.accepted += 1;
  else if (outcome.kind === 'unknown') {
    tally.unknown += 1;
    tally.why = outcome.message;
  } else {
    const { code, message } = outcome;
    tally.refused.set(code, { message, votes: (tally.refused.get(code)?.votes ?? 0) + 1 });
  }
}

function refusedVotes({ refused }: Tally): number {
  return [...refused.values()].reduce((sum, { votes }) => sum + votes, 0);
}

function progress(tally: Tally, asked: number): string {
  const sent = tally.accepted + tally.unknown + refusedVotes(tally);
  return `${shownCount(sent)} of ${shownCount(asked)} sent, ${shownCount(tally.accepted)} accepted.`;
}

async function castAll(
  poll: Poll,
  ballotOf: (nth: number) => Ballot,
  asked: number,
  terminal: Terminal,
): Promise<Tally> {
  const tally: Tally = { accepted: 0, unknown: 0, why: '', refused: new Map(), last: null };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < asked) {
      next += 1;
      count(tally, await cast(poll, ballotOf(next), terminal.signal));
    }
  };
  const telling = setInterval(() => terminal.tell(progress(tally, asked)), PROGRESS_MS);
  try {
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, asked) }, lane));
  } catch (error) {
    if (terminal.signal.aborted) terminal.tell(progress(tally, asked));
    throw error;
  } finally {
    clearInterval(telling);
  }
  return tally;
}

/** What became of votes, for a person. */
export function sentences(
  { accepted, refused, unknown }: Pick<VoteOutput, 'accepted' | 'refused' | 'unknown'>,
  asked: number,
): string {
  if (asked === 1 && accepted === 1) return 'The vote is accepted.';
  if (asked === 1) return unknown === 1 ? 'It is not known whether the vote is stored.' : 'The vote is refused.';
  const refusals = refused.reduce((sum, { votes }) => sum + votes, 0);
  return `${shownCount(accepted)} accepted, ${shownCount(refusals)} refused, ${shownCount(unknown)} unknown.`;
}

/** Votes, once or many times, by the vote service. */
export async function vote(name: string, option: string, options: VoteOptions, terminal: Terminal): Promise<ExitCode> {
  return await withPoll(name, options, terminal, async (poll) => {
    const known = await readPoll(poll);
    const ids = known.options.map(({ id }) => id);
    if (!ids.includes(option)) throw new UsageError(`${poll.name} has no option ${option}; it has ${ids.join(', ')}.`);
    const run = randomUUID();
    const voter = voterOf(known, options, run);
    const ballotOf = (nth: number): Ballot => ({ option, voter: voter(nth), id: `voteapp-${run}-${nth}` });
    const asked = options.count;
    const tally = await castAll(poll, ballotOf, asked, terminal);
    const { last } = tally;
    const only = asked === 1 && last?.kind === 'accepted' ? last : null;
    const output = voteOutput.parse({
      name: poll.name,
      namespace: poll.namespace,
      local: poll.isLocal,
      option,
      asked,
      accepted: tally.accepted,
      refused: [...tally.refused].map(([code, refusal]) => ({ code, ...refusal })),
      unknown: tally.unknown,
      id: only?.id ?? null,
      receipt: only?.receipt ?? null,
    } satisfies VoteOutput);
    terminal.print(options.output === 'text' ? sentences(output, asked) : formatted(output, options.output));
    for (const { message, votes } of output.refused) {
      terminal.tell(asked === 1 ? message : `${shownCount(votes)} refused: ${message}`);
    }
    if (tally.unknown > 0)
      terminal.tell(asked === 1 ? tally.why : `${shownCount(tally.unknown)} unknown: ${tally.why}`);
    return tally.accepted === asked ? EXIT.ok : EXIT.failed;
  });
}

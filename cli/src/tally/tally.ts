import { setTimeout as pause } from 'node:timers/promises';

import { publicPoll } from '@voteapp/contracts/http/poll';
import {
  hiddenResults,
  type HiddenResults,
  isAssumed,
  type Results,
  results,
  rounds,
} from '@voteapp/contracts/http/results';

import type { PollOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure, UsageError } from '../exit-codes.ts';
import { failureOf, jsonOf, refusalIn } from '../poll/answers.ts';
import type { Poll } from '../poll/poll.ts';
import { withPoll } from '../poll/with-poll.ts';
import { formatted } from '../terminal/format.ts';
import { live } from '../terminal/live.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { untilInterrupted } from '../terminal/until-interrupted.ts';
import { shownCount } from '../terminal/count.ts';
import { streamedEvents } from './event-stream.ts';
import { tallyPage } from './page.ts';
import { type TallyOutput, tallyOutput } from './tally-output.ts';

export interface TallyOptions extends PollOptions {
  readonly round?: string;
  readonly byHour?: boolean;
  readonly watch?: boolean;
  readonly output: 'table' | 'json' | 'yaml' | 'csv';
}

const COME_BACK_MS = 2_000;

function pathOf(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** Throws `Failure` where a round is asked for that is not there; it says which ones are. */
async function unknownRound(poll: Poll, round: string | undefined): Promise<Failure> {
  const known = rounds.safeParse(await jsonOf(await poll.ask('front', '/api/rounds'))).data?.rounds ?? [];
  const names = known.map((each) => each.round).join(', ');
  return new Failure(EXIT.notFound, `There is no round ${round ?? ''} of ${poll.name}; it has ${names || 'none yet'}.`);
}

async function asked(poll: Poll, path: string, round: string | undefined): Promise<Response> {
  const answer = await poll.ask('front', path);
  if (answer.ok || answer.status === 403) return answer;
  const body = await jsonOf(answer);
  throw refusalIn(body)?.code === 'unknown_round'
    ? await unknownRound(poll, round)
    : failureOf(poll.name, answer.status, body);
}

/** Throws `Failure` where the body is neither results nor totals. */
function outputOf({ name, namespace, isLocal }: Poll, timeZone: string, status: number, body: unknown): TallyOutput {
  const about = { name, namespace, local: isLocal, timeZone };
  const shown: Results | undefined = results.safeParse(body).data;
  if (shown !== undefined) return tallyOutput.parse({ ...about, ...shown, hidden: null });
  const hidden: HiddenResults | undefined = hiddenResults.safeParse(body).data;
  if (hidden === undefined) throw failureOf(name, status, body);
  return tallyOutput.parse({ ...about, ...hidden.totals, hidden: hidden.error.message, options: null, hours: null });
}

async function zoneOf(poll: Poll): Promise<string> {
  return publicPoll.safeParse(await jsonOf(await poll.ask('front', '/api/poll'))).data?.timeZone ?? 'UTC';
}

async function printCsv(poll: Poll, { round, byHour = false }: TallyOptions, terminal: Terminal): Promise<void> {
  const path = pathOf('/api/results.csv', { round, by: byHour ? 'hour' : undefined });
  const answer = await asked(poll, path, round);
  if (answer.ok) {
    terminal.write(await answer.text());
    return;
  }
  const why = refusalIn(await jsonOf(answer))?.message ?? '';
  throw new Failure(EXIT.failed, `${why} \`voteapp tally ${poll.name}\` shows the totals.`.trim());
}

/** The results whenever they change; ends when the service ends the stream. */
async function* streamed(
  poll: Poll,
  timeZone: string,
  { round }: TallyOptions,
  { tell, signal }: Pick<Terminal, 'tell' | 'signal'>,
): AsyncGenerator<TallyOutput, void> {
  // Whatever limits other answers, this one goes on for as long as somebody looks.
  const answer = await poll.ask('front', pathOf('/api/results/stream', { round }), { signal });
  if (!answer.ok || answer.body === null) {
    const body = await jsonOf(answer);
    const isUnknown = refusalIn(body)?.code === 'unknown_round';
    throw isUnknown ? await unknownRound(poll, round) : failureOf(poll.name, answer.status, body);
  }
  for await (const { type, data } of streamedEvents(answer.body)) {
    const body = JSON.parse(data) as unknown;
    if (type === 'unavailable') tell(refusalIn(body)?.message ?? 'The results cannot be read right now.');
    else yield outputOf(poll, timeZone, answer.status, body);
  }
}

async function watch(poll: Poll, timeZone: string, options: TallyOptions, terminal: Terminal): Promise<ExitCode> {
  const { signal } = terminal;
  const byHour = options.byHour === true;
  const shown = live<TallyOutput>(
    {
      format: options.output === 'json' || options.output === 'yaml' ? options.output : 'text',
      lines: (tally) => tallyPage(tally, terminal, { byHour }),
      news: ({ counted, pending, state, final }) =>
        `${shownCount(counted)} counted, ${pending === null ? 'waiting: not known' : `${shownCount(pending)} pending`}, ${final === null ? state : isAssumed(final) ? 'final (assumed)' : 'final'}`,
    },
    terminal,
  );
  let hasSeen = false;
  const follow = async (): Promise<void> => {
    for (;;) {
      try {
        for await (const tally of streamed(poll, timeZone, options, terminal)) {
          hasSeen = true;
          shown.show(tally);
          if (tally.final !== null) return;
        }
      } catch (error) {
        signal.throwIfAborted();
        // A replica that went away; the next one goes on.
        if (!hasSeen) throw error;
      }
      await pause(COME_BACK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };
  try {
    return await untilInterrupted(terminal, follow);
  } finally {
    shown.end();
  }
}

/** Shows the count of a round; once, or whenever it changes, until it is final. */
export async function tally(name: string | undefined, options: TallyOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.watch === true && options.output === 'csv') throw new UsageError('--watch shows no CSV: leave one out.');
  return await withPoll(name, options, terminal, async (poll) => {
    if (options.output === 'csv') {
      await printCsv(poll, options, terminal);
      return EXIT.ok;
    }
    if (options.watch === true) return await watch(poll, await zoneOf(poll), options, terminal);
    const path = pathOf('/api/results', { round: options.round });
    const [timeZone, answer] = await Promise.all([zoneOf(poll), asked(poll, path, options.round)]);
    const output = outputOf(poll, timeZone, answer.status, await jsonOf(answer));
    const text =
      options.output === 'table'
        ? tallyPage(output, terminal, { byHour: options.byHour === true }).join('\n')
        : formatted(output, options.output);
    terminal.print(text);
    return EXIT.ok;
  });
}

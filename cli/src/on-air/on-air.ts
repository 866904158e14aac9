import type { PollOptions } from '../command.ts';
import { until } from '../cluster/until.ts';
import { momentOf } from '../create/moment.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import type { Poll, PollNow } from '../poll/poll.ts';
import { withPoll } from '../poll/with-poll.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type OnAirOutput, onAirOutput } from './on-air-output.ts';
import { hasArrived, type OnAirVerb, type OnAirWish, planOf } from './plan.ts';

export interface OnAirOptions extends PollOptions {
  readonly at?: string;
  /** In ms. */
  readonly in?: number;
  /** In ms. */
  readonly for?: number;
  readonly wait?: boolean;
  /** In ms. */
  readonly timeout: number;
  readonly output: 'text' | 'json' | 'yaml';
}

const LOOK_MS = 500;

function wishOf(verb: OnAirVerb, options: OnAirOptions, timeZone: string, now: number): OnAirWish {
  const at =
    options.at === undefined
      ? options.in === undefined
        ? null
        : now + options.in
      : Date.parse(momentOf('--at', options.at, timeZone));
  return { verb, at, forMs: options.for ?? null };
}

function outputOf({ name, namespace, isLocal }: Poll, now: PollNow, changed: boolean): OnAirOutput {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return onAirOutput.parse({
    name,
    namespace,
    local: isLocal,
    round: now.round,
    changed,
    revision: now.revision,
    judgedRevision: now.judged?.revision ?? null,
    state: now.judged?.state ?? null,
    opensAt: iso(now.opensAt),
    closesAt: iso(now.closesAt),
    suspend: now.suspend,
  } satisfies OnAirOutput);
}

/** Resolves with the poll when its services judge by the revision. Throws a timeout `Failure` when they never do. */
async function arrived(
  poll: Poll,
  wish: OnAirWish,
  revision: number,
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<PollNow> {
  let last: PollNow | null = null;
  const look = async (): Promise<PollNow | null> => {
    last = await poll.now();
    return hasArrived(last, wish, revision) ? last : null;
  };
  const late = (): string => {
    const by = last?.judged
      ? `revision ${last.judged.revision} (${last.judged.state})`
      : 'a revision that is not known';
    return `${poll.name} was changed, and its services judge by ${by} still, not by ${revision}: see \`voteapp status ${poll.name}\`.`;
  };
  return await until(look, { timeoutMs: timeout, signal, late, everyMs: LOOK_MS });
}

/** Opens, closes, suspends or resumes a poll: edits its definition, and waits for its services where that is wished. */
export async function onAir(
  verb: OnAirVerb,
  name: string | undefined,
  options: OnAirOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return await withPoll(name, options, terminal, async (poll) => {
    const { signal } = terminal;
    const before = await poll.now();
    const now = terminal.now();
    const wish = wishOf(verb, options, before.timeZone, now);
    const { edit, words } = planOf(before, wish, now);
    const isText = options.output === 'text';
    const revision = edit === null ? before.revision : await poll.edit(edit);
    const sentence = edit === null ? `${poll.name} ${words}.` : `${poll.name} ${words}: revision ${revision}.`;
    let after = edit === null ? before : await poll.now();
    if (options.wait === true) {
      terminal.tell(sentence);
      if (after.hindrance !== null) throw new Failure(EXIT.failed, after.hindrance);
      after = await arrived(poll, wish, revision, { timeout: options.timeout, signal });
      const { judged } = after;
      if (isText) terminal.print(`${poll.name} is ${judged?.state ?? ''}, by revision ${judged?.revision ?? ''}.`);
    } else {
      if (isText) terminal.print(sentence);
      if (after.hindrance !== null) terminal.tell(after.hindrance);
    }
    if (options.output !== 'text') terminal.print(formatted(outputOf(poll, after, edit !== null), options.output));
    return EXIT.ok;
  });
}

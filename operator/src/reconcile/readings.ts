import { type ServiceName, objectNames } from '@voteapp/contracts/cluster-objects';
import type { PollState } from '@voteapp/contracts/definition';
import { DEFINITION_PATH, publicPoll } from '@voteapp/contracts/http/poll';
import { hiddenResults, isAssumed, results } from '@voteapp/contracts/http/results';
import * as z from 'zod';

/** What the services of a VotingApp say of themselves; null: nothing could be heard. */
export interface Reading {
  readonly queue: boolean | null;
  readonly database: boolean | null;
  /** Revision of the definition that the services judge by. */
  readonly revision: number | null;
  readonly state: PollState | null;
  readonly count: {
    readonly total: number;
    /** Votes per option; null while they are hidden. */
    readonly options: readonly { readonly id: string; readonly votes: number }[] | null;
    readonly pending: number | null;
    readonly isFinal: boolean;
    /** Whether it is taken to be final without proof. */
    readonly isAssumed: boolean;
    readonly asOf: string;
  } | null;
}

export const NOTHING_HEARD: Reading = { queue: null, database: null, revision: null, state: null, count: null };

/** How a service is asked: by its Service's name, on port 80. */
export type Fetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;

export interface ReadingsOptions {
  readonly fetch: Fetch;
  /** A clock that never goes back, in ms. */
  readonly now: () => number;
  /** Ends what is being asked: whoever waits for it is thrown the reason. */
  readonly signal?: AbortSignal;
  readonly ageMs?: number;
  readonly timeoutMs?: number;
}

/** How old a reading may be, in ms, before the services are asked again. */
const AGE_MS = 1_500;
const TIMEOUT_MS = 2_000;
/** How long, in ms, what a service said counts when it does not answer: one slow answer is no news. */
const PATIENCE_MS = 15_000;

const definition = z.object({ revision: z.int() });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What each URL answered last, and when. */
type Answers = Map<string, { readonly at: number; readonly answer: Answer }>;

/** What is known of an app. */
interface Known {
  readonly at: number;
  readonly reading: Promise<Reading>;
  readonly answers: Answers;
}

/** Asks the services, over HTTP, how they and the poll are. */
export class Readings {
  readonly #options: ReadingsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: ReadingsOptions) {
    this.#options = options;
  }

  /** What a URL answers, or else what it answered lately. */
  async #ask(url: string, answers: Answers): Promise<Answer | null> {
    const { fetch, now, signal, timeoutMs = TIMEOUT_MS } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
      const answer = { status: response.status, body: await response.json() };
      answers.set(url, { at: now(), answer });
      return answer;
    } catch {
      signal?.throwIfAborted();
      const last = answers.get(url);
      if (last !== undefined && now() - last.at < PATIENCE_MS) return last.answer;
      answers.delete(url);
      return null;
    }
  }

  /** What was heard last of an app; asks only the services that are `up`, and again when that is too old. */
  async of(app: { namespace: string; name: string; uid: string }, up: ReadonlySet<ServiceName>): Promise<Reading> {
    const { now, ageMs = AGE_MS } = this.#options;
    const known = this.#known.get(app.uid);
    if (known !== undefined && now() - known.at < ageMs) return await known.reading;
    const answers: Answers = known?.answers ?? new Map();
    const reading = this.#read(app, up, answers);
    this.#known.set(app.uid, { at: now(), reading, answers });
    return await reading;
  }

  /** What was heard last, without asking. */
  async last(uid: string): Promise<Reading> {
    return (await this.#known.get(uid)?.reading) ?? NOTHING_HEARD;
  }

  forget(uid: string): void {
    this.#known.delete(uid);
  }

  async #read(
    { namespace, name }: { namespace: string; name: string },
    up: ReadonlySet<ServiceName>,
    answers: Answers,
  ): Promise<Reading> {
    const names = objectNames(name);
    const ask = async (service: ServiceName, path: string): Promise<Answer | null> =>
      up.has(service) ? await this.#ask(`http://${names.service(service)}.${namespace}${path}`, answers) : null;
    const [queue, database, revision, poll, count] = await Promise.all([
      ask('vote', '/api/healthcheck'),
      ask('worker', '/api/healthcheckmysql'),
      ask('front', DEFINITION_PATH),
      ask('front', '/api/poll'),
      ask('front', '/api/results'),
    ]);
    return {
      queue: healthOf(queue),
      database: healthOf(database),
      revision: definition.safeParse(revision?.body).data?.revision ?? null,
      state: publicPoll.safeParse(poll?.body).data?.state ?? null,
      count: countOf(count),
    };
  }
}

/** The compatibility routes say 200 or 503; anything else is not theirs. */
function healthOf(answer: Answer | null): boolean | null {
  if (answer?.status === 200) return true;
  return answer?.status === 503 ? false : null;
}

function countOf(answer: Answer | null): Reading['count'] {
  const shown = results.safeParse(answer?.body);
  const hidden = hiddenResults.safeParse(answer?.body);
  const totals = shown.data ?? hidden.data?.totals;
  if (totals === undefined) return null;
  const { counted, pending, final, asOf } = totals;
  const options = shown.data?.options.map(({ id, votes }) => ({ id, votes })) ?? null;
  return { total: counted, options, pending, isFinal: final !== null, isAssumed: isAssumed(final), asOf };
}

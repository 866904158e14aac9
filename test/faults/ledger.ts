import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

import { until } from './system.ts';

/** A status, or what came instead: `broken`, the connection ended; `late`, nobody waited any longer. */
export type Answer = number | 'broken' | 'late';

export interface LoadOptions {
  /** Where votes go, asked for each attempt: replicas come and go. */
  readonly targets: () => readonly string[];
  readonly votesPerSecond: number;
  /** Votes of the same voter are votes that change; default: each vote has a voter of its own. */
  readonly voters?: number;
  /** Which votes carry an id of the caller; default: every other one. */
  readonly ids?: 'all' | 'some' | 'none';
  /** How often each vote is sent at once; default: 1. */
  readonly copies?: number;
  /** How long an attempt that had no answer, or a 503, is followed by another; default: 20 s. */
  readonly retryForMs?: number;
}

/** One vote and what became of it. Times are ms since the epoch. */
export interface Vote {
  readonly voter: string;
  /** Index of its option. */
  readonly choice: number;
  readonly id: string | null;
  readonly sentAt: number;
  /** Attempts that may be stored: all but those that a 4xx refused. */
  possible: number;
  /** null: under way. `refused`: the last answer was a 4xx or 503; `unknown`: there was none. */
  outcome: 'accepted' | 'refused' | 'unknown' | null;
  settledAt: number;
}

/** An answer 202: this vote must be stored. */
export interface Acceptance {
  readonly vote: Vote;
  readonly seq: number;
  /** When this attempt was sent. */
  readonly sentAt: number;
  /** The replica that gave it. */
  readonly by: string;
}

/** One request. */
interface Attempt {
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly answer: Answer;
}

interface Response {
  readonly answer: Answer;
  readonly retryAfter?: string | undefined;
  readonly body: string;
}

export const OPTIONS = ['coca', 'pepsi', 'guarana'] as const;

const TICK_MS = 10;
const TIMEOUT_MS = 8_000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3_000;
const RETRY_FOR_MS = 20_000;
const LAST_OPTION = OPTIONS.length;

/**
 * Sends votes at a rate that does not depend on the answers, each to a replica in turn, and again where the answer leaves
 * it open. Remembers every vote and every answer.
 */
export class Ledger {
  readonly votes: Vote[] = [];
  readonly acceptances: Acceptance[] = [];
  readonly attempts: Attempt[] = [];
  /** Answers that no vote may have, in words. */
  readonly wrongAnswers = new Set<string>();
  readonly #options: LoadOptions;
  // As many connections as votes are under way: one that waited here for another would not be sent when it is due.
  readonly #agent = new Agent({ keepAlive: true });
  readonly #running = new Set<Promise<void>>();
  readonly #delay = monitorEventLoopDelay({ resolution: TICK_MS });
  #timer: NodeJS.Timeout | undefined;
  #rate: number;
  #startedAt = 0;
  #due = 0;
  #turn = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#rate = options.votesPerSecond;
  }

  start(): void {
    this.#delay.enable();
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#startedAt) / 1_000) * this.#rate;
      while (this.#due < due) {
        this.#due += 1;
        this.#cast();
      }
    }, TICK_MS);
  }

  /** Goes on at another rate. */
  pace(votesPerSecond: number): void {
    this.#rate = votesPerSecond;
    this.#startedAt = performance.now();
    this.#due = 0;
  }

  /** Sends so many at once, beside the rate. */
  burst(votes: number): void {
    for (let n = 0; n < votes; n += 1) this.#cast();
  }

  /** Sends no new votes; resolves when each has its outcome. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#delay.disable();
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  /** How late it was itself, in 1 of 100 ticks, ms. */
  get lateness(): number {
    return Math.max(0, Math.round(this.#delay.percentile(99) / 1e6) - TICK_MS);
  }

  count(outcome: Vote['outcome']): number {
    return this.votes.reduce((sum, vote) => sum + (vote.outcome === outcome ? 1 : 0), 0);
  }

  /** Attempts with such an answer that were sent in that time. */
  answers(matches: (answer: Answer) => boolean, from = 0, until = Infinity): number {
    return this.attempts.filter(({ answer, sentAt }) => sentAt >= from && sentAt <= until && matches(answer)).length;
  }

  /** How long 99 of 100 answers of that kind took to attempts of that time, ms. */
  slowest(matches: (answer: Answer) => boolean, from = 0, until = Infinity): number {
    const times = this.attempts
      .filter(({ answer, sentAt }) => sentAt >= from && sentAt <= until && matches(answer))
      .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
      .sort((a, b) => a - b);
    return times[Math.floor(times.length * 0.99)] ?? 0;
  }

  /** Resolves, with the time that it took in ms, when a vote is accepted that is sent from now on. */
  async accepting(): Promise<number> {
    const [from, known] = [Date.now(), this.acceptances.length];
    const isAccepted = (): boolean => this.acceptances.slice(known).some(({ sentAt }) => sentAt >= from);
    await until('votes are accepted', isAccepted, 120_000);
    return Date.now() - from;
  }

  #cast(): void {
    const { voters = Infinity, ids = 'some', copies = 1 } = this.#options;
    const k = this.votes.length;
    const hasId = ids === 'all' || (ids === 'some' && k % 2 === 0);
    const vote: Vote = {
      voter: `voter-${voters === Infinity ? k : k % voters}`,
      // Neither evenly nor in step with the voters: another option each time round.
      choice: (k + Math.floor(k / 7) + (voters === Infinity ? 0 : Math.floor(k / voters))) % LAST_OPTION,
      id: hasId ? `vote-${k}` : null,
      sentAt: Date.now(),
      possible: 0,
      outcome: null,
      settledAt: Infinity,
    };
    this.votes.push(vote);
    const settling = this.#settle(vote, copies);
    this.#running.add(settling);
    void settling.finally(() => this.#running.delete(settling));
  }

  async #settle(vote: Vote, copies: number): Promise<void> {
    const outcomes = await Promise.all(Array.from({ length: copies }, () => this.#attempt(vote)));
    vote.outcome = outcomes.includes('accepted') ? 'accepted' : (outcomes[0] ?? 'unknown');
    vote.settledAt = Date.now();
  }

  async #attempt(vote: Vote): Promise<NonNullable<Vote['outcome']>> {
    const giveUpAt = vote.sentAt + (this.#options.retryForMs ?? RETRY_FOR_MS);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const sentAt = Date.now();
      const answer = await this.#send(vote, sentAt);
      if (answer === 202) return 'accepted';
      if (isRefusal(answer)) return 'refused';
      if (Date.now() > giveUpAt) return answer === 503 ? 'refused' : 'unknown';
      await wait(pause * (0.5 + Math.random()));
    }
  }

  async #send(vote: Vote, sentAt: number): Promise<Answer> {
    const targets = this.#options.targets();
    // Nobody there is an answer like any other: the next attempt finds whoever has come back.
    const by = targets[(this.#turn += 1) % Math.max(1, targets.length)] ?? 'http://127.0.0.1:1';
    const { voter, choice, id } = vote;
    const body = JSON.stringify({ option: OPTIONS[choice], voter, ...(id !== null && { id }) });
    const { answer, retryAfter, body: text } = await post(this.#agent, by, body);
    this.attempts.push({ sentAt, answeredAt: Date.now(), answer });
    if (!isRefusal(answer)) vote.possible += 1;
    if (answer === 202) this.acceptances.push({ vote, seq: (JSON.parse(text) as { seq: number }).seq, sentAt, by });
    else if (answer === 503 && retryAfter === undefined) this.wrongAnswers.add('503 without Retry-After');
    else if (typeof answer === 'number' && answer !== 503 && !isRefusal(answer))
      this.wrongAnswers.add(`status ${answer}`);
    return answer;
  }
}

/** The vote is not stored, and asking again would not help. */
function isRefusal(answer: Answer): boolean {
  return typeof answer === 'number' && answer >= 400 && answer < 500;
}

function post(agent: Agent, url: string, body: string): Promise<Response> {
  return new Promise((resolve) => {
    let text = '';
    const fail = (answer: Answer): void => resolve({ answer, body: '' });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sending = request(`${url}/api/vote`, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ answer: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: text }),
      );
      response.on('error', () => fail('broken'));
    });
    sending.on('timeout', () => {
      fail('late');
      sending.destroy();
    });
    sending.on('error', () => fail('broken'));
    sending.end(body);
  });
}

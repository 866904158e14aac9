import { type ErrorCode, RequestError } from '@voteapp/contracts/errors';
import type { Logger } from '@voteapp/kit/log';
import { retryAfterSeconds } from '@voteapp/web/app';

import type { PendingVote, Placement } from '../publishing/group-commit.ts';
import type { BodyReader } from './body.ts';
import type { Caller } from './caller.ts';
import type { Attempt, Judge, Judged } from './judge.ts';
import { isOutage, type Reply } from './reply.ts';
import type { CastingRoute } from './route.ts';

export interface CastingDeps {
  readonly judge: Judge;
  readonly now: () => number;
  readonly random: () => number;
  /** True once the server takes no more connections. */
  readonly draining: () => boolean;
  readonly log: Logger;
  readonly onAccepted: () => void;
  readonly onRefused: (code: ErrorCode) => void;
}

/**
 * One vote from its request to its answer. Nothing is logged of a vote that is accepted or refused; both are counted.
 *
 * An object that is told of each step, and no promises: thousands of votes wait at a time, and what each of them holds
 * is copied by every collection of garbage (docs/decisions/0026-a-waiting-vote-is-one-object.md).
 */
export class Casting implements BodyReader, PendingVote, Attempt {
  entry = '';
  def = 0;
  arrival = 0;
  readonly request: Caller;
  readonly cookies: string[] = [];
  readonly #deps: CastingDeps;
  readonly #route: CastingRoute;
  #judged: Judged | null = null;

  constructor(deps: CastingDeps, route: CastingRoute, caller: Caller) {
    this.#deps = deps;
    this.#route = route;
    this.request = caller;
  }

  // From here to the hand-over to the producer nothing may wait: a vote that arrived before the close must be in its
  // batch before the closing beat looks whether there is one.
  whole(body: Buffer): void {
    try {
      const { judge, now } = this.#deps;
      this.arrival = now();
      const judged = judge.judge(this.#route.ballotOf(body, this.request), this);
      this.entry = judged.entry;
      this.def = judged.definition.version;
      this.#judged = judged;
      judged.producer.add(judged.shard, this);
    } catch (error) {
      this.refused(error);
    }
  }

  stored(place: Placement): void {
    const { judge, onAccepted } = this.#deps;
    try {
      if (this.#judged === null) throw new Error('A vote was stored that was not judged.');
      const reply = this.#route.accepted(judge.accept(this.#judged, place, this));
      onAccepted();
      this.#answer(reply);
    } catch (error) {
      this.refused(error);
    }
  }

  refused(error: unknown): void {
    try {
      this.#answer(this.#replyTo(error));
    } catch (failure) {
      this.#deps.log.error({ err: failure }, 'Vote could not be answered');
      this.request.hangUp();
    }
  }

  #replyTo(error: unknown): Reply {
    const { log, random, onRefused } = this.#deps;
    const known = error instanceof RequestError;
    if (!known) log.error({ err: error }, 'Vote failed');
    const refused = known ? error : new RequestError('internal');
    onRefused(refused.code);
    const reply = this.#route.refused(refused, this.request);
    if (!isOutage(reply)) return reply;
    return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfterSeconds(random)) } };
  }

  #answer(reply: Reply): void {
    const { cookies } = this;
    const whole = cookies.length === 0 ? reply : { ...reply, headers: { ...reply.headers, 'set-cookie': cookies } };
    this.request.answer(whole, this.#deps.draining());
  }
}

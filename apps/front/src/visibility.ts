import { createHash } from 'node:crypto';

import { pollState, showsOptions } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { type PublicPoll, toPublicPoll } from '@voteapp/contracts/http/poll';
import type { HiddenResults, Results, Totals } from '@voteapp/contracts/http/results';
import type { MinuteCast } from '@voteapp/store/port';

import { type RoundReading, toResults, toTotals } from './results.ts';

/** Whether a viewer has proved to have voted in the round. */
export type Proof = (round: string) => boolean;

interface Face {
  /** The body as JSON. */
  readonly json: string;
  /** Names the content of the body, `asOf` apart: equal numbers read at two times have equal tags. */
  readonly tag: string;
}

/** The face for those who may see all. */
export interface ShownFace extends Face {
  readonly hidden: false;
  readonly body: Results;
  /** In ascending order. */
  readonly minutes: readonly MinuteCast[];
}

/** The face for the others: no number per option is in it. */
export interface HiddenFace extends Face {
  readonly hidden: true;
  readonly body: HiddenResults;
}

function tagOf(kind: string, numbers: Totals): string {
  const content = JSON.stringify({ ...numbers, asOf: kind });
  return createHash('sha256').update(content).digest('base64url').slice(0, 22);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/**
 * One reading of a round. The only way to its numbers per option is {@link faceFor}, which asks whether this viewer may
 * see them. Each face is computed and serialised at most once, however many viewers share the reading.
 */
export class RoundView {
  readonly poll: PublicPoll;
  readonly totals: Totals;
  readonly #shown: () => ShownFace;
  readonly #hidden: () => HiddenFace;

  constructor(reading: RoundReading) {
    const { snapshot, minutes, asOf } = reading;
    const totals = toTotals(reading);
    this.totals = totals;
    this.poll = toPublicPoll(snapshot.definition, pollState(snapshot.definition, asOf, snapshot.final !== null));
    this.#shown = once(() => {
      const body = toResults(reading);
      return { hidden: false, body, minutes, json: JSON.stringify(body), tag: tagOf('results', body) };
    });
    this.#hidden = once(() => {
      const { code, message } = new RequestError('results_hidden');
      const body: HiddenResults = { error: { code: 'results_hidden', message }, totals };
      return { hidden: true, body, json: JSON.stringify(body), tag: tagOf(code, totals) };
    });
  }

  faceFor(proof: Proof): ShownFace | HiddenFace {
    const { visibility, state, round } = this.poll;
    return showsOptions(visibility, state, () => proof(round)) ? this.#shown() : this.#hidden();
  }
}

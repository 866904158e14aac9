import { afterAll, beforeAll, describe } from 'vitest';

import { Bench } from './bench.ts';
import { describeClosing } from './closing.ts';
import { describeBases, describeControls } from './definitions.ts';
import { describeOpening } from './opening.ts';
import { describeRejections } from './rejections.ts';
import { describeComments, describeResults } from './results.ts';
import type { NewPlace } from './store-place.ts';
import { describeUpkeep } from './upkeep.ts';
import { describeVotes } from './votes.ts';

/** What every driver must do, above what {@link describeModel} checks. */
export function describeStore(name: string, newPlace: NewPlace): void {
  describe(`${name} store`, () => {
    describeOpening(newPlace);
    describeWithBench('bases', newPlace, describeBases);
    describeWithBench('on-air actions', newPlace, describeControls);
    describeWithBench('votes', newPlace, describeVotes);
    describeWithBench('what is set aside', newPlace, describeRejections);
    describeWithBench('closing', newPlace, describeClosing);
    describeWithBench('upkeep', newPlace, describeUpkeep);
    describeWithBench('results', newPlace, describeResults);
    describeWithBench('comments', newPlace, describeComments);
  });
}

function describeWithBench(title: string, newPlace: NewPlace, body: (bench: () => Bench) => void): void {
  describe(title, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await Bench.on(await newPlace());
    });
    afterAll(() => bench.end());
    body(() => bench);
  });
}

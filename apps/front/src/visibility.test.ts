import { hiddenResults } from '@voteapp/contracts/http/results';
import { describe, expect, it } from 'vitest';

import { definition, round, START } from './fixtures/front.ts';
import type { StoredRound } from './fixtures/memory-store.ts';
import { RoundView } from './visibility.ts';

function view(changes: Partial<StoredRound> = {}, asOf = START): RoundView {
  const { minutes, ...snapshot } = round(changes);
  return new RoundView({ snapshot, minutes, asOf });
}

describe('RoundView', () => {
  const hidden = { definition: definition({ visibility: 'AfterClose' }) };
  const nobody = () => false;

  it('gives the totals and nothing else while hidden', () => {
    const face = view(hidden).faceFor(nobody);
    expect(face.hidden).toBe(true);
    expect(JSON.parse(face.json)).toEqual(hiddenResults.strict().parse(face.body));
    expect(Object.keys(JSON.parse(face.json) as object)).toEqual(['error', 'totals']);
  });

  it('hides its numbers from whoever prints it', () => {
    const text = JSON.stringify(view({ ...hidden, counts: [41_213, 51_719].map((votes) => ({ votes, cast: votes })) }));
    expect(text).not.toMatch(/41213|51719/);
  });

  it('serialises once for all viewers', () => {
    const shared = view();
    expect(shared.faceFor(nobody)).toBe(shared.faceFor(() => true));
  });

  it('has the same tag when only the time of reading differs, and another when a number does', () => {
    const { tag } = view().faceFor(nobody);
    expect(view({}, START + 500).faceFor(nobody).tag).toBe(tag);
    expect(view({ rejected: 2 }).faceFor(nobody).tag).not.toBe(tag);
    expect(view(hidden).faceFor(nobody).tag).not.toBe(tag);
  });
});

import { basePoll, type Definition, effectiveDefinition } from '@voteapp/contracts/definition';
import { pollSchema } from '@voteapp/contracts/poll';
import type { RoundSnapshot } from '@voteapp/store/port';
import { describe, expect, it } from 'vitest';

import { countLine } from './count-line.ts';

function snapshot(poll: object, final = false): RoundSnapshot {
  const spec = pollSchema.parse({ options: [{ id: 'coca', label: 'Coca' }, { id: 'pepsi' }], ...poll });
  const definition: Definition = effectiveDefinition(basePoll(spec, 'shop'), [], { version: 1, revision: 1 });
  return {
    definition,
    counts: [
      { votes: 7, cast: 9 },
      { votes: 5, cast: 5 },
    ],
    accepted: 14,
    duplicates: 0,
    rejected: 0,
    late: 0,
    pending: null,
    final: final ? { version: 1, at: 0 } : null,
  };
}

describe('the count in one line', () => {
  it.each<[string, object, boolean, string]>([
    ['has everything while anybody may see it', {}, false, 'open · 12 votes · Coca 7 · pepsi 5'],
    ['hides the options until the close', { results: { visibility: 'AfterClose' } }, false, 'open · 12 votes'],
    ['hides the options of AfterVote', { results: { visibility: 'AfterVote' } }, false, 'open · 12 votes'],
    [
      'shows them when final',
      { results: { visibility: 'AfterClose' }, closesAt: '1970-01-01T00:00:00Z' },
      true,
      'final · 12 votes · Coca 7 · pepsi 5',
    ],
  ])('%s', (_, poll, final, expected) => {
    expect(countLine(snapshot(poll, final), 1_000)).toBe(expected);
  });
});

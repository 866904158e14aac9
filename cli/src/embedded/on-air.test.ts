import type { PollFile } from '@voteapp/contracts/poll-file';
import { describe, expect, test } from 'vitest';

import type { PollEdit } from '../poll/poll.ts';
import { edited, parseOnAir, stillHolds, withEdit } from './on-air.ts';

const EIGHT = '2026-12-20T20:00:00Z';
const NINE = '2026-12-20T21:00:00Z';
const TEN = '2026-12-20T22:00:00Z';

function poll(changes: Partial<PollFile['poll']> = {}): PollFile['poll'] {
  return { options: [{ id: 'coca' }, { id: 'pepsi' }], ...changes };
}

/** The times that hold when a file is edited on air and then reads otherwise. */
function after(first: PollFile['poll'], edit: PollEdit, then: PollFile['poll']) {
  const onAir = withEdit(stillHolds(null, 'final', first), edit, first);
  const { opensAt, closesAt, suspend } = edited(then, stillHolds(onAir, 'final', then));
  return { opensAt, closesAt, suspend };
}

describe('an edit on air', () => {
  test.each<[string, PollFile['poll'], PollEdit, PollFile['poll'], object]>([
    ['holds over the file', poll(), { closesAt: NINE }, poll(), { closesAt: NINE, suspend: false }],
    ['takes a time of the file away', poll({ opensAt: EIGHT }), { opensAt: null }, poll({ opensAt: EIGHT }), {}],
    [
      'holds while the file changes elsewhere',
      poll(),
      { suspend: true },
      poll({ title: 'New', closesAt: TEN }),
      { suspend: true, closesAt: TEN },
    ],
    ['gives way to what the file says later', poll(), { closesAt: NINE }, poll({ closesAt: TEN }), { closesAt: TEN }],
    ['gives way where the file takes its time away', poll({ closesAt: TEN }), { closesAt: NINE }, poll(), {}],
    ['is not of the next round', poll(), { closesAt: NINE, suspend: true }, poll({ id: 'second' }), {}],
  ])('%s', (_, first, edit, then, expected) => {
    const nothing = { opensAt: undefined, closesAt: undefined, suspend: false };
    expect(after(first, edit, then)).toEqual({ ...nothing, ...expected });
  });

  test('that gave way stays away when the file says again what it said', () => {
    const onAir = withEdit(stillHolds(null, 'final', poll()), { closesAt: NINE }, poll());
    const gone = stillHolds(onAir, 'final', poll({ closesAt: TEN }));
    expect(edited(poll(), stillHolds(gone, 'final', poll())).closesAt).toBeUndefined();
  });

  test('is read as it was written, and anything else is not', () => {
    const onAir = withEdit(stillHolds(null, 'final', poll()), { closesAt: NINE, suspend: true }, poll());
    expect(parseOnAir(JSON.stringify(onAir))).toEqual(onAir);
    expect(parseOnAir('{"round": 1}')).toBeNull();
    expect(parseOnAir('{"rou')).toBeNull();
  });

  test('that makes no poll is no edit', () => {
    const onAir = withEdit(stillHolds(null, 'final', poll()), { opensAt: TEN, closesAt: NINE }, poll());
    expect(() => edited(poll(), onAir)).toThrow('must be later than opensAt');
  });
});

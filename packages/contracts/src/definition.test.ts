import { describe, expect, it } from 'vitest';

import {
  basePoll,
  type Control,
  effectiveDefinition,
  type PollState,
  pollState,
  refusalAt,
  showsOptions,
  transitionProblems,
} from './definition.ts';

import { pollSchema, VISIBILITIES, type Visibility } from './poll.ts';

const numbers = { version: 1, revision: 1 };

function base(poll: object = {}) {
  return basePoll(pollSchema.parse({ options: [{ id: 'coca', label: 'Coca' }, { id: 'pepsi' }], ...poll }), 'shop');
}

function control(action: Control['action'], at: number, title?: string): Control {
  return { action, at, by: 'producer', reason: 'on air', title };
}

describe('basePoll', () => {
  it('takes the round from the resource, labels from ids and the title from labels', () => {
    expect(base()).toMatchObject({ round: 'shop', title: 'Coca × pepsi', opensAt: null, closesAt: null });
  });

  it('names a poll of many options by its resource', () => {
    expect(base({ options: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id })) }).title).toBe('shop');
  });
});

describe('the answer to a vote', () => {
  const open = '1970-01-01T00:00:01Z';
  const close = '1970-01-01T00:00:02Z';

  it.each<[string, object, Control[], number, string | null]>([
    ['is yes when there are no times', {}, [], 5_000, null],
    ['is no before the open', { opensAt: open }, [], 999, 'poll_not_open'],
    ['is yes from the open on', { opensAt: open }, [], 1_000, null],
    ['is yes just before the close', { closesAt: close }, [], 1_999, null],
    ['is no from the close on', { closesAt: close }, [], 2_000, 'poll_closed'],
    ['is no while suspended', { suspend: true }, [], 5_000, 'poll_suspended'],
    ['is closed rather than suspended after the close', { suspend: true, closesAt: close }, [], 2_000, 'poll_closed'],
    ['is yes before an on-air close', {}, [control('close', 3_000)], 2_999, null],
    ['is no after an on-air close', {}, [control('close', 3_000)], 3_000, 'poll_closed'],
    ['keeps an earlier close', { closesAt: close }, [control('close', 3_000)], 2_500, 'poll_closed'],
    ['is yes after an early on-air open', { opensAt: close }, [control('open', 500)], 500, null],
    ['is no from an on-air suspension on', {}, [control('suspend', 3_000)], 3_000, 'poll_suspended'],
    ['is yes before it', {}, [control('suspend', 3_000)], 2_999, null],
    ['is yes after the resume', {}, [control('suspend', 3_000), control('resume', 4_000)], 4_000, null],
    ['is no between them', {}, [control('suspend', 3_000), control('resume', 4_000)], 3_999, 'poll_suspended'],
    ['follows a resume over a suspended file', { suspend: true }, [control('resume', 4_000)], 4_000, null],
  ])('%s', (_, poll, controls, time, expected) => {
    expect(refusalAt(effectiveDefinition(base(poll), controls, numbers), time)).toBe(expected);
  });

  it('shows in the state of the poll', () => {
    const definition = effectiveDefinition(
      base({ opensAt: open, closesAt: close }),
      [control('suspend', 1_500)],
      numbers,
    );
    const states = [0, 1_000, 1_500, 2_000].map((time) => pollState(definition, time, false));
    expect(states).toEqual(['Scheduled', 'Open', 'Suspended', 'Draining']);
    expect(pollState(definition, 2_000, true)).toBe('Final');
  });

  it('carries a new title from the air', () => {
    expect(effectiveDefinition(base(), [control('title', 1, 'Grand final')], numbers).title).toBe('Grand final');
  });
});

describe('within a round', () => {
  it.each<[string, object, string[]]>([
    ['an option may be appended', { options: [{ id: 'coca' }, { id: 'pepsi' }, { id: 'guarana' }] }, []],
    ['a label, the title and the times may change', { title: 'New', closesAt: '2030-01-01T00:00:00Z' }, []],
    [
      'options may not change places',
      { options: [{ id: 'pepsi' }, { id: 'coca' }] },
      ['spec.poll.options[0]', 'spec.poll.options[1]'],
    ],
    ['the policy may not change', { policy: 'Unlimited' }, ['spec.poll.policy']],
    ['the shards may not change', { shards: 2 }, ['spec.poll.shards']],
  ])('%s', (_, poll, paths) => {
    expect(transitionProblems(base(), base(poll)).map(({ path }) => path)).toEqual(paths);
  });

  it('an option may not be removed', () => {
    const before = base({ options: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
    const problems = transitionProblems(before, base({ options: [{ id: 'a' }, { id: 'b' }] }));
    expect(problems).toEqual([
      {
        path: 'spec.poll.options[2]',
        message:
          'must stay "c", for options are never removed, renamed or reordered within the round "shop"; set a new spec.poll.id to start a new count',
      },
    ]);
  });
});

const STATES: readonly PollState[] = ['Scheduled', 'Open', 'Suspended', 'Draining', 'Final'];

describe('showsOptions', () => {
  const rules: { visibility: Visibility; voted: boolean; shownIn: readonly PollState[] }[] = [
    { visibility: 'Always', voted: false, shownIn: STATES },
    { visibility: 'AfterVote', voted: false, shownIn: ['Draining', 'Final'] },
    { visibility: 'AfterVote', voted: true, shownIn: STATES },
    { visibility: 'AfterClose', voted: false, shownIn: ['Draining', 'Final'] },
    { visibility: 'AfterClose', voted: true, shownIn: ['Draining', 'Final'] },
  ];
  it.each(rules)('$visibility, voted $voted: shown in $shownIn', ({ visibility, voted, shownIn }) => {
    expect(STATES.filter((state) => showsOptions(visibility, state, () => voted))).toEqual(shownIn);
  });

  it('has a rule for every visibility', () => {
    expect([...new Set(rules.map(({ visibility }) => visibility))].toSorted()).toEqual([...VISIBILITIES].toSorted());
  });
});

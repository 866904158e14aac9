import type { VotingAppStatus } from '@voteapp/contracts/resource/status';
import { expect, it } from 'vitest';

import { notReady } from './until-ready.ts';

function app(generation: number, ready?: Partial<NonNullable<VotingAppStatus['conditions']>[number]>) {
  const condition = {
    type: 'Ready',
    status: 'False' as const,
    reason: 'PodsNotReady',
    message: 'vote: 0/2 ready',
    lastTransitionTime: '2026-11-20T12:00:00Z',
    observedGeneration: 1,
    ...ready,
  };
  return { metadata: { name: 'shop', generation }, status: ready === undefined ? {} : { conditions: [condition] } };
}

it.each([
  ['that no operator has seen', app(1), 'No operator has taken it up yet; `voteapp check` says whether one runs.'],
  ['that is not ready, with why', app(1, {}), 'vote: 0/2 ready'],
  ['that is ready', app(1, { status: 'True' }), null],
  [
    'whose edit nobody has seen yet',
    app(2, { status: 'True' }),
    expect.stringContaining('No operator has taken it up'),
  ],
  ['whose edit is ready', app(2, { status: 'True', observedGeneration: 2 }), null],
])('tells of a VotingApp %s', (_, of, expected) => {
  expect(notReady(of)).toEqual(expected);
});

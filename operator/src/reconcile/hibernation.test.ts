import { PARTS } from '@voteapp/contracts/cluster-objects';
import { expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { Findings } from './conditions.ts';
import { workloadOf } from './fixtures/children.ts';
import { countOf, reading } from './fixtures/findings.ts';
import { MemoryCluster } from './fixtures/memory-cluster.ts';
import { judgeHibernation } from './hibernation.ts';
import { NOTHING_HEARD, type Reading } from './readings.ts';

const counted = (state: Reading['state'], pending: number | null = 0) =>
  reading({ state, count: countOf({ pending }) });

test.each<[string, boolean | undefined, number | null, Reading, Findings['hibernation']]>([
  ['who is not asked to sleep does not', undefined, 2, counted('Final'), 'NotAsked'],
  ['nor who is asked not to', false, 0, counted('Final'), 'NotAsked'],
  ['nobody sleeps while the poll is open', true, 2, counted('Open'), 'Refused'],
  ['nor while votes wait to be counted', true, 2, counted('Draining'), 'Refused'],
  ['nor while a closed poll has votes left', true, 2, counted('Suspended', 4), 'Refused'],
  ['nor while it is unknown whether it has', true, 2, counted('Suspended', null), 'Refused'],
  ['nor while nothing can be heard', true, 2, NOTHING_HEARD, 'Refused'],
  ['nor while the count is unknown', true, 2, reading({ state: 'Final', count: null }), 'Refused'],
  ['a poll that is over may sleep', true, 2, counted('Final'), 'Granted'],
  ['a poll that has not begun may sleep', true, 2, counted('Scheduled'), 'Granted'],
  ['a suspended poll without votes left may sleep', true, 2, counted('Suspended'), 'Granted'],
  ['who sleeps goes on sleeping, though nothing can be heard', true, 0, NOTHING_HEARD, 'Granted'],
  ['who never ran need not wake up first', true, null, NOTHING_HEARD, 'Granted'],
])('%s', (_, hibernate, replicas, heard, expected) => {
  const app = votingApp(hibernate === undefined ? {} : { hibernate });
  const { copy } =
    replicas === null ? new MemoryCluster() : new MemoryCluster(...PARTS.map((part) => workloadOf(part, replicas)));
  expect(judgeHibernation(copy, app, heard)).toBe(expected);
});

test('somebody who scales the vote service to none by hand puts nothing to sleep', () => {
  const { copy } = new MemoryCluster(...PARTS.map((part) => workloadOf(part, part === 'vote' ? 0 : 1)));
  expect(judgeHibernation(copy, votingApp({ hibernate: true }), counted('Open'))).toBe('Refused');
  expect(judgeHibernation(copy, votingApp({ hibernate: true }), NOTHING_HEARD)).toBe('Refused');
});

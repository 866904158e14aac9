import type { VotingAppStatus } from '@voteapp/contracts/resource/status';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { EventOptions } from '../runtime/events.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Outcome } from './apply.ts';
import { arbitraryPass } from './fixtures/arbitrary-pass.ts';
import { childOf } from './fixtures/children.ts';
import { components, countOf, findings, reading } from './fixtures/findings.ts';
import { CHILD_KINDS, DEPLOYMENT } from './kinds.ts';
import { NOTHING_HEARD } from './readings.ts';
import { statusOf } from './status.ts';
import { tellOutcomes, tellProblems, tellTurns } from './told.ts';

const SHOP = votingApp() as unknown as KubeObject;

let told: EventOptions[] = [];
beforeEach(() => {
  told = [];
});
const events = { record: (_: KubeObject, event: EventOptions) => void told.push(event) };
const notes = () => told.map(({ type, reason, note }) => `${type} ${reason}: ${note}`);

const named = (name: string): KubeObject => childOf(DEPLOYMENT, name);
const did = (outcome: 'nothing' | 'created' | 'changed', name: string): Outcome => ({
  did: outcome,
  object: named(name),
});

describe('what was done to objects', () => {
  test('is told in one event for all that is alike', () => {
    const outcomes: Outcome[] = [did('created', 'a'), did('nothing', 'b'), did('changed', 'c'), did('created', 'd')];
    tellOutcomes(events, SHOP, outcomes, [named('e')]);
    expect(notes()).toEqual([
      'Normal ObjectsChanged: Created Deployment a, Deployment d',
      'Normal ObjectsChanged: Updated Deployment c',
      'Normal ObjectsChanged: Deleted Deployment e',
    ]);
    expect(told.map(({ action }) => action)).toEqual(['Create', 'Update', 'Delete']);
  });

  test('is nothing to tell where nothing was', () => {
    const refused: Outcome = { did: 'failed', object: named('b'), problem: { reason: 'ApplyFailed', message: 'x' } };
    tellOutcomes(events, SHOP, [did('nothing', 'a'), refused], []);
    expect(told).toEqual([]);
  });

  test('is told of each that somebody had changed, with the field', () => {
    const corrected = (name: string, field: string): Outcome => ({ did: 'corrected', object: named(name), field });
    tellOutcomes(events, SHOP, [corrected('a', 'spec.replicas'), corrected('b', 'spec.paused')], []);
    expect(notes()).toEqual([
      'Normal DriftCorrected: Deployment a had another spec.replicas, which was changed back',
      'Normal DriftCorrected: Deployment b had another spec.paused, which was changed back',
    ]);
  });

  test('is told short of many', () => {
    const outcomes = Array.from({ length: 40 }, (_, index) => did('created', `o-${index}`));
    tellOutcomes(events, SHOP, outcomes, []);
    expect(notes()).toEqual([expect.stringMatching(/^Normal ObjectsChanged: Created Deployment o-0, .* and 28 more$/)]);
  });
});

test('problems are told as warnings, but for what ends by itself', () => {
  tellProblems(events, SHOP, [
    { reason: 'SecretMissing', message: 'Secret db is not there.' },
    { reason: 'BeingDeleted', message: 'Deployment a is being deleted.' },
  ]);
  expect(notes()).toEqual(['Warning SecretMissing: Secret db is not there.']);
});

const status = (changes: Parameters<typeof findings>[0], before?: VotingAppStatus) =>
  statusOf(findings(changes), { before, version: '1.2.0', now: 0 });

const START = {
  components: components({ vote: { ready: 0, message: 'none' } }),
  reading: NOTHING_HEARD,
  wasReady: false,
};
const WELL = status({});

describe('turns', () => {
  test.each<[string, VotingAppStatus | undefined, Parameters<typeof findings>[0], readonly string[]]>([
    ['a start is no news: the objects were', undefined, START, []],
    [
      'what is good from the first is told',
      undefined,
      {},
      [
        'Normal Ready: Ready is True: Every part runs; the poll is Open.',
        'Normal Open: Open is True: The poll takes votes.',
      ],
    ],
    [
      'it is ready',
      status(START),
      {},
      [
        'Normal Ready: Ready is True: Every part runs; the poll is Open.',
        'Normal Open: Open is True: The poll takes votes.',
      ],
    ],
    ['nothing turned', WELL, {}, []],
    [
      'the queue is down',
      WELL,
      { reading: reading({ queue: false }) },
      [
        'Warning QueueUnavailable: Ready is False: The queue does not answer the vote service.',
        'Warning QueueUnavailable: Degraded is True: The queue does not answer the vote service.',
      ],
    ],
    [
      'the queue is back',
      status({ reading: reading({ queue: false }) }),
      {},
      [
        'Normal Ready: Ready is True: Every part runs; the poll is Open.',
        'Normal AsAsked: Degraded is False: No part is known to be down.',
      ],
    ],
    [
      'the poll is closed',
      WELL,
      { reading: reading({ state: 'Draining' }) },
      ['Normal Draining: Open is False: The poll is closed, and votes wait to be counted.'],
    ],
    [
      'the count is final',
      status({ reading: reading({ state: 'Draining' }) }),
      { reading: reading({ state: 'Final', count: countOf({ isFinal: true }) }) },
      ['Normal Counted: Final is True: Every accepted vote is counted.'],
    ],
    [
      'it is paused',
      WELL,
      { isPaused: true },
      [
        'Normal ReconcileDisabled: Paused is True: The annotation voteapp.dev/reconcile: disabled is set; nothing is changed.',
      ],
    ],
    ['what cannot be heard is no news', WELL, { reading: NOTHING_HEARD }, []],
  ])('%s', (_, before, changes, expected) => {
    tellTurns(events, SHOP, before, status(changes, before));
    expect(notes()).toEqual(expected);
  });
});

describe('whatever a pass finds', () => {
  const outcomes = fc
    .array(fc.constantFrom('created', 'changed', 'nothing', 'corrected', 'failed'), { maxLength: 20 })
    .map((all) =>
      all.map((each, index): Outcome => {
        const object = childOf(CHILD_KINDS[index % CHILD_KINDS.length]!, `o-${index}`);
        if (each === 'corrected') return { did: each, object, field: 'spec' };
        if (each === 'failed') return { did: each, object, problem: { reason: 'ApplyFailed', message: `o-${index}` } };
        return { did: each, object };
      }),
    );

  test('nothing is told twice', () => {
    fc.assert(
      fc.property(arbitraryPass, arbitraryPass, outcomes, (first, second, all) => {
        told = [];
        const before = statusOf(first, { before: undefined, version: '1.2.0', now: 0 });
        const after = statusOf(second, { before, version: '1.2.0', now: 1 });
        tellOutcomes(events, SHOP, all, []);
        tellProblems(events, SHOP, second.problems.slice(0, 1));
        tellTurns(events, SHOP, before, after);
        expect(new Set(notes()).size).toBe(told.length);
        // And nothing of it again when nothing has turned since.
        told = [];
        tellTurns(events, SHOP, after, statusOf(second, { before: after, version: '1.2.0', now: 2 }));
        expect(told).toEqual([]);
      }),
    );
  });

  test('no number of votes is told: the poll may hide it', () => {
    const VOTES = 918_273;
    const numbered = { total: VOTES, options: [{ id: 'coca', votes: VOTES }] };
    fc.assert(
      fc.property(arbitraryPass, arbitraryPass, (first, second) => {
        told = [];
        const counted = { ...second, reading: { ...second.reading, count: countOf({ ...numbered, isFinal: true }) } };
        const before = statusOf(first, { before: undefined, version: '1.2.0', now: 0 });
        const after = statusOf(counted, { before, version: '1.2.0', now: 1 });
        tellTurns(events, SHOP, before, after);
        expect(JSON.stringify(told)).not.toContain(String(VOTES));
        expect(JSON.stringify(after.conditions)).not.toContain(String(VOTES));
        expect(after.tally?.total).toBe(VOTES);
      }),
    );
  });
});

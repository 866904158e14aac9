import type { Condition } from '@voteapp/contracts/resource/conditions';
import { LONGEST_MESSAGE, statusSchema, type VotingAppStatus } from '@voteapp/contracts/resource/status';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Findings } from './conditions.ts';
import { arbitraryPass } from './fixtures/arbitrary-pass.ts';
import { component, components, countOf, everyComponent, findings, reading } from './fixtures/findings.ts';
import { MemoryCluster } from './fixtures/memory-cluster.ts';
import { NOTHING_HEARD, type Reading } from './readings.ts';
import { invalidStatus, statusOf, wasReady, writeStatus } from './status.ts';

const NOW = Date.UTC(2026, 10, 20, 21, 0, 0, 250);
const SHOP = votingApp() as unknown as KubeObject;

function status(of: Partial<Findings>, before?: VotingAppStatus, now = NOW): VotingAppStatus {
  return statusOf(findings(of), { before, version: '1.2.0', now });
}

/** When the count was read, in seconds after nine. */
function at(second: number): string {
  return new Date(Date.UTC(2026, 10, 20, 21) + second * 1_000).toISOString();
}

function tally(count: Reading['count'], before?: VotingAppStatus['tally']) {
  return status({ reading: reading({ count }) }, before === undefined ? undefined : { tally: before }).tally;
}

const SHOWN = tally(countOf())!;
const HIDDEN = tally(countOf({ options: null }))!;
const options = (coca: number, pepsi: number) => [
  { id: 'coca', votes: coca },
  { id: 'pepsi', votes: pepsi },
];

test('a status says all there is to say', () => {
  expect(
    status({
      app: votingApp({ expose: { type: 'None', hosts: { vote: 'v.example.com', front: 'r.example.com' } } }),
      components: [component('vote'), component('mysql', { ready: 0, image: null, message: 'down' })],
    }),
  ).toMatchObject({
    observedGeneration: 1,
    poll: { state: 'Open', observedRevision: 1 },
    components: [
      { name: 'vote', desired: 1, ready: 1, image: 'example.com/vote:1.2.0' },
      { name: 'mysql', desired: 1, ready: 0, message: 'down' },
    ],
    urls: { vote: 'http://v.example.com', results: 'http://r.example.com' },
    version: '1.2.0',
    tally: { total: 3, options: options(2, 1), leader: 'coca', asOf: at(0), final: false },
  });
  expect(status({}).conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toContain('2026-11-20T21:00:00Z');
});

describe('the tally', () => {
  test.each<[string, Reading['count'], VotingAppStatus['tally'], 'kept' | 'written']>([
    ['is written when there was none', countOf(), undefined, 'written'],
    ['is kept while nothing could be heard', null, SHOWN, 'kept'],
    ['is kept while it is the same, however old', countOf({ asOf: at(3_600) }), SHOWN, 'kept'],
    ['is kept for ten seconds though it runs', countOf({ total: 4, asOf: at(9.9) }), SHOWN, 'kept'],
    ['is written after ten seconds', countOf({ total: 4, asOf: at(10) }), SHOWN, 'written'],
    [
      'is written when the clock of the services was set back',
      countOf({ total: 4, asOf: at(-3_600) }),
      SHOWN,
      'written',
    ],
    [
      'is written after ten seconds when only an option changed',
      countOf({ options: options(1, 2), asOf: at(10) }),
      SHOWN,
      'written',
    ],
    ['is written at once when it is final', countOf({ isFinal: true, asOf: at(1) }), SHOWN, 'written'],
    ['is written at once when it becomes hidden', countOf({ options: null, asOf: at(1) }), SHOWN, 'written'],
    ['is written at once when it is shown again', countOf({ asOf: at(1) }), HIDDEN, 'written'],
  ])('%s', (_, count, before, outcome) => {
    const after = tally(count, before);
    if (outcome === 'kept') expect(after).toBe(before);
    else expect(after).toMatchObject({ total: count?.total, asOf: count?.asOf, final: count?.isFinal });
  });

  test.each<[string, NonNullable<Reading['count']>['options'], string | undefined]>([
    ['the most votes lead', options(1, 2), 'pepsi'],
    ['nobody leads when two are level', options(2, 2), undefined],
    ['nobody leads without votes', options(0, 0), undefined],
    ['nobody is told to lead while the numbers are hidden', null, undefined],
  ])('%s', (_, of, leader) => {
    expect(tally(countOf({ options: of }))?.leader).toBe(leader);
  });

  test('says that final is assumed, hidden or not, and says nothing of it where it is proved', () => {
    const assumed = { isFinal: true, isAssumed: true, asOf: at(1) };
    expect(tally(countOf(assumed))).toMatchObject({ final: true, assumed: true });
    const app = votingApp({ poll: { results: { visibility: 'AfterClose' } } });
    const unshown = status({ app, reading: reading({ state: 'Open', count: countOf(assumed) }) }).tally;
    expect(unshown).toEqual({ total: 3, asOf: at(1), final: true, assumed: true });
    expect(tally(countOf({ ...assumed, isAssumed: false }))).not.toHaveProperty('assumed');
  });

  test('a hidden count says nothing of options, whatever was told before', () => {
    expect(tally(countOf({ options: null, asOf: at(1) }), SHOWN)).toEqual({ total: 3, asOf: at(1), final: false });
  });
});

test('what the services told of the poll stays while nothing can be heard', () => {
  const before = status({});
  const after = status({ reading: NOTHING_HEARD }, before);
  expect([after.poll, after.tally]).toEqual([before.poll, before.tally]);
});

test.each([
  ['stays final while its services cannot ask the database', 1, 'Final'],
  ['drains in a new revision, which may be a new round', 2, 'Draining'],
] as const)('a final poll %s', (_, revision, state) => {
  const before = { ...status({}), poll: { state: 'Final', observedRevision: 1 } as const };
  const reading = { ...NOTHING_HEARD, state: 'Draining', revision } as const;
  expect(status({ reading }, before).poll).toEqual({ state, observedRevision: revision });
});

test.each(['AfterClose', 'AfterVote'])(
  'what the resource hides now (%s) is not kept shown, though nobody is heard',
  (visibility) => {
    const before = status({});
    expect(before.tally).toHaveProperty('options');
    const hidden = votingApp({ poll: { results: { visibility } } });
    const { tally } = status({ app: hidden, reading: NOTHING_HEARD }, before);
    const { options: _, leader: __, ...rest } = before.tally!;
    expect(tally).toEqual(rest);
    const closed = { ...before, poll: { state: 'Final' as const } };
    expect(status({ app: hidden, reading: NOTHING_HEARD }, closed).tally).toEqual(before.tally);
  },
);

describe('whatever passes find', () => {
  const passes = fc.array(arbitraryPass, { minLength: 1, maxLength: 8 });

  test('the API server takes the status', () => {
    fc.assert(
      fc.property(passes, (all) => {
        let before: VotingAppStatus | undefined;
        for (const [index, pass] of all.entries()) {
          before = statusOf(pass, { before, version: '1.2.0', now: NOW + index * 1_000 });
          expect(statusSchema.safeParse(before).error?.issues).toBeUndefined();
        }
      }),
      { numRuns: 200 },
    );
  });

  test('no number of an option is told while the services hide it', () => {
    fc.assert(
      fc.property(passes, arbitraryPass, (all, last) => {
        const hiding = { ...last, reading: { ...last.reading, count: countOf({ options: null }) } };
        let before: VotingAppStatus | undefined;
        for (const pass of [...all, hiding]) before = statusOf(pass, { before, version: '1.2.0', now: NOW });
        expect(before?.tally).not.toHaveProperty('options');
        expect(before?.tally).not.toHaveProperty('leader');
      }),
    );
  });

  test('the same findings a second time are not written', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPass, async (pass) => {
        const { objects, writes } = new MemoryCluster();
        const first = statusOf(pass, { before: undefined, version: '1.2.0', now: NOW });
        expect(await writeStatus(objects, SHOP, first, undefined)).toBe(true);
        // As it comes back from the server.
        const before = JSON.parse(JSON.stringify(first)) as VotingAppStatus;
        const second = statusOf(pass, { before, version: '1.2.0', now: NOW + 60_000 });
        expect(await writeStatus(objects, SHOP, second, before)).toBe(false);
        expect(writes).toHaveLength(1);
      }),
    );
  });
});

describe('writing', () => {
  test('is of the whole, by the status’s own manager, to this very resource', async () => {
    const { objects, writes } = new MemoryCluster();
    const after = status({});
    await writeStatus(objects, SHOP, after, undefined);
    const { apiVersion, kind } = SHOP;
    const metadata = { name: 'shop', namespace: 'show', uid: 'uid-of-shop' };
    expect(writes).toEqual([
      {
        verb: 'apply',
        manager: 'voteapp-operator-status',
        object: { apiVersion, kind, metadata, status: after },
        options: { force: true, subresource: 'status' },
      },
    ]);
  });

  test('is needed when something is no longer to be said', async () => {
    const { objects, writes } = new MemoryCluster();
    const before = status({ components: components({ vote: { message: 'down' } }) });
    expect(await writeStatus(objects, SHOP, status({}, before), before)).toBe(true);
    expect(writes[0]?.object['status']).not.toMatchObject({ components: [{ message: 'down' }] });
  });
});

describe('a resource that is not valid', () => {
  const problem = { status: 'False', reason: 'InvalidSpec', message: 'spec.poll: is required' } as const;
  const find = (of: VotingAppStatus, type: string) => of.conditions?.find((each) => each.type === type) as Condition;

  test('keeps what was told of it, and says what is wrong', () => {
    const before = status({ wasReady: true });
    const stored = { ...SHOP, metadata: { ...SHOP.metadata, generation: 4 } };
    const after = invalidStatus(stored, problem, { before, now: NOW + 5_000 });
    expect(find(after, 'Ready')).toEqual({
      ...problem,
      type: 'Ready',
      lastTransitionTime: '2026-11-20T21:00:05Z',
      observedGeneration: 4,
    });
    expect(find(after, 'Open')).toEqual(find(before, 'Open'));
    expect(after).toMatchObject({ observedGeneration: 4, tally: before.tally, components: before.components });
    expect(after.conditions).toHaveLength(before.conditions?.length ?? 0);
  });

  test.each([
    ['from the beginning', undefined, false],
    ['while it starts', status({ components: everyComponent({ ready: 0, message: 'x' }), wasReady: false }), false],
    [
      'after something kept it from starting',
      status({ problems: [{ reason: 'SecretMissing', message: 'x' }], wasReady: false }),
      false,
    ],
    ['while it runs', status({}), true],
    ['after something kept it from its work', status({ problems: [{ reason: 'SecretMissing', message: 'x' }] }), true],
  ])('%s, is afterwards as it was', (_, before, expected) => {
    expect(wasReady(before)).toBe(expected);
    expect(wasReady(invalidStatus(SHOP, problem, { before, now: NOW }))).toBe(expected);
  });

  test('is told at length, but not at any length', () => {
    const message = 'spec: '.repeat(LONGEST_MESSAGE);
    const after = invalidStatus(SHOP, { ...problem, message }, { before: undefined, now: NOW });
    expect(statusSchema.safeParse(after).error).toBeUndefined();
  });
});

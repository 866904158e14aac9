import { CONDITIONS, type ConditionType } from '@voteapp/contracts/resource/conditions';
import { LONGEST_MESSAGE } from '@voteapp/contracts/resource/status';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import { conditionsOf, type Findings, judge, type Verdict } from './conditions.ts';
import { arbitraryPass } from './fixtures/arbitrary-pass.ts';
import { components, countOf, everyComponent, findings, reading } from './fixtures/findings.ts';
import { REASONS } from './outcome.ts';
import { NOTHING_HEARD } from './readings.ts';

type Summary = Readonly<Record<ConditionType, string>>;

function summary(of: Findings): Summary {
  const verdicts = Object.entries(judge(of)).map(([type, { status, reason }]) => [type, `${status} ${reason}`]);
  return Object.fromEntries(verdicts) as Summary;
}

const WELL: Summary = {
  Ready: 'True Ready',
  Progressing: 'False AsAsked',
  Degraded: 'False AsAsked',
  DatabaseReady: 'True Answers',
  QueueReady: 'True Answers',
  Open: 'True Open',
  Final: 'False Counting',
  Paused: 'False NotAsked',
  Hibernated: 'False NotAsked',
  UpgradeAvailable: 'False FollowsOperator',
};
/** While no service has told anything. */
const UNHEARD: Partial<Summary> = {
  DatabaseReady: 'Unknown NotKnown',
  QueueReady: 'Unknown NotKnown',
  Open: 'Unknown NotKnown',
  Final: 'Unknown NotKnown',
};

const missing = { desired: 0, ready: 0, image: null, isMissing: true, isRolling: true };
const starting = { ready: 0, isRolling: true, message: 'Deployment shop-x: 0/1 ready' };
const pulling = { ready: 0, isStuck: true, message: 'StatefulSet shop-mysql: 0/1 ready: pod x ImagePullBackOff' };
const secretMissing = { reason: 'SecretMissing', message: 'Secret db is not there.' } as const;
const noPods = { desired: 0, ready: 0 };
const asleep = { state: 'Final', count: countOf({ isFinal: true }) } as const;

test.each<[string, Partial<Findings>, Partial<Summary>]>([
  [
    'at first nothing is there',
    { components: everyComponent({ ...missing, message: 'x is not there' }), reading: NOTHING_HEARD, wasReady: false },
    { ...UNHEARD, Ready: 'False PodsNotReady', Progressing: 'True Starting' },
  ],
  [
    'at its first start parts wait for each other, which is no loss to anybody',
    { components: everyComponent(starting), reading: NOTHING_HEARD, wasReady: false },
    { ...UNHEARD, Ready: 'False PodsNotReady', Progressing: 'True Starting' },
  ],
  [
    'at its first start a pod cannot run',
    { components: components({ mysql: pulling }), reading: reading({ database: false }), wasReady: false },
    {
      Ready: 'False PodsNotReady',
      Progressing: 'True Starting',
      Degraded: 'True PodsNotReady',
      DatabaseReady: 'False NoAnswer',
    },
  ],
  [
    'at its first start the pods run, and the queue is not there yet',
    { reading: reading({ queue: false }), wasReady: false },
    { Ready: 'False QueueUnavailable', Progressing: 'True Starting', QueueReady: 'False NoAnswer' },
  ],
  ['it is ready for the first time', { wasReady: false }, {}],
  ['all is well', {}, {}],
  [
    'pods are replaced, and enough of them are ready',
    { components: components({ vote: { desired: 2, ready: 2, isRolling: true } }) },
    { Progressing: 'True RollingOut' },
  ],
  [
    'pods are replaced, and one is not ready yet',
    { components: components({ vote: { desired: 2, ready: 1, isRolling: true, message: 'x' } }) },
    { Ready: 'False PodsNotReady', Progressing: 'True RollingOut' },
  ],
  [
    'the only pod of a part is replaced',
    { components: components({ worker: { ready: 0, isRolling: true, message: 'x' } }) },
    { Ready: 'False PodsNotReady', Progressing: 'True RollingOut', Degraded: 'True PodsNotReady' },
  ],
  [
    'a pod is lost',
    { components: components({ vote: { desired: 2, ready: 1, message: 'x' } }) },
    { Ready: 'False PodsNotReady', Degraded: 'True PodsNotReady' },
  ],
  [
    'a new pod cannot run, and the old ones do',
    { components: components({ vote: { isStuck: true, isRolling: true, message: 'x' } }) },
    { Progressing: 'True RollingOut', Degraded: 'True PodsNotReady' },
  ],
  [
    'somebody takes a workload away',
    { components: components({ front: { ...missing, message: 'x' } }), isPaused: true },
    {
      Ready: 'False PodsNotReady',
      Progressing: 'True RollingOut',
      Degraded: 'True PodsNotReady',
      Paused: 'True ReconcileDisabled',
    },
  ],
  [
    'the queue is down',
    { reading: reading({ queue: false }) },
    { Ready: 'False QueueUnavailable', Degraded: 'True QueueUnavailable', QueueReady: 'False NoAnswer' },
  ],
  [
    'the database is down',
    { reading: reading({ database: false }) },
    { Ready: 'False DatabaseUnavailable', Degraded: 'True DatabaseUnavailable', DatabaseReady: 'False NoAnswer' },
  ],
  ['the services cannot be reached', { reading: NOTHING_HEARD }, { ...UNHEARD, Ready: 'Unknown ServicesUnreachable' }],
  [
    'only the vote service cannot be reached',
    { reading: reading({ queue: null }) },
    { Ready: 'Unknown ServicesUnreachable', QueueReady: 'Unknown NotKnown' },
  ],
  [
    'an edit of the poll is on its way',
    { app: votingApp({}, { generation: 2 }) },
    { Progressing: 'True DefinitionPending' },
  ],
  ['the poll is not open yet', { reading: reading({ state: 'Scheduled' }) }, { Open: 'False Scheduled' }],
  ['the poll is suspended', { reading: reading({ state: 'Suspended' }) }, { Open: 'False Suspended' }],
  ['the poll is closed', { reading: reading({ state: 'Draining' }) }, { Open: 'False Draining' }],
  ['the poll is over', { reading: reading(asleep) }, { Open: 'False Final', Final: 'True Counted' }],
  [
    'the poll is over by assumption',
    { reading: reading({ state: 'Final', count: countOf({ isFinal: true, isAssumed: true }) }) },
    { Open: 'False Final', Final: 'True CountAssumed' },
  ],
  ['it is paused', { isPaused: true }, { Paused: 'True ReconcileDisabled' }],
  ['it is to sleep while the poll is open', { hibernation: 'Refused' }, { Hibernated: 'False HibernationRefused' }],
  [
    'it falls asleep',
    { hibernation: 'Granted', reading: reading(asleep), components: components({ mysql: noPods }) },
    {
      Ready: 'False RollingOut',
      Degraded: 'False Hibernated',
      Open: 'False Final',
      Final: 'True Counted',
      Hibernated: 'False RollingOut',
    },
  ],
  [
    'it sleeps, and what was final by assumption stays so',
    {
      hibernation: 'Granted',
      reading: NOTHING_HEARD,
      components: everyComponent(noPods),
      app: {
        ...votingApp(),
        status: { tally: { total: 3, asOf: '2026-11-20T21:00:00Z', final: true, assumed: true } },
      },
    },
    {
      ...UNHEARD,
      Ready: 'True Hibernated',
      Degraded: 'False Hibernated',
      Final: 'True CountAssumed',
      Hibernated: 'True Hibernated',
    },
  ],
  [
    'it is to fall asleep, and no workload has been told yet',
    { hibernation: 'Granted', reading: NOTHING_HEARD, components: everyComponent({ ready: 0, message: 'x' }) },
    {
      ...UNHEARD,
      Ready: 'False RollingOut',
      Degraded: 'False Hibernated',
      Hibernated: 'False RollingOut',
    },
  ],
  [
    'it sleeps',
    { hibernation: 'Granted', reading: NOTHING_HEARD, components: everyComponent(noPods) },
    { ...UNHEARD, Ready: 'True Hibernated', Degraded: 'False Hibernated', Hibernated: 'True Hibernated' },
  ],
  ['it is pinned to this release', { app: votingApp({ version: '1.2.0' }) }, { UpgradeAvailable: 'False Current' }],
  [
    'it is pinned to the release before',
    { app: votingApp({ version: '1.1.4' }) },
    { UpgradeAvailable: 'True UpdateAvailable' },
  ],
  [
    'a Secret is taken away while it runs',
    { problems: [secretMissing] },
    { Ready: 'False SecretMissing', Progressing: 'False SecretMissing' },
  ],
  [
    'a Secret is missing from the beginning: it has still to start',
    { problems: [secretMissing], components: everyComponent(missing), reading: NOTHING_HEARD, wasReady: false },
    { ...UNHEARD, Ready: 'False SecretMissing', Progressing: 'False Starting' },
  ],
  [
    'of several problems the first is told',
    { problems: [{ reason: 'AdoptionRefused', message: 'x' }, secretMissing] },
    { Ready: 'False AdoptionRefused', Progressing: 'False AdoptionRefused' },
  ],
])('%s', (_, changes, verdicts) => {
  expect(summary(findings(changes))).toEqual({ ...WELL, ...verdicts });
});

test.each<[string, Partial<Findings>, ConditionType, string]>([
  [
    'every part that is short is named',
    { components: components({ mysql: pulling, worker: starting }) },
    'Ready',
    `${starting.message}; ${pulling.message}`,
  ],
  ['a problem is told as it is', { problems: [secretMissing] }, 'Ready', secretMissing.message],
  [
    'the parts that are rolled out are named',
    { components: components({ vote: { isRolling: true }, front: { isRolling: true } }) },
    'Progressing',
    'Pods are being replaced or added: vote, front.',
  ],
  [
    'both revisions are named',
    { app: votingApp({}, { generation: 7 }) },
    'Progressing',
    'The services judge by revision 1 of the poll, not yet 7.',
  ],
  [
    'only what is stuck is told of a first start',
    { components: components({ mysql: pulling, worker: starting }), wasReady: false },
    'Degraded',
    pulling.message,
  ],
  [
    'both releases are named',
    { app: votingApp({ version: '1.1.4' }) },
    'UpgradeAvailable',
    'It is pinned to 1.1.4; the operator’s release is 1.2.0.',
  ],
])('%s', (_, changes, type, message) => {
  expect(judge(findings(changes))[type].message).toBe(message);
});

test('every condition is judged, and no other', () => {
  expect(Object.keys(judge(findings())).toSorted()).toEqual(Object.keys(CONDITIONS).toSorted());
});

describe('whatever a pass finds', () => {
  test('every verdict has a reason of the list and a sentence', () => {
    fc.assert(
      fc.property(arbitraryPass, (pass) => {
        for (const { reason, message } of Object.values(judge(pass))) {
          expect(Object.keys(REASONS)).toContain(reason);
          expect(message).not.toBe('');
        }
      }),
    );
  });

  test('a condition’s time is that of the pass at which its status turned', () => {
    fc.assert(
      fc.property(fc.array(arbitraryPass, { minLength: 1, maxLength: 12 }), (passes) => {
        let before: ReturnType<typeof conditionsOf> = [];
        for (const [index, pass] of passes.entries()) {
          const now = `2026-11-20T21:00:${String(index).padStart(2, '0')}Z`;
          const after = conditionsOf(judge(pass), before, { generation: index, now });
          for (const { type, status, lastTransitionTime } of after) {
            const earlier = before.find((condition) => condition.type === type);
            const isTurned = earlier?.status !== status;
            expect(lastTransitionTime).toBe(isTurned ? now : earlier?.lastTransitionTime);
          }
          expect(after.every(({ observedGeneration }) => observedGeneration === index)).toBe(true);
          before = after;
        }
      }),
    );
  });
});

test('a message is cut where a status would not take it, never within a character', () => {
  const long = (text: string): Verdict => ({ status: 'False', reason: 'ApplyFailed', message: text });
  const [condition] = conditionsOf({ Ready: long('😀'.repeat(LONGEST_MESSAGE)) }, [], { generation: 1, now: '' });
  expect(condition?.message).toBe('😀'.repeat(LONGEST_MESSAGE / 2));
  const [odd] = conditionsOf({ Ready: long(`a${'😀'.repeat(LONGEST_MESSAGE)}`) }, [], { generation: 1, now: '' });
  expect(odd?.message).toBe(`a${'😀'.repeat(LONGEST_MESSAGE / 2 - 1)}\u{FFFD}`);
});

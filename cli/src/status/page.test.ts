import { describe, expect, it, test } from 'vitest';

import type { StoredApp } from '../cluster/voting-apps.ts';
import { statusPage, statusTable } from './page.ts';
import { lastEvents, seenApp } from './seen.ts';

const NOW = Date.parse('2026-12-20T22:00:00Z');
const AT = '2026-12-20T21:57:00Z';

interface Told {
  readonly type: string;
  readonly status?: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

function app(conditions: readonly Told[], status: object = {}, spec: object = {}): StoredApp {
  const object: unknown = {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { namespace: 'shop', name: 'final', generation: 3, uid: 'u' },
    spec: {
      poll: { options: [{ id: 'ana' }, { id: 'bruno' }], timeZone: 'America/Sao_Paulo', ...spec },
    },
    status: {
      conditions: conditions.map((condition) => ({
        status: 'False',
        lastTransitionTime: AT,
        observedGeneration: 3,
        ...condition,
      })),
      ...status,
    },
  };
  return object as StoredApp;
}

const READY = {
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'Every part runs; the poll is Open.',
} as const;
const IMAGE =
  'registry.example.com/voteapp/vote:0.1.0@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0';

const RUNNING = app(
  [READY, { type: 'Degraded', reason: 'AsAsked', message: 'No part is known to be down.' }],
  {
    poll: { state: 'Open', observedRevision: 3 },
    components: [
      { name: 'vote', desired: 2, ready: 2, image: IMAGE },
      { name: 'mysql', desired: 1, ready: 1, image: 'mysql:9.7' },
    ],
    urls: { vote: 'https://vote.example.com', results: 'https://results.example.com' },
    version: '0.1.0',
    tally: { total: 12_345, leader: 'ana', asOf: AT, final: false },
  },
  { closesAt: '2026-12-21T01:30:00Z', opensAt: '2026-12-20T21:00:00Z' },
);

const MESSAGE = 'Deployment final-vote-server: 0/2 ready: pod final-vote-server-7c9d-x2k7p ImagePullBackOff';
const SHORT = app(
  [
    { type: 'Ready', reason: 'PodsNotReady', message: MESSAGE },
    { type: 'Progressing', status: 'True', reason: 'RollingOut', message: 'Pods are being replaced or added: vote.' },
    { type: 'Degraded', status: 'True', reason: 'PodsNotReady', message: MESSAGE },
    { type: 'QueueReady', status: 'Unknown', reason: 'NotKnown', message: 'Nothing could be heard of the queue.' },
  ],
  {
    poll: { state: 'Open', observedRevision: 2 },
    components: [
      { name: 'vote', desired: 2, ready: 0, image: IMAGE, message: MESSAGE },
      { name: 'mysql', desired: 1, ready: 1, image: 'mysql:9.7' },
    ],
  },
);

const EVENTS = lastEvents([
  {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'a' },
    type: 'Normal',
    reason: 'ObjectsChanged',
    note: 'Created Deployment final-vote-server.',
    eventTime: '2026-12-20T21:50:00.000000Z',
  },
  {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'b' },
    type: 'Warning',
    reason: 'DriftCorrected',
    note: 'Somebody changed spec.replicas of Deployment final-vote-server, and it was changed back.',
    eventTime: '2026-12-20T21:40:00.000000Z',
    series: { count: 4, lastObservedTime: '2026-12-20T21:59:20.000000Z' },
  },
]);

const PIPE = { hasColour: false, isInteractive: false, columns: 120 };
const NARROW = { hasColour: false, isInteractive: true, columns: 60 };
const COLOUR = { hasColour: true, isInteractive: true, columns: 120 };

function page(look: typeof PIPE, of: StoredApp, isWide = false): string {
  return `\n${statusPage(seenApp(of, EVENTS), look, { isWide, now: NOW }).join('\n').replaceAll('\u001B', '^')}\n`;
}

describe('the page', () => {
  test('of a poll that runs, in a pipe', () => {
    expect(page(PIPE, RUNNING)).toMatchInlineSnapshot(`
      "
      final in namespace shop

      Ready      yes
      Poll       Open
      When       opened 2026-12-20 18:00 (America/Sao_Paulo), 1 h ago; closes 2026-12-20 22:30 (America/Sao_Paulo), in 3 h 30 min
      Votes      12,345 counted, ana leads
      Vote at    https://vote.example.com
      Results    https://results.example.com
      Release    0.1.0

      PART   READY  IMAGE
      vote   2/2    registry.example.com/voteapp/vote:0.1.0
      mysql  1/1    mysql:9.7

      EVENTS
      40 s ago    DriftCorrected ×4
        Somebody changed spec.replicas of Deployment final-vote-server, and it was changed back.
      10 min ago  ObjectsChanged
        Created Deployment final-vote-server.

      See the count: \`voteapp tally final --watch\`.
      "
    `);
  });

  test('of one that lacks pods, in 60 columns', () => {
    const narrow = page(NARROW, SHORT);
    expect(narrow).toMatchInlineSnapshot(`
      "
      final in namespace shop

      Ready      no: Deployment final-vote-server: 0/2 ready: pod
                 final-vote-server-7c9d-x2k7p ImagePullBackOff
      Poll       Open
      Edit       revision 3 is not judged by yet, 2 is

      PART   READY  IMAGE
      vote   0/2    registry.example.com/voteapp/vote:0.1.0
        Deployment final-vote-server: 0/2 ready: pod
        final-vote-server-7c9d-x2k7p ImagePullBackOff
      mysql  1/1    mysql:9.7

      CONDITIONS
      Progressing  True     RollingOut, for 3 min
        Pods are being replaced or added: vote.
      Degraded     True     PodsNotReady, for 3 min
      QueueReady   Unknown  NotKnown, for 3 min
        Nothing could be heard of the queue.

      EVENTS
      40 s ago    DriftCorrected ×4
        Somebody changed spec.replicas of Deployment
        final-vote-server, and it was changed back.
      10 min ago  ObjectsChanged
        Created Deployment final-vote-server.

      See why: \`voteapp logs final --component vote --level warn\`.
      "
    `);
    expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test('of one that lacks pods, in colour', () => {
    expect(page(COLOUR, SHORT)).toMatchInlineSnapshot(`
      "
      ^[1mfinal^[22m in namespace shop

      ^[2mReady    ^[22m  ^[31mno: Deployment final-vote-server: 0/2 ready: pod final-vote-server-7c9d-x2k7p ImagePullBackOff^[39m
      ^[2mPoll     ^[22m  ^[32mOpen^[39m
      ^[2mEdit     ^[22m  ^[33mrevision 3 is not judged by yet, 2 is^[39m

      ^[2mPART   READY  IMAGE^[22m
      vote   ^[31m0/2^[39m    registry.example.com/voteapp/vote:0.1.0
      ^[33m  Deployment final-vote-server: 0/2 ready: pod final-vote-server-7c9d-x2k7p ImagePullBackOff^[39m
      mysql  ^[32m1/1^[39m    mysql:9.7

      ^[2mCONDITIONS^[22m
      Progressing  ^[33mTrue   ^[39m  RollingOut^[2m, for 3 min^[22m
        Pods are being replaced or added: vote.
      Degraded     ^[33mTrue   ^[39m  PodsNotReady^[2m, for 3 min^[22m
      QueueReady   ^[33mUnknown^[39m  NotKnown^[2m, for 3 min^[22m
        Nothing could be heard of the queue.

      ^[2mEVENTS^[22m
      40 s ago    ^[33mDriftCorrected^[39m ×4
        Somebody changed spec.replicas of Deployment final-vote-server, and it was changed back.
      10 min ago  ObjectsChanged
        Created Deployment final-vote-server.

      See why: \`voteapp logs final --component vote --level warn\`.
      "
    `);
  });

  test('tells every condition where all is wished, and whole images', () => {
    const wide = page(PIPE, RUNNING, true);
    expect(wide).toContain('Degraded  False  AsAsked, for 3 min\n  No part is known to be down.');
    expect(wide).toContain(IMAGE);
  });

  it.each([
    ['runs', {}, '12,345 counted, ana leads'],
    ['is final', { final: true }, '12,345 counted, ana won; final'],
    ['is final by assumption', { final: true, assumed: true }, '12,345 counted, ana won; final (assumed)'],
  ])('says of a count that %s', (_, changes, votes) => {
    const { status = {} } = RUNNING;
    const counted = { ...RUNNING, status: { ...status, tally: { ...status.tally!, ...changes } } };
    expect(page(PIPE, counted)).toContain(`Votes      ${votes}\n`);
    expect(seenApp(counted, null).tally).toMatchObject({ final: false, assumed: false, ...changes });
  });

  it('shows no events to whoever may not see them', () => {
    const lines = statusPage(seenApp(RUNNING, null), PIPE, { isWide: false, now: NOW });
    expect(lines).not.toContain('EVENTS');
  });
});

test('the table of all, in 60 columns', () => {
  const table = statusTable([seenApp(RUNNING, null), seenApp(SHORT, null), seenApp(app([]), null)], NARROW);
  expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    NAMESPACE  NAME   READY    POLL   VOTES  RELEASE  VOTE AT
    shop       final  yes      Open  12,345  0.1.0    https://v…
    shop       final  no       Open
    shop       final  unknown
    "
  `);
});

describe('what to do next', () => {
  const paused = { type: 'Paused', status: 'True', reason: 'ReconcileDisabled', message: '' } as const;
  const upgrade = { type: 'UpgradeAvailable', status: 'True', reason: 'UpdateAvailable', message: '' } as const;
  const asleep = { type: 'Hibernated', status: 'True', reason: 'Hibernated', message: '' } as const;
  const refused = { type: 'Hibernated', reason: 'HibernationRefused', message: '' } as const;
  const state = (of: string): object => ({ poll: { state: of, observedRevision: 3 } });
  const cases: Record<string, readonly [StoredApp, string]> = {
    'nobody has looked at': [app([]), 'voteapp check'],
    'takes votes': [app([READY], state('Open')), 'voteapp vote final OPTION'],
    'takes votes at an address': [RUNNING, 'voteapp tally final --watch'],
    'opens by itself': [app([READY], state('Scheduled')), 'voteapp poll open final'],
    'is suspended': [app([READY], state('Suspended')), 'voteapp poll resume final'],
    'counts still': [app([READY], state('Draining')), 'voteapp status final --for Final'],
    'is final': [app([READY], state('Final')), 'voteapp tally final'],
    'is final and could be upgraded': [app([READY, upgrade], state('Final')), 'Take spec.version out'],
    'takes votes and could be upgraded': [app([READY, upgrade], state('Open')), 'voteapp vote final OPTION'],
    'is paused, whatever else there is': [
      app([{ type: 'Ready', reason: 'PodsNotReady', message: '' }, paused]),
      'voteapp reconcile resume final',
    ],
    'lacks pods': [SHORT, 'voteapp logs final --component vote --level warn'],
    sleeps: [app([{ ...READY, reason: 'Hibernated' }, asleep]), 'voteapp hibernate off final'],
    'may not sleep yet': [app([READY, refused], state('Open')), 'voteapp poll close final'],
    'is invalid': [app([{ type: 'Ready', reason: 'InvalidSpec', message: '' }]), 'voteapp analyze final'],
    'has a reason of a later release': [
      app([{ type: 'Ready', reason: 'SomethingNew', message: '' }], state('Open')),
      'voteapp vote final OPTION',
    ],
  };
  test.each(Object.entries(cases))('of a poll that %s', (_, [of, expected]) => {
    expect(seenApp(of, null).next).toContain(expected);
  });
});

test('whether it is ready is not known before the operator has judged the last edit', () => {
  const stale = { ...READY, observedGeneration: 2 };
  expect([RUNNING, SHORT, app([stale]), app([])].map((of) => seenApp(of, null).ready)).toEqual([
    true,
    false,
    null,
    null,
  ]);
});

import { expect, test } from 'vitest';

import { show as showAnalysis } from './analyze/analyze.ts';
import { explain } from './analyze/explain.ts';
import { findingsOnText, worstFirst } from './analyze/findings.ts';
import { show as showChecks } from './check/check.ts';
import { Changes } from './install/changes.ts';
import { lineShower } from './logs/shown-line.ts';
import { statusPage, statusTable } from './status/page.ts';
import { statusOutput } from './status/status-output.ts';
import { tallyPage } from './tally/page.ts';
import { tallyOutput } from './tally/tally-output.ts';
import type { Terminal } from './terminal/terminal.ts';
import { widthOf } from './terminal/width.ts';
import { show as showVersion } from './version/version.ts';
import { sentences } from './vote/vote.ts';

const NOW = Date.parse('2026-12-20T22:00:00Z');

/** Where answers are read. */
const LOOKS = {
  'a terminal': { isInteractive: true, hasColour: true, columns: 100 },
  'a terminal with NO_COLOR': { isInteractive: true, hasColour: false, columns: 100 },
  'a terminal of 60 columns': { isInteractive: true, hasColour: false, columns: 60 },
  'a pipe': { isInteractive: false, hasColour: false, columns: 120 },
} as const;

const STATUS = statusOutput.parse({
  name: 'final',
  namespace: 'shop',
  local: false,
  ready: false,
  round: 'sunday',
  state: 'Open',
  opensAt: '2026-12-20T21:00:00Z',
  closesAt: '2026-12-21T01:30:00Z',
  timeZone: 'America/Sao_Paulo',
  revision: 4,
  judgedRevision: 3,
  urls: { vote: 'https://vote.example.com', results: 'https://results.example.com' },
  version: '1.2.0',
  tally: { counted: 12_345, leader: 'ana', final: false, assumed: false, asOf: '2026-12-20T21:59:58Z' },
  components: [
    { name: 'vote', desired: 2, ready: 1, image: 'registry.example.com/vote:1.2.0', message: 'pod x2k7p is not ready' },
    { name: 'worker', desired: 1, ready: 1, image: 'registry.example.com/worker:1.2.0', message: null },
    { name: 'mysql', desired: 1, ready: 0, image: 'mysql:9.7', message: 'pod final-mysql-0 ImagePullBackOff' },
  ],
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'PodsNotReady',
      message: 'StatefulSet final-mysql: 0/1 ready: pod final-mysql-0 ImagePullBackOff',
      since: '2026-12-20T21:57:00Z',
    },
    {
      type: 'DatabaseReady',
      status: 'Unknown',
      reason: 'NotKnown',
      message: 'Nothing could be heard of the database.',
      since: '2026-12-20T21:57:00Z',
    },
  ],
  events: [
    { at: '2026-12-20T21:59:20Z', type: 'Warning', reason: 'DriftCorrected', note: 'Changed back.', count: 4 },
    { at: '2026-12-20T21:50:00Z', type: 'Normal', reason: 'ObjectsChanged', note: 'Created it.', count: 1 },
  ],
  next: 'See why it is not ready: `voteapp logs final --component mysql`.',
});

const TALLY = tallyOutput.parse({
  name: 'final',
  namespace: 'shop',
  local: false,
  timeZone: 'America/Sao_Paulo',
  round: 'final',
  title: 'Who leaves the house?',
  state: 'Draining',
  asOf: '2026-12-20T22:00:03.456Z',
  accepted: 2_105,
  duplicates: 5,
  rejected: 1,
  late: 2,
  cast: 2_099,
  counted: 2_015,
  replaced: 84,
  pending: 12,
  final: null,
  hidden: null,
  options: [
    { id: 'ana', label: 'Ana Maria', votes: 1_235, share: 1_235 / 2_015, cast: 1_300 },
    { id: 'bruno', label: 'Bruno 🥤', votes: 780, share: 780 / 2_015, cast: 799 },
  ],
  hours: [
    { hour: '2026-12-20T20:00:00.000Z', cast: 99, options: [40, 59] },
    { hour: '2026-12-20T21:00:00.000Z', cast: 2_000, options: [1_260, 740] },
  ],
});

const FILE = `apiVersion: voteapp.dev/v1alpha1
kind: VotingApp
metadata: {name: final}
spec:
  poll:
    options: [{id: ana, label: Ana}, {id: bruno, label: Ana}]
    closesAt: soon
---
apiVersion: voteapp.dev/v1alpha1
kind: VotingApp
metadata: {name: lunch}
spec:
  poll:
    options: [{id: pizza}, {id: salad}]
    closesAt: '2026-01-01T00:00:00Z'
`;

function shownAnalysis(terminal: Terminal): void {
  const findings = worstFirst(findingsOnText(FILE, 'polls.yaml', { now: NOW, peak: 90_000 }));
  const of = (level: string): number => findings.filter((each) => each.level === level).length;
  showAnalysis(
    terminal,
    { findings, counts: { Error: of('Error'), Warning: of('Warning'), Info: of('Info') } },
    'polls.yaml',
  );
}

function shownChecks(terminal: Terminal): void {
  const hint = 'ask whoever runs the cluster for that right, to install the operator';
  const categories = [
    {
      name: 'Cluster shop',
      checks: [{ result: 'ok' as const, message: 'Kubernetes v1.34.1, 1.33 or later is needed' }],
    },
    {
      name: 'Rights',
      checks: [
        { result: 'fail' as const, message: 'you may not create clusterroles.rbac.authorization.k8s.io', hint },
        { result: 'warn' as const, message: 'there is no metrics API', hint: 'install metrics-server' },
      ],
    },
  ];
  showChecks({ success: false, categories }, { output: 'text' }, terminal);
}

function shownVersion(terminal: Terminal): void {
  const answer = {
    client: { version: '1.2.0' },
    operators: [{ namespace: 'voteapp-system', name: 'voteapp-operator', version: '9.0.0', watches: [] }],
    polls: [
      { version: '1.2.0', count: 1 },
      { version: null, count: 12 },
    ],
    warnings: ['The operator is of release 9.0.0 and this tool of 1.2.0: take a tool of the operator’s release.'],
  };
  showVersion(answer, { output: 'text' }, terminal);
}

function shownChanges(terminal: Terminal): void {
  const about = { namespace: 'voteapp-system', context: 'shop', dryRun: null };
  const changes = new Changes(about, 'text', terminal);
  const object = (kind: string, name: string, namespace?: string) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
  });
  changes.add('unchanged', object('CustomResourceDefinition', 'votingapps.voteapp.dev'));
  changes.add('created', object('Role', 'voteapp-operator', 'shop'));
  changes.add('configured', object('Deployment', 'voteapp-operator', 'voteapp-system'));
  changes.add('removed', object('ClusterRole', 'voteapp-operator'));
  changes.end();
}

function shownLogs(terminal: Terminal): void {
  const shown = lineShower('America/Sao_Paulo', terminal);
  const line = (component: 'vote' | 'mysql', pod: string, second: number, text: string, level: 'warn' | null) => {
    const at = NOW + second * 1_000;
    const fields = level === null ? null : (JSON.parse(text) as Record<string, unknown>);
    const source = { component, pod, container: component };
    terminal.print(shown({ source, at, stamp: new Date(at).toISOString(), level, text, fields }));
  };
  line('vote', 'final-vote-server-7c9d-x2k7p', 0, '{"msg":"The queue is slow","lateMs":1500,"who":"a b"}', 'warn');
  line('mysql', 'final-mysql-0', 1, '2026-12-20T22:00:01.000000Z 0 [System] ready for \u001B[31mconnections', null);
  line('vote', 'final-vote-server-7c9d-p9w2m', -86_400, '{"msg":"of another day"}', 'warn');
}

const VOTES = [
  [{ accepted: 1, refused: [], unknown: 0 }, 1],
  [{ accepted: 0, refused: [{ code: 'poll_closed', message: 'The poll is closed.', votes: 1 }], unknown: 0 }, 1],
  [{ accepted: 0, refused: [], unknown: 1 }, 1],
  [
    { accepted: 4_990, refused: [{ code: 'poll_closed', message: 'The poll is closed.', votes: 8 }], unknown: 2 },
    5_000,
  ],
] as const;

function lines(terminal: Terminal, all: readonly string[]): void {
  for (const line of all) terminal.print(line);
}

/** What the verbs that have a look of their own print, each by the file that has all its looks. */
const DRAWN: Readonly<Record<string, (terminal: Terminal) => void>> = {
  status: (terminal) => lines(terminal, statusPage(STATUS, terminal, { isWide: false, now: NOW })),
  'status-wide': (terminal) => lines(terminal, statusPage(STATUS, terminal, { isWide: true, now: NOW })),
  'status-all': (terminal) =>
    lines(terminal, statusTable([STATUS, { ...STATUS, name: 'lunch', ready: true }], terminal)),
  tally: (terminal) => lines(terminal, tallyPage(TALLY, terminal, { byHour: false })),
  'tally-by-hour': (terminal) => lines(terminal, tallyPage(TALLY, terminal, { byHour: true })),
  analyze: shownAnalysis,
  'analyze-explain': (terminal) => explain('VAP0206', 'text', terminal),
  check: shownChecks,
  version: shownVersion,
  install: shownChanges,
  logs: shownLogs,
  vote: (terminal) =>
    lines(
      terminal,
      VOTES.map(([output, asked]) => sentences({ ...output, refused: [...output.refused] }, asked)),
    ),
};
/** Lines of others are shown as they are, however long. */
const UNBROKEN = new Set(['logs', 'status-wide']);

function seen(look: Pick<Terminal, 'isInteractive' | 'hasColour' | 'columns'>, draw: (terminal: Terminal) => void) {
  const answer: string[] = [];
  const told: string[] = [];
  draw({
    ...look,
    print: (text) => void answer.push(...text.split('\n')),
    write: (text) => void answer.push(text),
    tell: (text) => void told.push(text),
    rows: 50,
    signal: new AbortController().signal,
    now: () => NOW,
  });
  return { answer, told };
}

test.each(Object.entries(DRAWN))('%s, wherever it is read', async (verb, draw) => {
  const looks = Object.entries(LOOKS).map(([name, look]) => {
    const { answer, told } = seen(look, draw);
    const wide = answer.filter((line) => look.isInteractive && widthOf(line) > look.columns);
    expect(UNBROKEN.has(verb) ? [] : wide, name).toEqual([]);
    expect(answer.some((line) => line.includes('\u001B')) && !look.hasColour, name).toBe(false);
    const errors = told.length === 0 ? [] : ['', '(on standard error)', ...told];
    return [`--- ${name} ---`, ...answer, ...errors, ''].join('\n').replaceAll('\u001B', '^');
  });
  await expect(looks.join('\n')).toMatchFileSnapshot(`../goldens/${verb}.txt`);
});

import type { ContestantResult } from '../compare.ts';
import { MAX_LATENESS_MS, MAX_OTHERS, MAX_STEAL } from '../contestant.ts';
import { describeMachine } from '../machine.ts';
import { figure, ratio } from '../print.ts';
import type { Report, ReportedRow } from '../report.ts';
import { keepsLimit } from '../rows/row.ts';
import { paragraph, table } from './markdown.ts';
import { paperSection } from './paper-section.ts';
import { plotBars } from './plot.ts';

/** The page and its plots, by path beside each other. */
export type PageFiles = Readonly<Record<string, string>>;

const CPU_PLOT = 'performance/cpu.svg';
const RATE_PLOT = 'performance/rate.svg';
const isOfRivals = ({ name }: Row): boolean => name.startsWith('rivals');

const COMMANDS = paragraph(
  '```sh',
  'npm run bench -- --json bench/report.json',
  'npm run bench -- --only recount,soak --json bench/report.json',
  'npm run bench -- --page',
  '```',
);

/** Parts of all targets by what they do, so that the plot needs few colours. */
const KINDS: Readonly<Record<string, string>> = {
  tls: 'TLS',
  rabbitmq: 'broker',
  worker: 'worker',
  mysql: 'database',
  redis: 'database',
  front: 'results',
};

type Row = ReportedRow & { readonly name: string };

function timesOf(times: ContestantResult['lag']): string {
  return times === null ? 'counted when answered' : `${figure(times.p50)} / ${figure(times.p99)}`;
}

function comparisonLine(title: string, found: ContestantResult, isFirst = false): string[] {
  const { votesPerSecond, cpuMicrosPerVote, latency, lag, ratios } = found;
  const beside = (text: string): string => (isFirst ? '1' : text);
  return [
    title,
    figure(votesPerSecond),
    beside(ratio(ratios.rate)),
    figure(cpuMicrosPerVote),
    beside(ratio(ratios.cpu)),
    timesOf(latency),
    timesOf(lag),
    ratios.lag === null ? '' : ratio(ratios.lag),
  ];
}

const HEAD = [
  '',
  'votes/s',
  '÷ bare',
  'CPU-µs a vote',
  '÷ bare',
  'answer p50/p99, ms',
  'lag p50/p99, ms',
  'lag ÷ bare’s answer',
];

function figures(rows: readonly Row[]): string[] {
  const compared = rows.filter((row) => !isOfRivals(row) && row.contestants.length > 1);
  if (compared.length === 0) return [];
  const lines = compared.flatMap(({ title, contestants }) =>
    contestants.slice(1).map((own) => comparisonLine(title, own)),
  );
  const details = compared.flatMap(({ name, contestants: [bare, own], generator, steal, others, spoilt }) => {
    if (bare === undefined || own === undefined) return [];
    const parts = Object.entries(own.cpuByPart).map(([part, micros]) => `${part} ${figure(micros)}`);
    const late = generator?.latenessP99 ?? null;
    return [
      [
        `\`${name}\``,
        parts.join(', '),
        `${figure(bare.votesPerSecond)}; ${figure(bare.cpuMicrosPerVote)}`,
        figure(generator?.cpuMicrosPerVote ?? 0),
        late === null ? '' : figure(late),
        `${figure((steal ?? 0) * 100)}; ${figure((others ?? 0) * 100)}`,
        String(spoilt ?? 0),
      ],
    ];
  });
  return [
    '## Votes',
    paragraph(
      'A ratio is the median of the rounds, with its bounds in brackets. CPU time is that of all processes of a target,',
      'broker and database included. The lag of a vote is from its answer to its being in the counters.',
    ),
    table(HEAD, lines),
    `![CPU time of a counted vote, by part](${CPU_PLOT})`,
    `![Votes per second, as a share of bare](${RATE_PLOT})`,
    'What it is made of, and what it was measured with:',
    table(
      [
        'row',
        'CPU-µs a vote by part',
        'bare: votes/s; CPU-µs',
        'generator, CPU-µs a vote',
        'its lateness p99, ms',
        'steal; other processes, %',
        'spoilt rounds',
      ],
      details,
    ),
  ];
}

function rivals(rows: readonly Row[]): string[] {
  const found = rows.filter(isOfRivals);
  if (found.length === 0) return [];
  return [
    '## Beside what could be built instead',
    paragraph(
      'Each table is of the same rounds, each design with servers of its own; sources in `bench/rivals`. The obvious',
      'design: Express, a message for each vote, a worker with a transaction for each. Group commit: an API that writes',
      'batches into MySQL, and is down whenever that is. Flask and Redis: the usual sample, made durable, counting in',
      'Redis. Limits are held [at 256 connections](decisions/0032-rivals-are-measured-at-256-connections.md).',
    ),
    ...found.flatMap(({ title, contestants, skips }) => [
      `${title[0]?.toUpperCase()}${title.slice(1)}:`,
      table(
        HEAD,
        contestants.map((each, index) => comparisonLine(each.name, each, index === 0)),
      ),
      ...skips.map((skip) => `Not measured: ${skip}.`),
    ]),
  ];
}

function limits(rows: readonly Row[]): string[] {
  const lines = rows.flatMap(({ name, limits: ofRow }) =>
    ofRow.map((limit) => {
      const { name: what, measured, keeps, limit: bound, unit } = limit;
      return [
        `\`${name}\``,
        what,
        `${figure(measured)} ${unit}`.trim(),
        `${keeps} ${figure(bound)} ${unit}`.trim(),
        keepsLimit(limit) ? 'yes' : '**no**',
      ];
    }),
  );
  return [
    '## Limits',
    'Ratios are held against their bound, not their median.',
    table(['row', 'what', 'measured', 'limit', 'kept'], lines),
  ];
}

function facts(rows: readonly Row[]): string[] {
  const lines = rows.flatMap(({ name, facts: ofRow }) =>
    Object.entries(ofRow).map(([what, value]) => [`\`${name}\``, what, figure(value)]),
  );
  return lines.length === 0 ? [] : ['## Other figures', table(['row', 'what', 'measured'], lines)];
}

function plots(rows: readonly Row[]): PageFiles {
  const ours = rows.filter((row) => !isOfRivals(row) && row.contestants.length > 1);
  const others = rows.filter(isOfRivals).flatMap(({ contestants }) => contestants.slice(2));
  const bare = ours[0]?.contestants[0];
  const named = [
    ...(bare === undefined ? [] : [{ label: 'bare node:http', found: bare }]),
    ...ours.flatMap(({ title, contestants: [, found] }) =>
      found === undefined ? [] : [{ label: title.replaceAll('`', ''), found }],
    ),
    ...others.map((found) => ({ label: found.name, found })),
  ];
  return {
    [CPU_PLOT]: plotBars({
      title: 'CPU-µs of a counted vote, by part',
      // One of another order of magnitude would leave nothing to see of the rest; it is in the table.
      bars: named
        .filter(({ found }) => found.cpuMicrosPerVote < 20 * (bare?.cpuMicrosPerVote ?? 0))
        .map(({ label, found }) => ({
          label,
          segments: Object.entries(found.cpuByPart).map(([part, value]) => ({ series: KINDS[part] ?? 'votes', value })),
          text: figure(found.cpuMicrosPerVote),
        })),
    }),
    [RATE_PLOT]: plotBars({
      title: 'Counted votes per second, as a share of bare node:http',
      bars: named.map(({ label, found: { ratios, votesPerSecond } }) => ({
        label,
        segments: [{ series: 'share', value: ratios.rate.median }],
        text: `${figure(ratios.rate.median)} (${figure(votesPerSecond)}/s)`,
      })),
      mark: { value: 1, text: 'bare' },
    }),
  };
}

function method(rows: readonly Row[], machine: Report['machine']): string[] {
  const dates = rows.map(({ date }) => date.slice(0, 10)).toSorted();
  const [first, last] = [dates[0] ?? '', dates.at(-1) ?? ''];
  const durationMs = rows[0]?.shape.durationMs ?? 0;
  const rounds = [...new Set(rows.map(({ shape }) => shape.rounds))].toSorted((a, b) => a - b).join(' or ');
  const confidences = rows.flatMap(({ contestants }) => contestants.map(({ ratios }) => ratios.rate.confidence));
  const voided = rows.filter(({ voids }) => voids.length > 0);
  return [
    '# Performance',
    '<!-- Written from the JSON of a run by `npm run bench -- --page`; do not edit. -->',
    paragraph(
      `Measured ${first === last ? `on ${first}` : `from ${first} to ${last}`} on ${describeMachine(machine)}. Load generator, services, broker`,
      'and database share the machine over loopback, so trust the ratios, not the numbers.',
    ),
    COMMANDS,
    paragraph(
      `Each row measures its targets in turn, in ${rounds} rounds of ${durationMs / 1_000} s, beside a bare \`node:http\` server that reads the`,
      'same request and stores nothing. Closed loops have 256 connections that send the next vote when they have the last',
      'answer; open loops send when a vote is due, whatever the answers. A voter is 128 random bits, as in a browser. The bounds of a median are order statistics: the true',
      `median is above the lower one with at least ${figure(Math.min(1, ...confidences) * 100)} %, and below the upper one with the same; nothing is assumed of the`,
      'distribution. Who votes for what follows from the number of the vote, so that after the rounds the tables are asked by',
      'SQL whether they have every accepted vote, once, for the right option. A row is void with one vote wrong, or when too',
      `few rounds were quiet: steal at most ${MAX_STEAL * 100} %, other processes at most ${MAX_OTHERS * 100} %, the generator at most`,
      `${MAX_LATENESS_MS} ms late at p99.`,
    ),
    ...(voided.length === 0
      ? []
      : [`**Void**: ${voided.map(({ name, voids }) => `\`${name}\` (${voids.join(' ')})`).join('; ')}`]),
  ];
}

/** The page of a report, with its plots. */
export function performancePage({ machine, rows }: Report): PageFiles {
  const named = Object.entries(rows).map(([name, row]) => ({ name, ...row }));
  const sections = [
    ...method(named, machine),
    ...limits(named),
    ...figures(named),
    ...rivals(named),
    ...facts(named),
    ...paperSection(rows),
    '## What is not here',
    paragraph(
      'Rows for rate limits and tokens: the product has neither yet. A network between the parts, brokers that replicate, and',
      'disks slower than this one: only the delay of the broker is played.',
    ),
  ];
  return { 'performance.md': `${sections.join('\n\n')}\n`, ...plots(named) };
}

import { describe, expect, it } from 'vitest';

import type { ContestantResult } from '../compare.ts';
import type { Report, ReportedRow } from '../report.ts';
import { FACTS } from '../rows/recount.ts';
import { NOTHING } from '../rows/row.ts';
import { estimate } from '../statistics.ts';
import { performancePage } from './page.ts';

function contestant(name: string, votesPerSecond: number, cpuByPart: Record<string, number>): ContestantResult {
  const bounded = (median: number) => estimate([median * 0.9, median, median * 1.1, median, median]);
  const cpuMicrosPerVote = Object.values(cpuByPart).reduce((sum, micros) => sum + micros, 0);
  return {
    name,
    votesPerSecond,
    cpuMicrosPerVote,
    cpuByPart,
    latency: { p50: 5, p99: 12 },
    lag: name === 'bare' ? null : { p50: 9, p99: 31 },
    ratios: {
      rate: bounded(votesPerSecond / 40_000),
      cpu: bounded(cpuMicrosPerVote / 20),
      lag: name === 'bare' ? null : bounded(31 / 12),
    },
    refused: 0,
  };
}

const BARE = contestant('bare', 40_000, { server: 20 });
const OURS = contestant('ours', 20_000, { vote: 25, worker: 6, front: 1, rabbitmq: 4, mysql: 12 });

function row(found: Partial<ReportedRow>): ReportedRow {
  const shape = { rounds: 5, durationMs: 5_000, warmUpMs: 1_000 };
  return { ...NOTHING, title: 'a row', date: '2026-11-21T10:00:00.000Z', shape, ...found };
}

function pageOf(rows: Report['rows']): Readonly<Record<string, string>> {
  return performancePage({ machine: { processor: 'P', cores: 2, memoryGiB: 4, kernel: 'Linux 6', node: 'v24' }, rows });
}

describe('the page', () => {
  const deployed = row({
    title: 'deployed',
    contestants: [BARE, OURS],
    generator: { cpuMicrosPerVote: 15, latenessP99: 0.4 },
    steal: 0.01,
    others: 0.02,
    limits: [
      { name: 'CPU', measured: 2.4, keeps: 'at most', limit: 2.5, unit: '×' },
      { name: 'rate', measured: 0.3, keeps: 'at least', limit: 0.4, unit: '×' },
    ],
  });

  it('tells machine, date, and how it was measured', () => {
    const longer = row({ shape: { rounds: 15, durationMs: 5_000, warmUpMs: 1_000 } });
    const text = pageOf({ 'connection-per-vote': longer, 'deployed-LastVoteWins': deployed })['performance.md'];
    expect(text).toContain('on 2026-11-21 on 2 × P, 4 GiB, Linux 6, Node.js v24');
    expect(text).toContain('in 5 or 15 rounds of 5 s');
    expect(text).toContain('lower one with at least 96.9 %');
  });

  it('has ratios with their bounds, and the parts of the CPU time', () => {
    const text = pageOf({ 'deployed-LastVoteWins': deployed })['performance.md'];
    expect(text).toContain('| deployed | 20,000 | 0.5× (0.45 to 0.55) | 48 | 2.4× (2.16 to 2.64) | 5 / 12 | 9 / 31 |');
    expect(text).toContain('vote 25, worker 6, front 1, rabbitmq 4, mysql 12');
  });

  it('says which limits are kept', () => {
    const text = pageOf({ 'deployed-LastVoteWins': deployed })['performance.md'];
    expect(text).toContain('| CPU | 2.4 × | at most 2.5 × | yes |');
    expect(text).toContain('| rate | 0.3 × | at least 0.4 × | **no** |');
  });

  it('says that a row is void, in front of all figures', () => {
    const text = pageOf({ tls: row({ voids: ['3 votes are wrong.'] }) })['performance.md'] ?? '';
    expect(text.indexOf('**Void**: `tls` (3 votes are wrong.)')).toBeLessThan(text.indexOf('## Limits'));
    expect(text).toContain('**Void**');
  });

  it('shows rivals apart, and what was skipped', () => {
    const found = row({
      contestants: [BARE, OURS, contestant('flask', 2_000, { gunicorn: 400 })],
      skips: ['Redis: none'],
    });
    const { 'performance.md': text, 'performance/rate.svg': plot } = pageOf({ rivals: found });
    expect(text).toContain('| flask | 2,000 |');
    expect(text).toContain('Not measured: Redis: none.');
    expect(plot).toContain('flask');
  });

  it('reckons larger polls from its own rows, or says what is missing', () => {
    const facts = { [FACTS.shardVotesPerSecond]: 40_000, [FACTS.bytesPerVoter]: 90, [FACTS.bytesPerVote]: 50 };
    expect(pageOf({ 'deployed-LastVoteWins': deployed })['performance.md']).toContain('Not reckoned: the report');
    const text = pageOf({ 'deployed-LastVoteWins': deployed, recount: row({ facts }) })['performance.md'];
    expect(text).toContain('| shards, with a worker each | 2 | 5 | 42 |');
    expect(text).toContain('What breaks first: ');
  });
});

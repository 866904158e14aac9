import type { Comparison, ContestantResult } from './compare.ts';
import type { Estimate } from './statistics.ts';
import { keepsLimit, type Limit, type Row, type RowResult } from './rows/row.ts';

/** A number with as many digits as somebody reads. */
export function figure(value: number): string {
  if (!Number.isFinite(value) || value >= 1e300) return '∞';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** "1.5× (1.3 to 1.6)": a median with its bounds. */
export function ratio({ median, lower, upper }: Estimate): string {
  return `${figure(median)}× (${figure(lower)} to ${figure(upper)})`;
}

function limitLine(limit: Limit): string {
  const { name, measured, keeps, limit: bound, unit } = limit;
  const kept = keepsLimit(limit) ? 'kept' : 'NOT KEPT';
  return `${name}: ${figure(measured)} ${unit} (${keeps} ${figure(bound)}; ${kept})`.replaceAll('  ', ' ');
}

function contestantLines({ name, ratios, ...found }: ContestantResult, isFirst: boolean): string[] {
  const { votesPerSecond, cpuMicrosPerVote, cpuByPart, latency, lag, refused } = found;
  const beside = (estimate: Estimate): string => (isFirst ? '' : `   ${ratio(estimate)} of the first`);
  const parts = Object.entries(cpuByPart).map(([part, micros]) => `${part} ${figure(micros)}`);
  const lagRatio = ratios.lag === null ? '' : `   ${ratio(ratios.lag)} of the first one's answer`;
  return [
    `  ${name}`,
    `    votes/s            ${figure(votesPerSecond).padStart(7)}${beside(ratios.rate)}`,
    `    CPU-µs per vote    ${figure(cpuMicrosPerVote).padStart(7)}${beside(ratios.cpu)}`,
    ...(parts.length > 1 ? [`      ${parts.join(', ')}`] : []),
    `    answer p50/p99     ${figure(latency.p50)} / ${figure(latency.p99)} ms`,
    ...(lag === null ? [] : [`    lag p50/p99        ${figure(lag.p50)} / ${figure(lag.p99)} ms${lagRatio}`]),
    ...(refused > 0 ? [`    refused            ${refused}`] : []),
  ];
}

function generatorLine({ generator, steal = 0, others = 0, spoilt = 0 }: Partial<Comparison>): string[] {
  if (generator === undefined) return [];
  const { cpuMicrosPerVote, latenessP99 } = generator;
  const late = latenessP99 === null ? '' : `, ${figure(latenessP99)} ms late at p99`;
  const again = spoilt === 0 ? '' : `; ${spoilt} rounds were spoilt`;
  return [
    `  load generator: ${figure(cpuMicrosPerVote)} CPU-µs a vote${late}; steal ${figure(steal * 100)} %, others ${figure(others * 100)} %${again}`,
  ];
}

/** What a row found, for a person at a terminal. */
export function rowLines({ name, title }: Pick<Row, 'name' | 'title'>, result: RowResult): string[] {
  return [
    `${name}: ${title}`,
    ...result.contestants.flatMap((contestant, index) => contestantLines(contestant, index === 0)),
    ...generatorLine(result),
    ...Object.entries(result.facts).map(([fact, value]) => `  ${fact}: ${figure(value)}`),
    ...result.limits.map((limit) => `  ${limitLine(limit)}`),
    ...result.skips.map((skip) => `  skipped: ${skip}`),
    ...result.voids.map((reason) => `  VOID: ${reason}`),
  ];
}

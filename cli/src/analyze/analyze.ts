import { withCluster } from '../cluster/cluster.ts';
import { findVotingApp } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, UsageError } from '../exit-codes.ts';
import { toned } from '../terminal/colour.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { readSource, shownFile } from '../voting-app-file/source.ts';
import { counted } from './amounts.ts';
import { type AnalyzeOutput, analyzeOutput, type Finding } from './analyze-output.ts';
import { explain } from './explain.ts';
import { findingsOnResource, findingsOnText, worstFirst } from './findings.ts';
import { isAtLeast, type Level } from './levels.ts';
import { TONES } from './tones.ts';

export interface AnalyzeOptions extends ClusterOptions {
  readonly file?: readonly string[];
  readonly failureThreshold: Level;
  readonly peak?: number;
  /** A code; true: all of them. */
  readonly explain?: string | true;
  readonly output: 'text' | 'json' | 'yaml';
}

const INDENT = '  ';

/** What a finding is of, as "VotingApp shop poll.yaml:7:5". */
function subject({ resource, source }: Finding): string {
  const place = source === undefined ? [] : [`${shownFile(source.file)}:${source.line}:${source.column}`];
  const name = resource === undefined ? [] : [`${resource.kind} ${resource.name}`];
  return [...name, ...place].join(' ');
}

function lines(terminal: Terminal, finding: Finding): string[] {
  const { level, code, message, advice } = finding;
  const [first = '', ...rest] = wrapped(terminal, `${level} [${code}] (${subject(finding)}) ${message}`, INDENT);
  const coloured = toned(terminal, TONES[level], level) + first.slice(level.length);
  return [coloured, ...rest, ...wrapped(terminal, INDENT + advice, INDENT)];
}

/** Shows findings to a person; `shown` is what they are of. */
export function show(
  terminal: Terminal,
  { findings, counts }: Pick<AnalyzeOutput, 'findings' | 'counts'>,
  shown: string,
): void {
  if (findings.length === 0) {
    terminal.print(`Nothing to say of ${shown}.`);
    return;
  }
  for (const finding of findings) for (const line of lines(terminal, finding)) terminal.print(line);
  const { Error: errors, Warning: warnings, Info: hints } = counts;
  terminal.tell(`${counted(errors, 'error')}, ${counted(warnings, 'warning')}, ${counted(hints, 'hint')}.`);
}

async function findingsOf(
  name: string | undefined,
  options: AnalyzeOptions,
  { now, signal }: Terminal,
): Promise<Finding[]> {
  const { file: files = [], peak } = options;
  const context = { now: now(), peak };
  if (files.length === 0) {
    const app = await withCluster(options, (cluster) => findVotingApp(cluster, name), signal);
    return findingsOnResource(app, context);
  }
  if (name !== undefined) {
    throw new UsageError(`Either -f or the name of a VotingApp: ${name} is one more; name each file with an -f.`);
  }
  const found: Finding[] = [];
  for (const file of files) found.push(...findingsOnText(await readSource(file), file, context));
  return found;
}

/** Says what is wrong with VotingApps, and what hurts; fails from the level that is asked for. */
export async function analyze(
  name: string | undefined,
  options: AnalyzeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { failureThreshold, output, file: files = [] } = options;
  if (options.explain !== undefined) {
    if (name !== undefined)
      throw new UsageError(`--explain says what a code means, of no VotingApp: leave ${name} out.`);
    explain(options.explain, output, terminal);
    return EXIT.ok;
  }
  const findings = worstFirst(await findingsOf(name, options, terminal));
  const of = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const answer = analyzeOutput.parse({
    findings,
    counts: { Error: of('Error'), Warning: of('Warning'), Info: of('Info') },
    failed: findings.some(({ level }) => isAtLeast(level, failureThreshold)),
  } satisfies AnalyzeOutput);
  if (output === 'text') show(terminal, answer, files.map(shownFile).join(', ') || 'the VotingApp');
  else terminal.print(formatted(answer, output));
  return answer.failed ? EXIT.failed : EXIT.ok;
}

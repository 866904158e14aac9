import { withCluster } from '../cluster/cluster.ts';
import { findVotingApp } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode, UsageError } from '../exit-codes.ts';
import { type Tone, toned } from '../terminal/colour.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { readSource, shownFile } from '../voting-app-file/source.ts';
import { counted } from './amounts.ts';
import { type AnalyzeOutput, analyzeOutput, type Finding } from './analyze-output.ts';
import { findingsOnResource, findingsOnText, worstFirst } from './findings.ts';
import type { CheckContext } from './found.ts';
import { isAtLeast, type Level } from './levels.ts';

export interface AnalyzeOptions extends ClusterOptions {
  readonly file?: readonly string[];
  readonly failureThreshold: Level;
  readonly peak?: number;
  readonly output: 'text' | 'json' | 'yaml';
}

const TONES: Readonly<Record<Level, Tone>> = { Error: 'bad', Warning: 'careful', Info: 'faint' };
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

function show(terminal: Terminal, { findings, counts }: AnalyzeOutput, shown: string): void {
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
  context: CheckContext,
): Promise<Finding[]> {
  const { file: files = [] } = options;
  if (files.length === 0) {
    const app = await withCluster(options, (cluster) => findVotingApp(cluster, name));
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
  const { failureThreshold, output, peak, file: files = [] } = options;
  const findings = worstFirst(await findingsOf(name, options, { now: terminal.now(), peak }));
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

import { withCluster } from '../cluster/cluster.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { toned, type Tone } from '../terminal/colour.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { afterInstall } from './after.ts';
import { aroundPolls, beforeInstall } from './before.ts';
import { type Category, type Check, type CheckOutput, checkOutput } from './check-output.ts';

export interface CheckOptions extends Omit<ClusterOptions, 'namespace'> {
  /** Of the operator. */
  readonly namespace: string;
  readonly pre?: boolean;
  readonly output: 'text' | 'json' | 'yaml';
}

const TONES: Readonly<Record<Check['result'], Tone>> = { ok: 'good', warn: 'careful', fail: 'bad' };
const INDENT = 2;
const RESULT_WIDTH = 4;

/** `voteapp check`: whether the cluster can run polls, and does. */
export async function check(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const { namespace, ...access } = options;
  const categories = await withCluster(
    access,
    async (cluster): Promise<Category[]> =>
      options.pre === true
        ? await beforeInstall(cluster, namespace)
        : [...(await aroundPolls(cluster)), ...(await afterInstall(cluster, namespace, terminal))],
    terminal.signal,
  );
  const all = categories.flatMap(({ checks }) => checks);
  const success = !all.some(({ result }) => result === 'fail');
  show({ success, categories }, options, terminal);
  return success ? EXIT.ok : EXIT.failed;
}

/** Words in lines of at most so many characters; a longer word has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function linesOf({ result, message, hint }: Check, terminal: Terminal): string[] {
  const margin = ' '.repeat(INDENT + RESULT_WIDTH + 2);
  const width = terminal.columns - margin.length;
  const [first = '', ...rest] = wrapped(message, width);
  const mark = toned(terminal, TONES[result], result.padEnd(RESULT_WIDTH));
  const hints = hint === undefined ? [] : wrapped(`→ ${hint}`, width).map((line) => toned(terminal, 'faint', line));
  return [`${' '.repeat(INDENT)}${mark}  ${first}`, ...[...rest, ...hints].map((line) => margin + line)];
}

function conclusion(checks: readonly Check[]): string {
  const count = (result: Check['result']): number => checks.filter((each) => each.result === result).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const warnings = `${warned} ${warned === 1 ? 'warning' : 'warnings'}`;
  if (failed > 0) return `${failed} of ${checks.length} checks failed, ${warnings}.`;
  return warned > 0 ? `Nothing failed, ${warnings}.` : 'All is well.';
}

/** Shows what the checks found, in the form that is asked for. */
export function show(answer: CheckOutput, { output }: Pick<CheckOptions, 'output'>, terminal: Terminal): void {
  if (output !== 'text') {
    terminal.print(formatted(checkOutput.parse(answer), output));
    return;
  }
  for (const { name, checks } of answer.categories) {
    terminal.print(toned(terminal, 'strong', name));
    for (const one of checks) for (const line of linesOf(one, terminal)) terminal.print(line);
    terminal.print('');
  }
  terminal.print(conclusion(answer.categories.flatMap(({ checks }) => checks)));
}

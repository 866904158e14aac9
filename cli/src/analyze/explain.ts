import { UsageError } from '../exit-codes.ts';
import { toned } from '../terminal/colour.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { CODES, type CodeMeaning } from './codes.ts';
import { type ExplainOutput, explainOutput } from './explain-output.ts';
import { TONES } from './tones.ts';

const INDENT = '  ';

function meanings(code: string | true): ExplainOutput['codes'] {
  const all = Object.entries<CodeMeaning>(CODES).map(([name, meaning]) => ({ code: name, ...meaning }));
  if (code === true) return all;
  const found = all.filter((each) => each.code === code.toUpperCase());
  if (found.length > 0) return found;
  throw new UsageError(`There is no code ${code}: \`voteapp analyze --explain\` lists all of them.`);
}

function lines(terminal: Terminal, { code, level, title, meaning, advice }: ExplainOutput['codes'][number]): string[] {
  const head = `${code}  ${toned(terminal, TONES[level], level)}: ${title}`;
  return [head, ...[meaning, advice].flatMap((text) => wrapped(terminal, INDENT + text, INDENT))];
}

/** Says what a code means, or what all of them do. Throws `UsageError` where there is no such code. */
export function explain(code: string | true, output: 'text' | 'json' | 'yaml', terminal: Terminal): void {
  const answer = explainOutput.parse({ codes: meanings(code) } satisfies ExplainOutput);
  if (output === 'text') for (const line of answer.codes.flatMap((each) => lines(terminal, each))) terminal.print(line);
  else terminal.print(formatted(answer, output));
}

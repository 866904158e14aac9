import type { Command } from 'commander';

/** What the help of a command says below its options. */
export interface Explanation {
  /** Lines for a shell, each a whole command; `# bash` says for whom those after it are. */
  readonly examples: readonly string[];
  /** What is to be known besides, by paragraphs. */
  readonly notes?: readonly string[];
}

/** Of commands that show something anew whenever it changes. */
export const WATCHED_OUTPUT =
  'With -w, -o json prints a JSON text a line, and -o yaml a document each, whenever it changes.';

const INDENT = '  ';
const CONTINUED = ' \\';
/** Columns where nobody knows how many there are. */
const USUAL_COLUMNS = 80;

const EXPLANATIONS = new WeakMap<Command, Explanation>();

/** What of a line for a shell stays together: words, what is in quotes, options with their values. */
function shellParts(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.reduce<string[]>((parts, word) => {
    const last = parts.at(-1) ?? '';
    const isValue = /^-\S+$/.test(last) && /^(?:[\w"']|-$)/.test(word);
    return isValue ? [...parts.slice(0, -1), `${last} ${word}`] : [...parts, word];
  }, []);
}

/** A line for a shell in lines of at most so many columns, where its parts allow it; they are one command still. */
export function shellLines(line: string, columns: number): string[] {
  if (line.length <= columns || line.startsWith('#')) return [line];
  const [first = '', ...parts] = shellParts(line);
  const lines = [first];
  for (const [at, part] of parts.entries()) {
    const last = lines.at(-1) ?? '';
    const room = columns - (at === parts.length - 1 ? 0 : CONTINUED.length);
    if (last.length + 1 + part.length <= room) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(INDENT + part);
  }
  return lines.map((each, at) => (at === lines.length - 1 ? each : each + CONTINUED));
}

/** A text that calls the program `voteapp`, with the name that it is called by. */
export function calledBy(name: string, text: string): string {
  return text.replaceAll(/(?<!kubectl )(?<![\w./-])voteapp (?=[a-z<_-])/g, `${name} `);
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : nameOf(command.parent);
}

function explanationText(command: Command, { examples, notes = [] }: Explanation, columns: number): string {
  const name = nameOf(command);
  const lines = examples.flatMap((line) => shellLines(calledBy(name, line), columns - INDENT.length));
  const paragraphs = notes.map((note) => command.createHelp().boxWrap(calledBy(name, note), columns));
  return ['', 'Examples:', ...lines.map((line) => INDENT + line), ...paragraphs.flatMap((text) => ['', text])].join(
    '\n',
  );
}

/** Adds examples, and what is to be known besides, to the help of a command. */
export function explained(command: Command, explanation: Explanation): Command {
  EXPLANATIONS.set(command, explanation);
  return command.addHelpText('after', ({ error }) => {
    const output = command.configureOutput();
    const columns = (error ? output.getErrHelpWidth?.() : output.getOutHelpWidth?.()) ?? USUAL_COLUMNS;
    return explanationText(command, explanation, columns);
  });
}

/** What was said of a command by {@link explained}; undefined where nothing was. */
export function explanationOf(command: Command): Explanation | undefined {
  return EXPLANATIONS.get(command);
}

import type { Terminal } from './terminal.ts';

/**
 * A sentence in lines that fit into the terminal, those after the first with an indent; for a program that reads it, one
 * line.
 */
export function wrapped(
  { isInteractive, columns }: Pick<Terminal, 'isInteractive' | 'columns'>,
  text: string,
  indent = '',
): string[] {
  if (!isInteractive) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.trimStart().split(' ')) {
    const start = lines.length === 0 ? /^ */.exec(text)?.[0] : indent;
    const longer = line === '' ? `${start}${word}` : `${line} ${word}`;
    if (line === '' || longer.length <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = indent + word;
  }
  return [...lines, line];
}

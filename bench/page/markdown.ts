/** Lines that belong together. */
export function paragraph(...lines: readonly string[]): string {
  return lines.join('\n');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return paragraph(line(head), line(head.map(() => '---')), ...rows.map(line));
}

import { widthOf } from './width.ts';

const GAP = '  ';

export interface Column {
  readonly title: string;
  /** Numbers stand under each other's units. */
  readonly isNumber?: boolean;
}

function padded(text: string, width: number, isNumber: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return isNumber ? space + text : text + space;
}

/** Lines of a table, its titles first; the last column has no end, for it may be long. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => widthOf(row[at] ?? ''))));
  return all.map((row) =>
    columns
      .map(({ isNumber = false }, at) => padded(row[at] ?? '', widths[at] ?? 0, isNumber))
      .join(GAP)
      .trimEnd(),
  );
}

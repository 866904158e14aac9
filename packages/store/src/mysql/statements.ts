export type Value = string | number | null | Buffer;
export type Row = readonly Value[];

/** One SQL statement, and what its question marks stand for: a list of rows stands for itself in parentheses. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly (Value | readonly Row[])[];
}

// MariaDB turns an IN list of 1,000 values or more into a table to be joined.
const ROWS_PER_STATEMENT = 900;

/** With bytes written as two hexadecimal digits, half of the 16 MiB that both servers take by default. */
export const BYTES_PER_STATEMENT = 4 * 1024 * 1024;

function sizeOf(value: Value): number {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8;
}

function bytesOfRow(row: Row): number {
  return row.reduce((sum: number, value) => sum + sizeOf(value), 0);
}

/** About how many bytes a statement takes. */
function bytesOf({ sql, values }: Statement): number {
  return values.reduce(
    (sum: number, value) => sum + (isRows(value) ? bytesOfRow(value.flat()) : sizeOf(value)),
    sql.length,
  );
}

function isRows(value: Value | readonly Row[]): value is readonly Row[] {
  return Array.isArray(value);
}

/** `things`, in order, in parts of at most so many, which together have at most {@link BYTES_PER_STATEMENT}. */
function partsOf<Thing>(things: readonly Thing[], most: number, bytesOfOne: (thing: Thing) => number): Thing[][] {
  const parts: Thing[][] = [];
  let bytes = 0;
  for (const thing of things) {
    const part = parts.at(-1);
    const size = bytesOfOne(thing);
    bytes += size;
    if (part === undefined || part.length === most || bytes > BYTES_PER_STATEMENT) {
      parts.push([thing]);
      bytes = size;
    } else part.push(thing);
  }
  return parts;
}

/** As many statements as the keys need; `sql` ends where the list of keys follows. */
export function withKeys(sql: string, values: Statement['values'], keys: readonly Row[]): Statement[] {
  return partsOf(keys, ROWS_PER_STATEMENT, bytesOfRow).map((part) => ({
    sql: `${sql} (?)`,
    values: [...values, part],
  }));
}

/** As many statements as the rows need; `sql` ends where their values follow. */
export function withRows(sql: string, rows: readonly Row[]): Statement[] {
  return partsOf(rows, ROWS_PER_STATEMENT, bytesOfRow).map((part) => ({ sql: `${sql} ?`, values: [part] }));
}

/** The statements, in order, in parts that a server takes in one go. */
export function packetsOf(statements: readonly Statement[]): Statement[][] {
  return partsOf(statements, Infinity, bytesOf);
}

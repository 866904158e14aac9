import type { Results } from '@voteapp/contracts/http/results';

type Cell = string | number;

/** Spreadsheets take text that starts so for a formula. */
const FORMULA = /^[=+\-@]/;

function cell(value: Cell): string {
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180 with a header line. */
function csv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A row per option. */
export function optionsCsv({ options }: Results): string {
  const rows = options.map(({ id, label, votes, share, cast }) => [id, label, votes, share, cast]);
  return csv(['option', 'label', 'votes', 'share', 'cast'], rows);
}

/** A row per hour and option: the hour's start in UTC and on the clocks of the poll's zone. */
export function hoursCsv({ options, hours }: Results, timeZone: string): string {
  // Swedish dates are written 2026-11-20 18:00.
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const rows = hours.flatMap(({ hour, options: cast }) =>
    options.map(({ id, label }, index) => [hour, local.format(new Date(hour)), id, label, cast[index] ?? 0]),
  );
  return csv(['hour', 'local_hour', 'option', 'label', 'cast'], rows);
}

import { readFile, writeFile } from 'node:fs/promises';

import type { Shape } from './compare.ts';
import { describeMachine, type Machine } from './machine.ts';
import type { Row, RowResult } from './rows/row.ts';

export interface ReportedRow extends Pick<Row, 'title'>, RowResult {
  /** When it was measured. */
  readonly date: string;
  readonly shape: Shape;
}

/** What `--json` keeps: the newest measurement of each row. */
export interface Report {
  readonly machine: Machine;
  readonly rows: Readonly<Record<string, ReportedRow>>;
}

/** null: there is no such file. */
export async function readReport(file: string): Promise<Report | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return JSON.parse(text) as Report;
}

// JSON has no word for numbers without end.
function asJson(_key: string, value: unknown): unknown {
  return value === Infinity ? 1e300 : value;
}

/** Replaces rows of a report, or begins one. Rejects when the file has figures of another machine. */
export async function addToReport(
  file: string,
  machine: Machine,
  rows: Readonly<Record<string, ReportedRow>>,
): Promise<void> {
  const known = await readReport(file);
  if (known !== null && describeMachine(known.machine) !== describeMachine(machine)) {
    throw new Error(`${file} has figures of another machine (${describeMachine(known.machine)}); name another file.`);
  }
  const report: Report = { machine, rows: { ...known?.rows, ...rows } };
  await writeFile(file, `${JSON.stringify(report, asJson, 2)}\n`);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { readReport, type Report } from '../report.ts';
import { ROWS } from '../rows/rows.ts';
import { performancePage } from './page.ts';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

/** Rows come into a report in the order they were measured, and into the page in that of their declarations. */
function inOrder({ machine, rows }: Report): Report {
  const known = ROWS.flatMap(({ name }) => (rows[name] === undefined ? [] : [[name, rows[name]] as const]));
  return { machine, rows: Object.fromEntries(known) };
}

/** Writes the page of a report, with its plots, into a folder. Rejects when there is no such report. */
export async function writePage(reportFile: string, folder = DOCS): Promise<void> {
  const report = await readReport(reportFile);
  if (report === null) throw new Error(`There is no ${reportFile}; npm run bench -- --json ${reportFile} makes it.`);
  for (const [path, content] of Object.entries(performancePage(inOrder(report)))) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { addToReport, readReport, type ReportedRow } from './report.ts';
import { NOTHING } from './rows/row.ts';

const MACHINE = { processor: 'P', cores: 2, memoryGiB: 4, kernel: 'Linux 6', node: 'v24' };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

function row(title: string): ReportedRow {
  return { ...NOTHING, title, date: '2026-11-21T12:00:00.000Z', shape: { rounds: 5, durationMs: 1, warmUpMs: 1 } };
}

it('a report keeps the newest measurement of each row', async () => {
  const file = join(folder, 'report.json');
  expect(await readReport(file)).toBeNull();
  await addToReport(file, MACHINE, { soak: row('first'), tls: row('first') });
  await addToReport(file, MACHINE, { tls: row('second') });
  const report = await readReport(file);
  expect(Object.entries(report?.rows ?? {}).map(([name, { title }]) => [name, title])).toEqual([
    ['soak', 'first'],
    ['tls', 'second'],
  ]);
});

it('a report takes no figures of another machine', async () => {
  const file = join(folder, 'report.json');
  await addToReport(file, MACHINE, { tls: row('first') });
  await expect(addToReport(file, { ...MACHINE, cores: 64 }, {})).rejects.toThrow('figures of another machine');
});

import { readlinkSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { childProcesses } from './cpu-time.ts';
import { describeMachine, thisMachine } from './machine.ts';
import { rowLines } from './print.ts';
import { addToReport, type ReportedRow } from './report.ts';
import { keepsLimit, NOTHING, QUICK, type Row, type RowResult, type RunShape, WHOLE } from './rows/row.ts';
import { ROWS } from './rows/rows.ts';
import { writePage } from './page/write-page.ts';

const USAGE = `npm run bench -- [options]

  --quick        a minute's run that checks limits; without it, all but the rows that take long
  --only ROWS    these rows alone, by name, comma-separated
  --list         the names of all rows
  --json FILE    keeps what was measured in FILE, beside the rows that it has already
  --page         measures nothing: writes docs/performance.md from the JSON (default: bench/report.json)
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'string' },
    page: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function chosenRows(): readonly Row[] {
  const { only, quick } = values;
  if (only === undefined) return ROWS.filter(({ runs }) => runs === 'quick' || (runs === 'whole' && !quick));
  return only.split(',').map((name) => {
    const row = ROWS.find((each) => each.name === name);
    if (row === undefined) throw new Error(`There is no row ${name}; --list names them.`);
    return row;
  });
}

/** A row that fails is void; the others are measured all the same. */
async function measureRow(row: Row, shape: RunShape): Promise<RowResult> {
  try {
    return await row.measure(shape);
  } catch (error) {
    return { ...NOTHING, voids: [error instanceof Error ? error.message : String(error)] };
  }
}

async function measureRows(): Promise<void> {
  const plain = values.quick ? QUICK : WHOLE;
  const machine = thisMachine();
  console.log(`${describeMachine(machine)}; ${plain.rounds} rounds of ${plain.durationMs / 1_000} s\n`);
  const voided: string[] = [];
  const broken: string[] = [];
  for (const row of chosenRows()) {
    const shape = { ...plain, rounds: plain.rounds * (row.timesTheRounds ?? 1) };
    const result = await measureRow(row, shape);
    console.log(`${rowLines(row, result).join('\n')}\n`);
    if (result.voids.length > 0) voided.push(row.name);
    if (result.limits.some((limit) => !keepsLimit(limit))) broken.push(row.name);
    const reported: ReportedRow = { ...result, title: row.title, date: new Date().toISOString(), shape };
    // At once: a run takes long, and what it has found is not to be lost.
    if (values.json !== undefined) await addToReport(values.json, machine, { [row.name]: reported });
  }
  if (voided.length > 0) console.error(`Void, for the reasons above: ${voided.join(', ')}.`);
  if (broken.length > 0) console.error(`A limit is not kept by ${broken.join(', ')}.`);
  if (voided.length + broken.length > 0) process.exitCode = 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // Programs of ours live on without whoever started them; servers and their folders end with this process.
    const isOurs = (pid: number): boolean => {
      try {
        return readlinkSync(`/proc/${pid}/exe`) === process.execPath;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    };
    for (const pid of childProcesses().filter(isOurs)) process.kill(pid, 'SIGTERM');
    process.exit(130);
  });
}

try {
  if (values.help) process.stdout.write(USAGE);
  else if (values.list)
    for (const { name, title, runs } of ROWS) console.log(`${name.padEnd(24)} ${runs.padEnd(6)} ${title}`);
  else if (values.page) await writePage(values.json ?? 'bench/report.json');
  else await measureRows();
} catch (error) {
  // Whatever was started ends with this process.
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

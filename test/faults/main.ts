import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startMySql } from '../servers/mysql.ts';
import { startRabbitMq } from '../servers/rabbitmq.ts';
import { startSqs } from '../servers/sqs.ts';
import { CannotRun } from './case.ts';
import { CASES } from './catalogue.ts';
import type { Servers } from './deployed.ts';
import { caughtBy, MUTANTS } from './mutants.ts';
import { faultsPage, outcomeLine, type Results } from './page.ts';
import { type Outcome, runCase, VOTES_PER_SECOND } from './run-case.ts';

const PAGE = fileURLToPath(new URL('../../docs/reference/faults.md', import.meta.url));

const USAGE = `Usage: npm run faults -- [id …] [options]

Runs cases (F1 …) and mutants (N1 …) by their ids; without any, all but the slow ones (F18, F23).

  --slow            the slow ones too
  --rate <votes/s>  default ${VOTES_PER_SECOND}
  --results <file>  keeps the outcomes in this file, beside those that are there
  --write           runs nothing, and writes docs/reference/faults.md of the results in that file
  --list            says what there is
`;

let servers: Promise<Servers> | undefined;

/** The servers of a run start when the first case needs them. */
function startServers(): Promise<Servers> {
  return (servers ??= Promise.all([startRabbitMq(), startSqs({ onDisk: true }), startMySql('mysql-9.7')]).then(
    ([rabbitmq, sqs, mysql]) => ({ rabbitmq, sqs, mysql }),
  ));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What became of it, or a sentence on why it could not be run. */
async function attempt(run: () => Promise<Outcome>): Promise<Outcome | string> {
  try {
    return await run();
  } catch (error) {
    const reason = (error as Error).message;
    return error instanceof CannotRun ? `skipped: ${reason}` : `did not come to an end: ${reason}`;
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slow: { type: 'boolean', default: false },
    rate: { type: 'string', default: String(VOTES_PER_SECOND) },
    results: { type: 'string' },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const ids = new Set(positionals.map((id) => id.toUpperCase()));
const known = new Set([...CASES, ...MUTANTS].map(({ id }) => id));
const votesPerSecond = Number(values.rate);

async function readResults(): Promise<Results> {
  const empty: Results = { machine: machine(), revisions: [], cases: {}, mutants: {} };
  if (values.results === undefined) return empty;
  const text = await readFile(values.results, 'utf8').catch(() => null);
  return text === null ? empty : (JSON.parse(text) as Results);
}

/** What there is, to be added to by this machine and revision. */
async function resultsToBe(): Promise<Results> {
  const revision = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const before = await readResults();
  return { ...before, machine: machine(), revisions: [...new Set([...before.revisions, revision])] };
}

function machine(): string {
  const model = cpus()[0]?.model ?? 'unknown';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${availableParallelism()} × ${model}, Node.js ${process.version}, RabbitMQ 4.3, fauxqs in the place of SQS, MySQL 9.7, ${votesPerSecond} votes/s`;
}

async function keep(results: Results): Promise<void> {
  if (values.results !== undefined) await writeFile(values.results, `${JSON.stringify(results, null, 2)}\n`);
}

async function runAll(): Promise<number> {
  const results = await resultsToBe();
  let failures = 0;
  const start = { servers: startServers, votesPerSecond };
  const cases = CASES.filter(({ id, slow = false }) => (ids.size === 0 ? !slow || values.slow : ids.has(id)));
  for (const each of cases) {
    say(`${each.id} on ${each.on}: ${each.fault}`);
    const outcome = await attempt(() => runCase(each, start));
    results.cases[`${each.id} ${each.on} ${each.fault}`] = outcome;
    if (typeof outcome === 'string' ? !outcome.startsWith('skipped') : outcome.verdict !== 'passed') failures += 1;
    say(`  ${outcomeLine(outcome)}`);
    await keep(results);
  }
  for (const mutant of MUTANTS.filter(({ id }) => ids.size === 0 || ids.has(id))) {
    const { id, missing, shownBy, rewrites } = mutant;
    say(`${id} by ${shownBy.id}: ${missing}`);
    const outcome = await attempt(() => runCase(shownBy, { ...start, rewrites }));
    const shown = typeof outcome === 'string' ? null : caughtBy(mutant, outcome);
    const otherwise = typeof outcome === 'string' ? outcome : outcome.reasons.join('; ');
    results.mutants[id] = { caught: shown !== null, said: shown ?? otherwise };
    if (shown === null) failures += 1;
    say(`  ${shown === null ? 'NOT CAUGHT' : 'caught'}: ${outcomeLine(outcome)}`);
    await keep(results);
  }
  return failures;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const strangers = [...ids].filter((id) => !known.has(id));
if (values.help) process.stdout.write(USAGE);
else if (values.list) {
  for (const { id, on, fault, slow } of CASES) say(`${id}  ${on}${slow === true ? ' (slow)' : ''}: ${fault}`);
  for (const { id, missing, shownBy } of MUTANTS) say(`${id}  shown by ${shownBy.id}: ${missing}`);
} else if (strangers.length > 0 || !(votesPerSecond > 0)) {
  process.stderr.write(
    strangers.length > 0 ? `There is no ${strangers.join(', ')}; --list says what there is.\n` : USAGE,
  );
  process.exitCode = 2;
} else if (values.write) {
  await writeFile(PAGE, faultsPage(await readResults(), CASES, MUTANTS));
} else {
  try {
    process.exitCode = (await runAll()) > 0 ? 1 : 0;
  } finally {
    const started = await servers?.catch(() => undefined);
    await Promise.all([started?.rabbitmq.stop(), started?.sqs.stop(), started?.mysql.stop()]);
  }
}

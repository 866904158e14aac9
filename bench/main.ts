import { availableParallelism, cpus } from 'node:os';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { compare, type Row } from './compare.ts';
import { measureDeployed } from './deployed.ts';
import { measureStartUp } from './start-up.ts';
import { startBare } from './targets/bare.ts';
import { startEmbedded } from './targets/embedded.ts';

// Durable votes per second and CPU time per vote, as ratios to a bare server in the same run; and what people wait for.
const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
});
const shape = values.quick
  ? { pairs: 3, durationMs: 2_000, connections: 128 }
  : { pairs: 7, durationMs: 8_000, connections: 128 };

const START_UPS = 15;
const rows: Row[] = [];
for (const policy of ['LastVoteWins', 'Unlimited'] as const) {
  rows.push(await compare(startBare, () => startEmbedded(policy), shape));
}
const limits = [...(await measureDeployed(shape.durationMs)), ...(await measureStartUp(START_UPS))];

const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}`;
console.log(
  `${machine}; ${shape.connections} keep-alive connections, ${shape.pairs} pairs of ${shape.durationMs / 1_000} s`,
);
for (const row of rows) {
  const { name, votesPerSecond, cpuMicrosPerVote, rate, cpu, latency, steal, wrong } = row;
  console.log(`\n${name}`);
  console.log(`  durable votes/s   ${votesPerSecond.toFixed(0).padStart(7)}   ${ratio(rate)} of bare`);
  console.log(`  CPU-µs per vote   ${cpuMicrosPerVote.toFixed(1).padStart(7)}   ${ratio(cpu)} of bare`);
  console.log(`  answer p50/p99    ${latency.p50.toFixed(1)} / ${latency.p99.toFixed(1)} ms`);
  console.log(`  accepted − applied ${wrong}; steal ${(steal * 100).toFixed(1)} %`);
}
console.log('\nlimits');
for (const { name, measured, limit, unit } of limits) {
  const share = (measured / limit).toFixed(2);
  console.log(`  ${name}: ${measured.toFixed(1)} ${unit}, ${share}× of the limit of ${limit} ${unit}`);
}
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine, shape, rows, limits }, null, 2)}\n`);
if (rows.some(({ wrong }) => wrong !== 0)) {
  console.error('Void: accepted votes and applied votes differ.');
  process.exitCode = 1;
}
if (limits.some(({ measured, limit }) => !(measured <= limit))) {
  console.error('A limit is not kept.');
  process.exitCode = 1;
}

function ratio({ median, min, max }: Row['rate']): string {
  return `${median.toFixed(2)}× (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

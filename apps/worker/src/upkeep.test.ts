import { afterEach, beforeEach, expect, test } from 'vitest';

import { altered, eventually, metric, POLL, ROUND, START, Workbench } from './fixtures/workbench.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const CLOSE = START + 10_000;

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
  await bench.writePoll(1, { ...POLL, closesAt: new Date(CLOSE).toISOString(), retentionDays: 7 });
});
afterEach(() => bench.remove());

async function finalRound(): Promise<void> {
  const worker = bench.worker();
  await worker.start();
  await bench.publishBeat({ b: 1, last: 0, closed: false });
  await bench.publishBatch({ n: 1, votes: 5 });
  await eventually(() => bench.counted()).toBe(5);
  await bench.publishBeat({ b: 2, last: 1, closed: true });
  bench.now = CLOSE + 3_000;
  await eventually(async () => (await bench.snapshot()).final).not.toBeNull();
  const proved = (): boolean =>
    worker.lines.some(({ msg }) => msg === 'Counters of the final result are proved by the rows');
  await eventually(proved).toBe(true);
  expect(await metric(worker.registry, 'voteapp_worker_count_differences')).toBe(0);
  await worker.stop();
}

test('a final result is proved by a recount', async () => {
  await finalRound();
});

test('a counter that the rows do not bear out raises the alarm, without a number of an option', async () => {
  await bench.store.open(`default/${ROUND}`);
  const store = altered(bench.store, {
    recount: () => Promise.resolve([{ choice: 0, counter: 41_213, rows: 51_719 }]),
  });
  const worker = bench.worker({ store });
  await worker.start();
  await eventually(() => metric(worker.registry, 'voteapp_worker_count_differences')).toBe(1);
  const alarms = worker.lines.filter(({ msg }) => msg === 'Counters differ from the rows');
  expect(alarms).toEqual([expect.objectContaining({ level: 'error', round: ROUND, options: 1 })]);
  expect(JSON.stringify(alarms)).not.toMatch(/41213|51719/);
});

test('voters are deleted when the retention is over, not before, and the numbers stay', async () => {
  await finalRound();
  const finalAt = bench.now;
  bench.now = finalAt + 7 * DAY_MS;
  const early = bench.worker();
  await early.start();
  await eventually(() => metric(early.registry, 'voteapp_worker_recounts_total')).toBe(1);
  await early.stop();
  expect(await bench.store.recount(ROUND)).toEqual([]);

  bench.now = finalAt + 7 * DAY_MS + 1;
  await bench.worker().start();
  await eventually(() => bench.store.recount(ROUND)).toBeNull();
  expect(await bench.counted()).toBe(5);
});

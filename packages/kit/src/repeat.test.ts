import { Writable } from 'node:stream';

import { expect, it, vi } from 'vitest';

import { createLogger } from './log.ts';
import { repeat } from './repeat.ts';

function logger() {
  const lines: { level: string; msg: string }[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as { level: string; msg: string });
      done();
    },
  });
  return { log: createLogger({ level: 'info', service: 'test', destination }), lines };
}

it('repeats, says a failure once until it works again, and stops', async () => {
  const { log, lines } = logger();
  let runs = 0;
  const repeated = repeat(
    async () => {
      runs += 1;
      if (runs >= 2 && runs <= 4) throw new Error('no');
    },
    1,
    log,
    'count',
  );
  await vi.waitFor(() => expect(runs).toBeGreaterThan(6), 30_000);
  await repeated.stop();
  const after = runs;
  expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    'warn Task failed, will be repeated',
    'info Task works again',
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(runs).toBe(after);
});

it('waits for the run under way before it has stopped', async () => {
  const { log } = logger();
  const { promise, resolve } = Promise.withResolvers<void>();
  let ended = false;
  const repeated = repeat(() => promise.then(() => void (ended = true)), 1, log, 'slow');
  const stopped = repeated.stop().then(() => ended);
  resolve();
  expect(await stopped).toBe(true);
});
